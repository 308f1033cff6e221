import type { AirlineEvent } from '@airline/events-schemas/events';
import { UnprocessableEventError } from '@airline/messaging/consume';
import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createHandlers } from '../src/handlers.ts';
import { createInMemorySeatStore } from '../src/in-memory-seat-store.ts';
import type { SeatStore } from '../src/seat-store.ts';
import type { HoldTimer } from '../src/hold-timer.ts';
import {
  bookingCancelled,
  bookingRequested,
  flight,
  holdRules,
  now,
  paymentFailed,
  paymentOk,
  request,
} from './fixtures.ts';

/** An event of the bus, or the hold timer of a booking. */
type Heard =
  | AirlineEvent<'BookingRequested' | 'PaymentOk' | 'PaymentFailed' | 'BookingCancelled'>
  | { type: 'HoldExpired'; data: { bookingId: string } };
type Hear = (event: Heard) => Promise<readonly AirlineEvent[]>;

let clock: string;
let store: SeatStore;
let timers: { bookingId: string; dueAt: string }[];
let holdTimer: HoldTimer;
let impossible: string[];
let hear: Hear;

function serve(parts: { store: SeatStore; holdTimer: HoldTimer }): Hear {
  const handlers = createHandlers({
    ...parts,
    holdRules,
    now: () => new Date(clock),
    reportImpossible: ({ type }) => impossible.push(type),
  });
  return async (event) => {
    if (event.type === 'HoldExpired') return handlers.HoldExpired(event.data.bookingId);
    return (handlers[event.type] as (event: AirlineEvent) => Promise<readonly AirlineEvent[]>)(event);
  };
}

const timerOf = ({ bookingId }: { bookingId: string }): Heard => ({ type: 'HoldExpired', data: { bookingId } });
/** When a request that says nothing of its expiry has expired, grace included. */
const expired = '2026-12-01T09:41:00.000Z';

beforeEach(async () => {
  clock = now;
  store = createInMemorySeatStore();
  timers = [];
  holdTimer = { set: async (bookingId, dueAt) => void timers.push({ bookingId, dueAt }) };
  impossible = [];
  await store.scheduleFlight(flight(), Date.parse(now));
  hear = serve({ store, holdTimer });
});

const said = (events: readonly AirlineEvent[]): string[] =>
  events.map(({ type, data }) => ('reason' in data ? `${type}(${data.reason})` : type));
const stateOf = async (bookingId: string): Promise<string | undefined> => (await store.load(bookingId))?.record.state;
const claimed = async (): Promise<Record<string, string>> =>
  Object.fromEntries((await store.seatMap('KL1001-20261218'))!.claimed);

describe('none', () => {
  test('none × BookingRequested: claims every seat and says SeatBooked', async () => {
    const asked = request({ seats: ['12C', '12A'] });
    const answer = await hear(bookingRequested(asked));
    expect(said(answer)).toEqual(['SeatBooked']);
    expect(answer[0]).toMatchObject({
      data: { bookingId: asked.bookingId, seats: ['12C', '12A'], amountMinor: 16_200, currency: 'EUR' },
      metadata: {
        eventId: `${asked.bookingId}.SeatBooked`,
        causationId: `${asked.bookingId}.BookingRequested`,
        service: 'seats',
      },
    });
    expect(await stateOf(asked.bookingId)).toBe('HELD');
    expect(await claimed()).toEqual({ '12A': 'held', '12C': 'held' });
  });

  test('none × BookingRequested: one seat taken, so nothing is kept and SeatUnavailable is said', async () => {
    await hear(bookingRequested(request({ seats: ['12C'] })));
    const asked = request({ seats: ['12A', '12C'] });
    const answer = await hear(bookingRequested(asked));
    expect(said(answer)).toEqual(['SeatUnavailable(taken)']);
    expect(answer[0]!.data).toMatchObject({ unavailableSeats: ['12C'] });
    expect(await stateOf(asked.bookingId)).toBe('REFUSED');
    expect(await claimed()).toEqual({ '12C': 'held' });
  });

  test('none × PaymentFailed: leaves a tombstone and says nothing yet', async () => {
    const asked = request();
    expect(await hear(paymentFailed(asked))).toEqual([]);
    expect(await stateOf(asked.bookingId)).toBe('TOMBSTONE');
  });

  test('none × PaymentOk: remembers that it was paid early, and the request then sells the seats at once', async () => {
    const asked = request();
    expect(await hear(paymentOk(asked))).toEqual([]);
    expect(await stateOf(asked.bookingId)).toBe('PAID_EARLY');
    expect(said(await hear(bookingRequested(asked)))).toEqual(['SeatBooked']);
    expect(await claimed()).toEqual({ '12A': 'sold' });
  });
});

describe('none: cancellation and timer', () => {
  test('none × BookingCancelled: leaves a tombstone and says nothing yet', async () => {
    const asked = request();
    expect(await hear(bookingCancelled(asked))).toEqual([]);
    expect((await store.load(asked.bookingId))?.record).toEqual({ state: 'TOMBSTONE', reason: 'cancelled' });
  });

  test('none × BookingCancelled: a booking that was paid early is refused when its request comes', async () => {
    const asked = request({ seats: ['12A', '12C'] });
    await hear(paymentOk(asked));
    // A run that crashed between a claim and its record.
    await store.claimSeat(asked.flightId, '12A', asked.bookingId);
    expect(await hear(bookingCancelled(asked))).toEqual([]);
    expect(await hear(paymentOk(asked))).toEqual([]);
    expect(said(await hear(bookingRequested(asked)))).toEqual(['SeatUnavailable(cancelled)']);
    expect(await claimed()).toEqual({});
    expect(impossible).toEqual([]);
  });

  test('none × hold timer: nothing, also where the booking was paid early', async () => {
    const asked = request();
    expect(await hear(timerOf(asked))).toEqual([]);
    expect(await stateOf(asked.bookingId)).toBeUndefined();
    await hear(paymentOk(asked));
    expect(await hear(timerOf(asked))).toEqual([]);
    expect(await stateOf(asked.bookingId)).toBe('PAID_EARLY');
  });

  test('none × BookingRequested: the hold ends a grace after the request expires, and its timer is set', async () => {
    const asked = request({ expiresAt: '2026-12-01T09:35:00Z' });
    const [booked] = await hear(bookingRequested(asked));
    const dueAt = '2026-12-01T09:36:00.000Z';
    expect(booked!.data).toMatchObject({ holdExpiresAt: dueAt });
    expect(timers).toEqual([{ bookingId: asked.bookingId, dueAt }]);
  });

  test('none × BookingRequested: a request that does not say when it expires is held for the default time, however old it is', async () => {
    const asked = bookingRequested(request());
    const old = { ...asked, metadata: { ...asked.metadata, occurredAt: '2026-11-20T00:00:00Z' } };
    expect((await hear(old))[0]!.data).toMatchObject({ holdExpiresAt: expired });
    expect(timers).toMatchObject([{ dueAt: expired }]);
  });

  test('none × BookingRequested: what was paid early is sold, so it has no timer', async () => {
    const asked = request();
    await hear(paymentOk(asked));
    const [booked] = await hear(bookingRequested(asked));
    expect(booked!.data).not.toHaveProperty('holdExpiresAt');
    expect(timers).toEqual([]);
  });

  test('none × BookingRequested: what is refused has no timer', async () => {
    await hear(bookingRequested(request({ seats: ['99A'] })));
    expect(timers).toEqual([]);
  });
});

describe('tombstone', () => {
  test.each([
    ['declined', 'SeatUnavailable(payment-failed)'],
    ['expired', 'SeatUnavailable(expired)'],
  ] as const)('tombstone × BookingRequested: after %s says %s and holds nothing', async (reason, answer) => {
    const asked = request();
    await hear(paymentFailed(asked, reason));
    expect(said(await hear(bookingRequested(asked)))).toEqual([answer]);
    expect(await claimed()).toEqual({});
  });

  test('tombstone × BookingRequested: frees the seats of a run that crashed between claim and record', async () => {
    const asked = request({ seats: ['12A', '12C'] });
    await store.claimSeat(asked.flightId, '12A', asked.bookingId);
    await hear(paymentFailed(asked));
    await hear(bookingRequested(asked));
    expect(await claimed()).toEqual({});
  });

  test('tombstone × BookingRequested: after BookingCancelled says SeatUnavailable(cancelled) and holds nothing', async () => {
    const asked = request();
    await hear(bookingCancelled(asked));
    const first = await hear(bookingRequested(asked));
    expect(said(first)).toEqual(['SeatUnavailable(cancelled)']);
    expect(await stateOf(asked.bookingId)).toBe('REFUSED');
    clock = expired;
    expect(await hear(bookingRequested(asked))).toEqual(first);
    expect(await claimed()).toEqual({});
  });

  test('tombstone × BookingCancelled, tombstone × hold timer: nothing, and its reason stays', async () => {
    const asked = request();
    await hear(paymentFailed(asked));
    expect(await hear(bookingCancelled(asked))).toEqual([]);
    expect(await hear(timerOf(asked))).toEqual([]);
    expect((await store.load(asked.bookingId))?.record).toEqual({ state: 'TOMBSTONE', reason: 'payment-failed' });
  });

  test('tombstone × PaymentFailed, tombstone × PaymentOk: nothing', async () => {
    const asked = request();
    await hear(paymentFailed(asked));
    expect(await hear(paymentFailed(asked))).toEqual([]);
    expect(await hear(paymentOk(asked))).toEqual([]);
    expect(await stateOf(asked.bookingId)).toBe('TOMBSTONE');
  });
});

describe('REFUSED', () => {
  test('REFUSED × BookingRequested: says the same SeatUnavailable again, though the seat is free by now', async () => {
    const holder = request();
    await hear(bookingRequested(holder));
    const asked = request();
    const first = await hear(bookingRequested(asked));
    await hear(paymentFailed(holder));
    expect(await hear(bookingRequested(asked))).toEqual(first);
    expect(await claimed()).toEqual({});
  });

  test('REFUSED × PaymentFailed, × BookingCancelled, × PaymentOk, × hold timer: nothing', async () => {
    const asked = request({ seats: ['99A'] });
    await hear(bookingRequested(asked));
    expect(await hear(bookingCancelled(asked))).toEqual([]);
    expect(await hear(timerOf(asked))).toEqual([]);
    expect(await hear(paymentFailed(asked))).toEqual([]);
    expect(await hear(paymentOk(asked))).toEqual([]);
    expect(await stateOf(asked.bookingId)).toBe('REFUSED');
  });
});

describe('HELD', () => {
  test('HELD × BookingRequested: sets the timer and says the same SeatBooked again', async () => {
    const asked = request();
    const first = await hear(bookingRequested(asked));
    clock = '2026-12-01T09:31:00.000Z';
    expect(await hear(bookingRequested(asked))).toEqual(first);
    expect(timers).toEqual(Array(2).fill({ bookingId: asked.bookingId, dueAt: expired }));
  });

  test('HELD × BookingRequested: a hold whose timer could not be set is not said', async () => {
    const asked = request();
    const broken = serve({ store, holdTimer: { set: () => Promise.reject(new Error('throttled')) } });
    await expect(broken(bookingRequested(asked))).rejects.toThrow('throttled');
    expect(await stateOf(asked.bookingId)).toBe('HELD');
    expect(said(await hear(bookingRequested(asked)))).toEqual(['SeatBooked']);
    expect(timers).toHaveLength(1);
  });

  test('HELD × BookingCancelled: releases, frees the seats and says SeatReleased(cancelled)', async () => {
    const asked = request({ seats: ['12A', '12C'] });
    await hear(bookingRequested(asked));
    const answer = await hear(bookingCancelled(asked));
    expect(said(answer)).toEqual(['SeatReleased(cancelled)']);
    expect(answer[0]!.metadata.causationId).toBe(`${asked.bookingId}.BookingCancelled`);
    expect(await stateOf(asked.bookingId)).toBe('RELEASED');
    expect(await claimed()).toEqual({});
  });

  test('HELD × PaymentFailed(cancelled): the root reason is kept', async () => {
    const asked = request();
    await hear(bookingRequested(asked));
    expect(said(await hear(paymentFailed(asked, 'cancelled')))).toEqual(['SeatReleased(cancelled)']);
  });

  test('HELD × hold timer: releases, frees the seats and says SeatReleased(hold-expired)', async () => {
    const asked = request({ seats: ['12A', '12C'] });
    await hear(bookingRequested(asked));
    clock = expired;
    const answer = await hear(timerOf(asked));
    expect(said(answer)).toEqual(['SeatReleased(hold-expired)']);
    expect(answer[0]!.metadata).toMatchObject({
      occurredAt: expired,
      causationId: `${asked.bookingId}.BookingRequested`,
    });
    expect(await stateOf(asked.bookingId)).toBe('RELEASED');
    expect(await claimed()).toEqual({});
  });

  test('HELD × hold timer that fires early: it is set again, and nothing is released', async () => {
    const asked = request();
    await hear(bookingRequested(asked));
    clock = '2026-12-01T09:40:59.999Z';
    expect(await hear(timerOf(asked))).toEqual([]);
    expect(timers).toEqual(Array(2).fill({ bookingId: asked.bookingId, dueAt: expired }));
    expect(await claimed()).toEqual({ '12A': 'held' });
  });

  test('HELD × PaymentFailed: releases, frees the seats and says SeatReleased', async () => {
    const asked = request({ seats: ['12A', '12C'] });
    await hear(bookingRequested(asked));
    const answer = await hear(paymentFailed(asked));
    expect(said(answer)).toEqual(['SeatReleased(payment-failed)']);
    expect(answer[0]!.metadata.causationId).toBe(`${asked.bookingId}.PaymentFailed`);
    expect(await stateOf(asked.bookingId)).toBe('RELEASED');
    expect(await claimed()).toEqual({});
  });

  test('HELD × PaymentOk: the seats are sold', async () => {
    const asked = request();
    await hear(bookingRequested(asked));
    expect(await hear(paymentOk(asked))).toEqual([]);
    expect(await claimed()).toEqual({ '12A': 'sold' });
  });
});

describe('SOLD', () => {
  const sold = async (): Promise<ReturnType<typeof request>> => {
    const asked = request();
    await hear(bookingRequested(asked));
    await hear(paymentOk(asked));
    return asked;
  };

  test('SOLD × BookingRequested: says SeatBooked again', async () => {
    expect(said(await hear(bookingRequested(await sold())))).toEqual(['SeatBooked']);
  });

  test('SOLD × PaymentFailed: cannot be; it is reported and the seat stays sold', async () => {
    const asked = await sold();
    expect(await hear(paymentFailed(asked))).toEqual([]);
    expect(impossible).toEqual(['PaymentFailed']);
    expect(await claimed()).toEqual({ '12A': 'sold' });
  });

  test('SOLD × PaymentOk: nothing', async () => {
    expect(await hear(paymentOk(await sold()))).toEqual([]);
  });

  test('SOLD × BookingCancelled: releases, frees the seats and says SeatReleased(cancelled)', async () => {
    const asked = await sold();
    const answer = await hear(bookingCancelled(asked));
    expect(said(answer)).toEqual(['SeatReleased(cancelled)']);
    expect(await stateOf(asked.bookingId)).toBe('RELEASED');
    expect(await claimed()).toEqual({});
    expect(impossible).toEqual([]);
  });

  test('SOLD × BookingCancelled: a cancellation counts after departure too', async () => {
    const asked = await sold();
    clock = '2026-12-19T00:00:00Z';
    expect(said(await hear(bookingCancelled(asked)))).toEqual(['SeatReleased(cancelled)']);
  });

  test('SOLD × hold timer: nothing', async () => {
    const asked = await sold();
    clock = expired;
    expect(await hear(timerOf(asked))).toEqual([]);
    expect(await claimed()).toEqual({ '12A': 'sold' });
  });
});

describe('RELEASED', () => {
  test('RELEASED × BookingRequested: says SeatBooked, then SeatReleased again, and holds nothing', async () => {
    const asked = request();
    const booked = await hear(bookingRequested(asked));
    const released = await hear(paymentFailed(asked));
    expect(await hear(bookingRequested(asked))).toEqual([...booked, ...released]);
    expect(await claimed()).toEqual({});
  });

  test('RELEASED × PaymentFailed: says the same SeatReleased again and frees what a crash left', async () => {
    const asked = request();
    await hear(bookingRequested(asked));
    const released = await hear(paymentFailed(asked));
    await store.claimSeat(asked.flightId, '12A', asked.bookingId);
    expect(await hear(paymentFailed(asked))).toEqual(released);
    expect(await claimed()).toEqual({});
  });

  test('RELEASED × BookingCancelled, RELEASED × hold timer: say the same SeatReleased again and free what a crash left', async () => {
    const asked = request();
    await hear(bookingRequested(asked));
    const released = await hear(paymentFailed(asked));
    for (const event of [bookingCancelled(asked), timerOf(asked)]) {
      clock = expired;
      await store.claimSeat(asked.flightId, '12A', asked.bookingId);
      expect(await hear(event)).toEqual(released);
      expect(await claimed()).toEqual({});
    }
  });

  test('RELEASED × PaymentOk that comes too late for the hold: nothing, the seats stay free', async () => {
    const asked = request();
    await hear(bookingRequested(asked));
    clock = expired;
    await hear(timerOf(asked));
    expect(await hear(paymentOk(asked))).toEqual([]);
    expect(await claimed()).toEqual({});
  });

  test('RELEASED × BookingRequested after a cancellation of what was sold: both words again, and no timer', async () => {
    const asked = request();
    const booked = await hear(bookingRequested(asked));
    await hear(paymentOk(asked));
    const released = await hear(bookingCancelled(asked));
    timers = [];
    expect(await hear(bookingRequested(asked))).toEqual([...booked, ...released]);
    expect(timers).toEqual([]);
  });

  test('RELEASED × PaymentOk: nothing', async () => {
    const asked = request();
    await hear(bookingRequested(asked));
    await hear(paymentFailed(asked));
    expect(await hear(paymentOk(asked))).toEqual([]);
    expect(await stateOf(asked.bookingId)).toBe('RELEASED');
  });

  test("RELEASED × BookingRequested: another booking's claim on the freed seat is left alone", async () => {
    const first = request();
    await hear(bookingRequested(first));
    await hear(paymentFailed(first));
    const second = request();
    await hear(bookingRequested(second));
    await hear(bookingRequested(first));
    expect(await claimed()).toEqual({ '12A': 'held' });
    expect((await store.viewRequest(second)).holders.get('12A')).toBe(second.bookingId);
  });
});

test('a second request with the same bookingId for other seats is a mistake of its producer', async () => {
  const asked = request();
  await hear(bookingRequested(asked));
  const other = bookingRequested({ ...asked, seats: ['13A'] });
  await expect(hear(other)).rejects.toThrow(UnprocessableEventError);
  await expect(hear(other)).rejects.toMatchObject({ reason: 'conflicting-request' });
  expect(await claimed()).toEqual({ '12A': 'held' });
});

test('a flight said again later is taken over; an older word that comes late is not', async () => {
  const handlers = createHandlers({
    store,
    holdTimer,
    holdRules,
    now: () => new Date(now),
    reportImpossible: () => {},
  });
  const word = (aircraft: string, occurredAt: string): AirlineEvent<'FlightScheduled'> => ({
    type: 'FlightScheduled',
    metadata: { eventId: 'f', correlationId: 'f', occurredAt, service: 'flights', schemaVersion: 1 },
    data: flight({ aircraft }),
  });
  await handlers.FlightScheduled(word('Boeing 737-800', '2026-12-02T00:00:00Z'));
  await handlers.FlightScheduled(word('Fokker 70', '2026-11-30T00:00:00Z'));
  expect((await store.listFlights(new Date(now)))[0]!.aircraft).toBe('Boeing 737-800');
});

test('fifty bookings at once for one seat: exactly one holds it', async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => hear(bookingRequested(request()))));
  const words = answers.flatMap(said);
  expect(words.filter((word) => word === 'SeatBooked')).toHaveLength(1);
  expect(words.filter((word) => word === 'SeatUnavailable(taken)')).toHaveLength(49);
});

describe('whatever the order, the repetition and the crash', () => {
  /** Fails the given call to a part, before or after its effect, as a crash or a lost reply would. */
  const failing = (at: number, afterEffect: boolean): { store: SeatStore; holdTimer: HoldTimer } => {
    let calls = 0;
    const fragile = <T extends object>(part: T): T =>
      new Proxy(part, {
        get:
          (target, name) =>
          async (...parameters: unknown[]) => {
            const mine = ++calls === at;
            if (mine && !afterEffect) throw new Error('crash');
            const result = await (target[name as keyof T] as (...parameters: unknown[]) => Promise<unknown>)(
              ...parameters,
            );
            if (mine) throw new Error('crash');
            return result;
          },
      });
    return { store: fragile(store), holdTimer: fragile(holdTimer) };
  };

  const stories = {
    paid: [['SeatBooked']],
    declined: [['SeatBooked', 'SeatReleased(payment-failed)'], ['SeatUnavailable(payment-failed)']],
    'paid and cancelled': [['SeatBooked', 'SeatReleased(cancelled)'], ['SeatUnavailable(cancelled)']],
    'declined and cancelled': [
      ['SeatBooked', 'SeatReleased(payment-failed)'],
      ['SeatBooked', 'SeatReleased(cancelled)'],
      ['SeatUnavailable(payment-failed)'],
      ['SeatUnavailable(cancelled)'],
    ],
    unanswered: [['SeatBooked', 'SeatReleased(hold-expired)']],
    'paid, perhaps too late': [['SeatBooked'], ['SeatBooked', 'SeatReleased(hold-expired)']],
  };

  test.each(Object.keys(stories) as (keyof typeof stories)[])(
    '%s: the seats end sold or free, never between, and one consistent story is told',
    async (flow) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(
            fc.record({
              index: fc.nat(2),
              at: fc.integer({ min: 1, max: 8 }),
              afterEffect: fc.boolean(),
              late: fc.boolean(),
            }),
            { minLength: 1, maxLength: 6 },
          ),
          async (deliveries) => {
            clock = now;
            store = createInMemorySeatStore();
            timers = [];
            impossible = [];
            await store.scheduleFlight(flight(), Date.parse(now));
            const asked = request({ seats: ['12A', '12C'], expiresAt: '2026-12-01T09:40:00Z' });
            const bus: Heard[] = [bookingRequested(asked)];
            if (flow.startsWith('paid')) bus.push(paymentOk(asked));
            if (flow.startsWith('declined')) bus.push(paymentFailed(asked));
            if (flow.endsWith('cancelled')) bus.push(bookingCancelled(asked));
            const isLate = flow === 'unanswered' || flow === 'paid, perhaps too late';

            const told = new Map<string, AirlineEvent>();
            const listen = (events: readonly AirlineEvent[]): void => {
              for (const event of events) {
                // Two events with one id must be the same event.
                expect(told.get(event.metadata.eventId) ?? event).toEqual(event);
                told.set(event.metadata.eventId, event);
              }
            };
            for (const { index, at, afterEffect, late } of deliveries) {
              // A timer comes early while the request lives, and late once it has expired; the request itself was heard in time.
              if (isLate && late && timers.length > 0) clock = expired;
              const event = index === 2 && timers.length > 0 ? timerOf(asked) : bus[index % bus.length]!;
              listen(await serve(failing(at, afterEffect))(event).catch(() => []));
            }
            // Whatever crashed is delivered again, in the end without a fault; the timers that were set fire last.
            const whole = serve({ store, holdTimer });
            for (const event of [...bus, ...bus]) listen(await whole(event));
            clock = expired;
            for (const timer of [...timers]) listen(await whole(timerOf(timer)));

            expect(impossible).toEqual([]);
            const distinct = said([...told.values()]).sort();
            expect(stories[flow]).toContainEqual(distinct);
            expect(await claimed()).toEqual(distinct.join() === 'SeatBooked' ? { '12A': 'sold', '12C': 'sold' } : {});
          },
        ),
        { numRuns: 150 },
      );
    },
  );

  test('whatever order the steps of a request, a payment, a cancellation and a timer are taken in: sold or free, and one story', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.boolean(), async (scheduler, isCancelled) => {
        clock = now;
        store = createInMemorySeatStore();
        impossible = [];
        await store.scheduleFlight(flight(), Date.parse(now));
        const asked = request({ seats: ['12A', '12C'] });
        const scheduled = <T extends object>(part: T): T =>
          new Proxy(part, {
            get: (target, name) =>
              scheduler.scheduleFunction((...parameters: unknown[]) =>
                (target[name as keyof T] as (...parameters: unknown[]) => Promise<unknown>)(...parameters),
              ),
          });
        const serving = serve({ store: scheduled(store), holdTimer });
        const events = [
          bookingRequested(asked),
          bookingRequested(asked),
          paymentOk(asked),
          ...(isCancelled ? [bookingCancelled(asked)] : []),
        ];
        const words: AirlineEvent[] = [];
        await scheduler.waitFor(Promise.all(events.map(async (event) => words.push(...(await serving(event))))));
        clock = expired;
        await scheduler.waitFor(
          Promise.all(
            [timerOf(asked), bookingRequested(asked)].map(async (event) => words.push(...(await serving(event)))),
          ),
        );
        expect(impossible).toEqual([]);
        const distinct = [...new Set(said(words))].sort();
        const expectedStories = isCancelled ? stories['paid and cancelled'] : stories.paid;
        expect(expectedStories).toContainEqual(distinct);
        expect(await claimed()).toEqual(isCancelled ? {} : { '12A': 'sold', '12C': 'sold' });
      }),
      { numRuns: 150 },
    );
  });
});

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

/** An event of the bus, or a hold timer. */
type Message =
  | AirlineEvent<'BookingRequested' | 'PaymentOk' | 'PaymentFailed' | 'BookingCancelled'>
  | { type: 'HoldExpired'; data: { bookingId: string } };
type Handle = (event: Message) => Promise<readonly AirlineEvent[]>;

let clock: string;
let store: SeatStore;
let timers: { bookingId: string; dueAt: string }[];
let holdTimer: HoldTimer;
let impossible: string[];
let handle: Handle;

function createHandle(parts: { store: SeatStore; holdTimer: HoldTimer }): Handle {
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

const timerOf = ({ bookingId }: { bookingId: string }): Message => ({ type: 'HoldExpired', data: { bookingId } });
/** When the hold of a request without `expiresAt` ends: after the default time and the grace. */
const expired = '2026-12-01T09:41:00.000Z';

beforeEach(async () => {
  clock = now;
  store = createInMemorySeatStore();
  timers = [];
  holdTimer = { set: async (bookingId, dueAt) => void timers.push({ bookingId, dueAt }) };
  impossible = [];
  await store.scheduleFlight(flight(), Date.parse(now));
  handle = createHandle({ store, holdTimer });
});

const summarize = (events: readonly AirlineEvent[]): string[] =>
  events.map(({ type, data }) => ('reason' in data ? `${type}(${data.reason})` : type));
const stateOf = async (bookingId: string): Promise<string | undefined> => (await store.load(bookingId))?.record.state;
const claimed = async (): Promise<Record<string, string>> =>
  Object.fromEntries((await store.seatMap('KL1001-20261218'))!.claimed);

describe('none', () => {
  test('none × BookingRequested: claims every seat and publishes SeatBooked', async () => {
    const booking = request({ seats: ['12C', '12A'] });
    const answer = await handle(bookingRequested(booking));
    expect(summarize(answer)).toEqual(['SeatBooked']);
    expect(answer[0]).toMatchObject({
      data: { bookingId: booking.bookingId, seats: ['12C', '12A'], amountMinor: 16_200, currency: 'EUR' },
      metadata: {
        eventId: `${booking.bookingId}.SeatBooked`,
        causationId: `${booking.bookingId}.BookingRequested`,
        service: 'seats',
      },
    });
    expect(await stateOf(booking.bookingId)).toBe('HELD');
    expect(await claimed()).toEqual({ '12A': 'held', '12C': 'held' });
  });

  test('none × BookingRequested: if one seat is taken, claims none and publishes SeatUnavailable', async () => {
    await handle(bookingRequested(request({ seats: ['12C'] })));
    const booking = request({ seats: ['12A', '12C'] });
    const answer = await handle(bookingRequested(booking));
    expect(summarize(answer)).toEqual(['SeatUnavailable(taken)']);
    expect(answer[0]!.data).toMatchObject({ unavailableSeats: ['12C'] });
    expect(await stateOf(booking.bookingId)).toBe('REFUSED');
    expect(await claimed()).toEqual({ '12C': 'held' });
  });

  test('none × PaymentFailed: writes a tombstone and publishes nothing yet', async () => {
    const booking = request();
    expect(await handle(paymentFailed(booking))).toEqual([]);
    expect(await stateOf(booking.bookingId)).toBe('TOMBSTONE');
  });

  test('none × PaymentOk: records the early payment, and the later request sells the seats at once', async () => {
    const booking = request();
    expect(await handle(paymentOk(booking))).toEqual([]);
    expect(await stateOf(booking.bookingId)).toBe('PAID_EARLY');
    expect(summarize(await handle(bookingRequested(booking)))).toEqual(['SeatBooked']);
    expect(await claimed()).toEqual({ '12A': 'sold' });
  });
});

describe('none: cancellation and timer', () => {
  test('none × BookingCancelled: writes a tombstone and publishes nothing yet', async () => {
    const booking = request();
    expect(await handle(bookingCancelled(booking))).toEqual([]);
    expect((await store.load(booking.bookingId))?.record).toEqual({ state: 'TOMBSTONE', reason: 'cancelled' });
  });

  test('none × BookingCancelled: a booking that was paid early is refused when its request arrives', async () => {
    const booking = request({ seats: ['12A', '12C'] });
    await handle(paymentOk(booking));
    // A run claimed a seat and crashed before it saved the record.
    await store.claimSeat(booking.flightId, '12A', booking.bookingId);
    expect(await handle(bookingCancelled(booking))).toEqual([]);
    expect(await handle(paymentOk(booking))).toEqual([]);
    expect(summarize(await handle(bookingRequested(booking)))).toEqual(['SeatUnavailable(cancelled)']);
    expect(await claimed()).toEqual({});
    expect(impossible).toEqual([]);
  });

  test('none × hold timer: changes nothing, even if the booking was paid early', async () => {
    const booking = request();
    expect(await handle(timerOf(booking))).toEqual([]);
    expect(await stateOf(booking.bookingId)).toBeUndefined();
    await handle(paymentOk(booking));
    expect(await handle(timerOf(booking))).toEqual([]);
    expect(await stateOf(booking.bookingId)).toBe('PAID_EARLY');
  });

  test('none × BookingRequested: sets a timer for the end of the hold: the expiry of the request plus the grace', async () => {
    const booking = request({ expiresAt: '2026-12-01T09:35:00Z' });
    const [booked] = await handle(bookingRequested(booking));
    const dueAt = '2026-12-01T09:36:00.000Z';
    expect(booked!.data).toMatchObject({ holdExpiresAt: dueAt });
    expect(timers).toEqual([{ bookingId: booking.bookingId, dueAt }]);
  });

  test('none × BookingRequested: without expiresAt holds the seats for the default time, even if the request is old', async () => {
    const booking = bookingRequested(request());
    const old = { ...booking, metadata: { ...booking.metadata, occurredAt: '2026-11-20T00:00:00Z' } };
    expect((await handle(old))[0]!.data).toMatchObject({ holdExpiresAt: expired });
    expect(timers).toMatchObject([{ dueAt: expired }]);
  });

  test('none × BookingRequested: sets no timer for a booking that was paid early, because it is sold', async () => {
    const booking = request();
    await handle(paymentOk(booking));
    const [booked] = await handle(bookingRequested(booking));
    expect(booked!.data).not.toHaveProperty('holdExpiresAt');
    expect(timers).toEqual([]);
  });

  test('none × BookingRequested: sets no timer for a refused booking', async () => {
    await handle(bookingRequested(request({ seats: ['99A'] })));
    expect(timers).toEqual([]);
  });
});

describe('tombstone', () => {
  test.each([
    ['declined', 'SeatUnavailable(payment-failed)'],
    ['expired', 'SeatUnavailable(expired)'],
  ] as const)(
    'tombstone × BookingRequested: after PaymentFailed(%s) publishes %s and holds nothing',
    async (reason, answer) => {
      const booking = request();
      await handle(paymentFailed(booking, reason));
      expect(summarize(await handle(bookingRequested(booking)))).toEqual([answer]);
      expect(await claimed()).toEqual({});
    },
  );

  test('tombstone × BookingRequested: frees the seats of a run that crashed before it saved its record', async () => {
    const booking = request({ seats: ['12A', '12C'] });
    await store.claimSeat(booking.flightId, '12A', booking.bookingId);
    await handle(paymentFailed(booking));
    await handle(bookingRequested(booking));
    expect(await claimed()).toEqual({});
  });

  test('tombstone × BookingRequested: after BookingCancelled publishes SeatUnavailable(cancelled) and holds nothing', async () => {
    const booking = request();
    await handle(bookingCancelled(booking));
    const first = await handle(bookingRequested(booking));
    expect(summarize(first)).toEqual(['SeatUnavailable(cancelled)']);
    expect(await stateOf(booking.bookingId)).toBe('REFUSED');
    clock = expired;
    expect(await handle(bookingRequested(booking))).toEqual(first);
    expect(await claimed()).toEqual({});
  });

  test('tombstone × BookingCancelled, tombstone × hold timer: change nothing, not even the reason', async () => {
    const booking = request();
    await handle(paymentFailed(booking));
    expect(await handle(bookingCancelled(booking))).toEqual([]);
    expect(await handle(timerOf(booking))).toEqual([]);
    expect((await store.load(booking.bookingId))?.record).toEqual({ state: 'TOMBSTONE', reason: 'payment-failed' });
  });

  test('tombstone × PaymentFailed, tombstone × PaymentOk: change nothing', async () => {
    const booking = request();
    await handle(paymentFailed(booking));
    expect(await handle(paymentFailed(booking))).toEqual([]);
    expect(await handle(paymentOk(booking))).toEqual([]);
    expect(await stateOf(booking.bookingId)).toBe('TOMBSTONE');
  });
});

describe('REFUSED', () => {
  test('REFUSED × BookingRequested: publishes the same SeatUnavailable again, even if the seat is free now', async () => {
    const holder = request();
    await handle(bookingRequested(holder));
    const booking = request();
    const first = await handle(bookingRequested(booking));
    await handle(paymentFailed(holder));
    expect(await handle(bookingRequested(booking))).toEqual(first);
    expect(await claimed()).toEqual({});
  });

  test('REFUSED × PaymentFailed, × BookingCancelled, × PaymentOk, × hold timer: change nothing', async () => {
    const booking = request({ seats: ['99A'] });
    await handle(bookingRequested(booking));
    expect(await handle(bookingCancelled(booking))).toEqual([]);
    expect(await handle(timerOf(booking))).toEqual([]);
    expect(await handle(paymentFailed(booking))).toEqual([]);
    expect(await handle(paymentOk(booking))).toEqual([]);
    expect(await stateOf(booking.bookingId)).toBe('REFUSED');
  });
});

describe('HELD', () => {
  test('HELD × BookingRequested: sets the timer and publishes the same SeatBooked again', async () => {
    const booking = request();
    const first = await handle(bookingRequested(booking));
    clock = '2026-12-01T09:31:00.000Z';
    expect(await handle(bookingRequested(booking))).toEqual(first);
    expect(timers).toEqual(Array(2).fill({ bookingId: booking.bookingId, dueAt: expired }));
  });

  test('HELD × BookingRequested: publishes SeatBooked only after the timer was set', async () => {
    const booking = request();
    const failingHandle = createHandle({ store, holdTimer: { set: () => Promise.reject(new Error('throttled')) } });
    await expect(failingHandle(bookingRequested(booking))).rejects.toThrow('throttled');
    expect(await stateOf(booking.bookingId)).toBe('HELD');
    expect(summarize(await handle(bookingRequested(booking)))).toEqual(['SeatBooked']);
    expect(timers).toHaveLength(1);
  });

  test('HELD × BookingCancelled: releases, frees the seats and publishes SeatReleased(cancelled)', async () => {
    const booking = request({ seats: ['12A', '12C'] });
    await handle(bookingRequested(booking));
    const answer = await handle(bookingCancelled(booking));
    expect(summarize(answer)).toEqual(['SeatReleased(cancelled)']);
    expect(answer[0]!.metadata.causationId).toBe(`${booking.bookingId}.BookingCancelled`);
    expect(await stateOf(booking.bookingId)).toBe('RELEASED');
    expect(await claimed()).toEqual({});
  });

  test('HELD × PaymentFailed(cancelled): publishes the root reason', async () => {
    const booking = request();
    await handle(bookingRequested(booking));
    expect(summarize(await handle(paymentFailed(booking, 'cancelled')))).toEqual(['SeatReleased(cancelled)']);
  });

  test('HELD × hold timer: releases, frees the seats and publishes SeatReleased(hold-expired)', async () => {
    const booking = request({ seats: ['12A', '12C'] });
    await handle(bookingRequested(booking));
    clock = expired;
    const answer = await handle(timerOf(booking));
    expect(summarize(answer)).toEqual(['SeatReleased(hold-expired)']);
    expect(answer[0]!.metadata).toMatchObject({
      occurredAt: expired,
      causationId: `${booking.bookingId}.BookingRequested`,
    });
    expect(await stateOf(booking.bookingId)).toBe('RELEASED');
    expect(await claimed()).toEqual({});
  });

  test('HELD × hold timer that fires early: sets the timer again and releases nothing', async () => {
    const booking = request();
    await handle(bookingRequested(booking));
    clock = '2026-12-01T09:40:59.999Z';
    expect(await handle(timerOf(booking))).toEqual([]);
    expect(timers).toEqual(Array(2).fill({ bookingId: booking.bookingId, dueAt: expired }));
    expect(await claimed()).toEqual({ '12A': 'held' });
  });

  test('HELD × PaymentFailed: releases, frees the seats and publishes SeatReleased', async () => {
    const booking = request({ seats: ['12A', '12C'] });
    await handle(bookingRequested(booking));
    const answer = await handle(paymentFailed(booking));
    expect(summarize(answer)).toEqual(['SeatReleased(payment-failed)']);
    expect(answer[0]!.metadata.causationId).toBe(`${booking.bookingId}.PaymentFailed`);
    expect(await stateOf(booking.bookingId)).toBe('RELEASED');
    expect(await claimed()).toEqual({});
  });

  test('HELD × PaymentOk: sells the seats', async () => {
    const booking = request();
    await handle(bookingRequested(booking));
    expect(await handle(paymentOk(booking))).toEqual([]);
    expect(await claimed()).toEqual({ '12A': 'sold' });
  });
});

describe('SOLD', () => {
  const sold = async (): Promise<ReturnType<typeof request>> => {
    const booking = request();
    await handle(bookingRequested(booking));
    await handle(paymentOk(booking));
    return booking;
  };

  test('SOLD × BookingRequested: publishes SeatBooked again', async () => {
    expect(summarize(await handle(bookingRequested(await sold())))).toEqual(['SeatBooked']);
  });

  test('SOLD × PaymentFailed: reports the impossible event, and the seat stays sold', async () => {
    const booking = await sold();
    expect(await handle(paymentFailed(booking))).toEqual([]);
    expect(impossible).toEqual(['PaymentFailed']);
    expect(await claimed()).toEqual({ '12A': 'sold' });
  });

  test('SOLD × PaymentOk: changes nothing', async () => {
    expect(await handle(paymentOk(await sold()))).toEqual([]);
  });

  test('SOLD × BookingCancelled: releases, frees the seats and publishes SeatReleased(cancelled)', async () => {
    const booking = await sold();
    const answer = await handle(bookingCancelled(booking));
    expect(summarize(answer)).toEqual(['SeatReleased(cancelled)']);
    expect(await stateOf(booking.bookingId)).toBe('RELEASED');
    expect(await claimed()).toEqual({});
    expect(impossible).toEqual([]);
  });

  test('SOLD × BookingCancelled: releases after departure too', async () => {
    const booking = await sold();
    clock = '2026-12-19T00:00:00Z';
    expect(summarize(await handle(bookingCancelled(booking)))).toEqual(['SeatReleased(cancelled)']);
  });

  test('SOLD × hold timer: changes nothing', async () => {
    const booking = await sold();
    clock = expired;
    expect(await handle(timerOf(booking))).toEqual([]);
    expect(await claimed()).toEqual({ '12A': 'sold' });
  });
});

describe('RELEASED', () => {
  test('RELEASED × BookingRequested: publishes SeatBooked, then SeatReleased again, and holds nothing', async () => {
    const booking = request();
    const booked = await handle(bookingRequested(booking));
    const released = await handle(paymentFailed(booking));
    expect(await handle(bookingRequested(booking))).toEqual([...booked, ...released]);
    expect(await claimed()).toEqual({});
  });

  test('RELEASED × PaymentFailed: publishes the same SeatReleased again and frees seats that a crash left claimed', async () => {
    const booking = request();
    await handle(bookingRequested(booking));
    const released = await handle(paymentFailed(booking));
    await store.claimSeat(booking.flightId, '12A', booking.bookingId);
    expect(await handle(paymentFailed(booking))).toEqual(released);
    expect(await claimed()).toEqual({});
  });

  test('RELEASED × BookingCancelled, RELEASED × hold timer: publish the same SeatReleased and free seats that a crash left', async () => {
    const booking = request();
    await handle(bookingRequested(booking));
    const released = await handle(paymentFailed(booking));
    for (const event of [bookingCancelled(booking), timerOf(booking)]) {
      clock = expired;
      await store.claimSeat(booking.flightId, '12A', booking.bookingId);
      expect(await handle(event)).toEqual(released);
      expect(await claimed()).toEqual({});
    }
  });

  test('RELEASED × PaymentOk after the hold expired: changes nothing, and the seats stay free', async () => {
    const booking = request();
    await handle(bookingRequested(booking));
    clock = expired;
    await handle(timerOf(booking));
    expect(await handle(paymentOk(booking))).toEqual([]);
    expect(await claimed()).toEqual({});
  });

  test('RELEASED × BookingRequested after a sold booking was cancelled: publishes both events again and sets no timer', async () => {
    const booking = request();
    const booked = await handle(bookingRequested(booking));
    await handle(paymentOk(booking));
    const released = await handle(bookingCancelled(booking));
    timers = [];
    expect(await handle(bookingRequested(booking))).toEqual([...booked, ...released]);
    expect(timers).toEqual([]);
  });

  test('RELEASED × PaymentOk: changes nothing', async () => {
    const booking = request();
    await handle(bookingRequested(booking));
    await handle(paymentFailed(booking));
    expect(await handle(paymentOk(booking))).toEqual([]);
    expect(await stateOf(booking.bookingId)).toBe('RELEASED');
  });

  test('RELEASED × BookingRequested: does not free a seat that another booking has claimed since', async () => {
    const first = request();
    await handle(bookingRequested(first));
    await handle(paymentFailed(first));
    const second = request();
    await handle(bookingRequested(second));
    await handle(bookingRequested(first));
    expect(await claimed()).toEqual({ '12A': 'held' });
    expect((await store.viewRequest(second)).holders.get('12A')).toBe(second.bookingId);
  });
});

test('a second request with the same bookingId for other seats is rejected as a conflicting request', async () => {
  const booking = request();
  await handle(bookingRequested(booking));
  const other = bookingRequested({ ...booking, seats: ['13A'] });
  await expect(handle(other)).rejects.toThrow(UnprocessableEventError);
  await expect(handle(other)).rejects.toMatchObject({ reason: 'conflicting-request' });
  expect(await claimed()).toEqual({ '12A': 'held' });
});

test('a later FlightScheduled replaces the flight; an older one that arrives late does not', async () => {
  const handlers = createHandlers({
    store,
    holdTimer,
    holdRules,
    now: () => new Date(now),
    reportImpossible: () => {},
  });
  const scheduled = (aircraft: string, occurredAt: string): AirlineEvent<'FlightScheduled'> => ({
    type: 'FlightScheduled',
    metadata: { eventId: 'f', correlationId: 'f', occurredAt, service: 'flights', schemaVersion: 1 },
    data: flight({ aircraft }),
  });
  await handlers.FlightScheduled(scheduled('Boeing 737-800', '2026-12-02T00:00:00Z'));
  await handlers.FlightScheduled(scheduled('Fokker 70', '2026-11-30T00:00:00Z'));
  expect((await store.listFlights(new Date(now)))[0]!.aircraft).toBe('Boeing 737-800');
});

test('of fifty concurrent bookings for one seat, exactly one holds it', async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => handle(bookingRequested(request()))));
  const published = answers.flatMap(summarize);
  expect(published.filter((event) => event === 'SeatBooked')).toHaveLength(1);
  expect(published.filter((event) => event === 'SeatUnavailable(taken)')).toHaveLength(49);
});

describe('in any order, with duplicates and crashes', () => {
  /** Fails call number `at` to the store or the timer. A failure after the effect is a crash or a lost reply. */
  const failing = (at: number, afterEffect: boolean): { store: SeatStore; holdTimer: HoldTimer } => {
    let calls = 0;
    const withFault = <T extends object>(part: T): T =>
      new Proxy(part, {
        get:
          (target, name) =>
          async (...parameters: unknown[]) => {
            const fails = ++calls === at;
            if (fails && !afterEffect) throw new Error('crash');
            const result = await (target[name as keyof T] as (...parameters: unknown[]) => Promise<unknown>)(
              ...parameters,
            );
            if (fails) throw new Error('crash');
            return result;
          },
      });
    return { store: withFault(store), holdTimer: withFault(holdTimer) };
  };

  /** What seats may publish for a booking, sorted, by what happens to the booking. */
  const outcomes = {
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

  test.each(Object.keys(outcomes) as (keyof typeof outcomes)[])(
    '%s: all seats end sold or all end free, and the published events are consistent',
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
            const booking = request({ seats: ['12A', '12C'], expiresAt: '2026-12-01T09:40:00Z' });
            const bus: Message[] = [bookingRequested(booking)];
            if (flow.startsWith('paid')) bus.push(paymentOk(booking));
            if (flow.startsWith('declined')) bus.push(paymentFailed(booking));
            if (flow.endsWith('cancelled')) bus.push(bookingCancelled(booking));
            const isLate = flow === 'unanswered' || flow === 'paid, perhaps too late';

            const published = new Map<string, AirlineEvent>();
            const record = (events: readonly AirlineEvent[]): void => {
              for (const event of events) {
                // Two events with the same id must be identical.
                expect(published.get(event.metadata.eventId) ?? event).toEqual(event);
                published.set(event.metadata.eventId, event);
              }
            };
            for (const { index, at, afterEffect, late } of deliveries) {
              // The clock passes the end of the hold only once there is a hold, so the request never arrives late.
              if (isLate && late && timers.length > 0) clock = expired;
              const event = index === 2 && timers.length > 0 ? timerOf(booking) : bus[index % bus.length]!;
              record(await createHandle(failing(at, afterEffect))(event).catch(() => []));
            }
            // Every message is redelivered without faults, and the timers fire last.
            const healthy = createHandle({ store, holdTimer });
            for (const event of [...bus, ...bus]) record(await healthy(event));
            clock = expired;
            for (const timer of [...timers]) record(await healthy(timerOf(timer)));

            expect(impossible).toEqual([]);
            const distinct = summarize([...published.values()]).sort();
            expect(outcomes[flow]).toContainEqual(distinct);
            expect(await claimed()).toEqual(distinct.join() === 'SeatBooked' ? { '12A': 'sold', '12C': 'sold' } : {});
          },
        ),
        { numRuns: 150 },
      );
    },
  );

  test('any interleaving of a request, a payment, a cancellation and a timer: sold or free, with consistent events', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.boolean(), async (scheduler, isCancelled) => {
        clock = now;
        store = createInMemorySeatStore();
        impossible = [];
        await store.scheduleFlight(flight(), Date.parse(now));
        const booking = request({ seats: ['12A', '12C'] });
        const scheduled = <T extends object>(part: T): T =>
          new Proxy(part, {
            get: (target, name) =>
              scheduler.scheduleFunction((...parameters: unknown[]) =>
                (target[name as keyof T] as (...parameters: unknown[]) => Promise<unknown>)(...parameters),
              ),
          });
        const handleScheduled = createHandle({ store: scheduled(store), holdTimer });
        const events = [
          bookingRequested(booking),
          bookingRequested(booking),
          paymentOk(booking),
          ...(isCancelled ? [bookingCancelled(booking)] : []),
        ];
        const published: AirlineEvent[] = [];
        await scheduler.waitFor(
          Promise.all(events.map(async (event) => published.push(...(await handleScheduled(event))))),
        );
        clock = expired;
        await scheduler.waitFor(
          Promise.all(
            [timerOf(booking), bookingRequested(booking)].map(async (event) =>
              published.push(...(await handleScheduled(event))),
            ),
          ),
        );
        expect(impossible).toEqual([]);
        const distinct = [...new Set(summarize(published))].sort();
        const allowed = isCancelled ? outcomes['paid and cancelled'] : outcomes.paid;
        expect(allowed).toContainEqual(distinct);
        expect(await claimed()).toEqual(isCancelled ? {} : { '12A': 'sold', '12C': 'sold' });
      }),
      { numRuns: 150 },
    );
  });
});

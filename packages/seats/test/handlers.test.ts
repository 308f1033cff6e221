import { type AirlineEvent, newEvent } from '@airline/events-schemas/events';
import type { Delivery } from '@airline/events-schemas/reads';
import { type Handlers, TooEarlyError, UnprocessableEventError } from '@airline/messaging/consume';
import { createRetryBackoff } from '@airline/messaging/retry-backoff';
import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Money } from '../src/domain.ts';
import { createHandlers, retriesForFlight } from '../src/handlers.ts';
import { createInMemorySeatStore } from '../src/in-memory-seat-store.ts';
import type { SeatStore } from '../src/seat-store.ts';
import type { HoldTimer } from '../src/hold-timer.ts';
import {
  bookingCancelled,
  bookingRequested,
  delivered,
  flight,
  holdRules,
  now,
  paymentFailed,
  paymentOk,
  request,
} from './fixtures.ts';

/** An event of the bus, or a hold timer. */
type Message =
  | AirlineEvent<'FlightScheduled' | 'BookingRequested' | 'PaymentOk' | 'PaymentFailed' | 'BookingCancelled'>
  | { type: 'HoldExpired'; data: { bookingId: string } };
type Handle = (event: Message, delivery?: Delivery) => Promise<readonly AirlineEvent[]>;

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
  return async (event, delivery = delivered.first) => {
    if (event.type === 'HoldExpired') return handlers.HoldExpired(event.data.bookingId);
    return (handlers as Handlers)[event.type]!(event as never, delivery);
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
  await store.scheduleFlight(flight(), now);
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
    expect((await store.load(booking.bookingId))?.record).toEqual({
      state: 'PAID_EARLY',
      amountMinor: 8_100,
      currency: 'EUR',
    });
    expect(await handle(paymentOk(booking))).toEqual([]);
    expect(impossible).toEqual([]);
    expect(summarize(await handle(bookingRequested(booking)))).toEqual(['SeatBooked']);
    expect(await claimed()).toEqual({ '12A': 'sold' });
  });
});

describe('a PaymentOk of other money than the booking’s', () => {
  const otherMoney: [string, Partial<Money>][] = [
    ['another amount', { amountMinor: 1 }],
    ['another currency', { currency: 'USD' }],
  ];

  /** Brings a booking into each state that knows an amount. */
  const states: Record<string, (booking: ReturnType<typeof request>) => Promise<unknown>> = {
    PAID_EARLY: (booking) => handle(paymentOk(booking)),
    HELD: (booking) => handle(bookingRequested(booking)),
    SOLD: async (booking) => [await handle(bookingRequested(booking)), await handle(paymentOk(booking))],
    REFUSED: async (booking) => [
      await store.claimSeat(booking.flightId, '12A', 'another'),
      await states.HELD!(booking),
    ],
    RELEASED: async (booking) => [await handle(bookingRequested(booking)), await handle(paymentFailed(booking))],
  };

  describe.each(otherMoney)('%s', (_, money) => {
    test.each(Object.entries(states))(
      '%s × PaymentOk: is reported as impossible, and changes nothing',
      async (name, reach) => {
        const booking = request();
        await reach(booking);
        const before = await store.load(booking.bookingId);
        expect(before?.record.state).toBe(name);
        expect(await handle(paymentOk(booking, money))).toEqual([]);
        expect(await store.load(booking.bookingId)).toEqual(before);
        expect(impossible).toEqual(['PaymentOk']);
      },
    );

    test('tombstone × PaymentOk: changes nothing, because a tombstone knows no amount', async () => {
      const booking = request();
      await handle(bookingCancelled(booking));
      expect(await handle(paymentOk(booking, money))).toEqual([]);
      expect(impossible).toEqual([]);
    });

    test('the hold ends by its timer, and the seat is not sold', async () => {
      const booking = request();
      await handle(bookingRequested(booking));
      await handle(paymentOk(booking, money));
      clock = expired;
      expect(summarize(await handle(timerOf(booking)))).toEqual(['SeatReleased(hold-expired)']);
      expect(await claimed()).toEqual({});
    });

    test.each([
      ['at the fare of its seat', {}],
      ['that has expired', { expiresAt: now }],
      ['for a flight that is not scheduled', { flightId: 'ZZ1-20270101' }],
    ])('PAID_EARLY × BookingRequested: a request %s is refused as fare-mismatch', async (_case, overrides) => {
      const booking = request(overrides);
      await handle(paymentOk(booking, money));
      expect(summarize(await handle(bookingRequested(booking)))).toEqual(['SeatUnavailable(fare-mismatch)']);
      expect(await claimed()).toEqual({});
    });
  });

  test('seats are sold only for a payment of their fare, in every order of two requests and two payments', async () => {
    const booking = request();
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(['request', 'other request', 'payment', 'other payment'], { minLength: 1 }),
        fc.constantFrom(...otherMoney.map(([, money]) => money)),
        async (order, money) => {
          store = createInMemorySeatStore();
          await store.scheduleFlight(flight(), now);
          handle = createHandle({ store, holdTimer });
          const events: Record<string, Message> = {
            request: bookingRequested(booking),
            'other request': bookingRequested({ ...booking, payment: { ...booking.payment, ...money } }),
            payment: paymentOk(booking),
            'other payment': paymentOk(booking, money),
          };
          // The second request is rejected.
          for (const name of order) await handle(events[name]!).catch(() => []);
          const { record } = (await store.load(booking.bookingId))!;
          if (record.state !== 'SOLD') return expect(Object.values(await claimed())).not.toContain('sold');
          expect(record).toMatchObject({ amountMinor: 8_100, currency: 'EUR' });
          expect(order).toContain('payment');
        },
      ),
    );
  });
});

describe('a request for a flight that is not scheduled', () => {
  const booking = request({ flightId: 'ZZ1-20270101' });
  const tries = Array.from({ length: 5 }, (_, index) => index + 1);

  test('is tried again for a while, since its FlightScheduled may be on the way, and then refused', async () => {
    for (const receiveCount of tries.filter((count) => count <= retriesForFlight)) {
      await expect(handle(bookingRequested(booking), { receiveCount })).rejects.toThrow(TooEarlyError);
      expect(await store.load(booking.bookingId)).toBeUndefined();
    }
    const answer = await handle(bookingRequested(booking), { receiveCount: retriesForFlight + 1 });
    expect(summarize(answer)).toEqual(['SeatUnavailable(unknown-flight)']);
    expect(await handle(bookingRequested(booking))).toEqual(answer);
  });

  test('is booked when its flight is scheduled in the meantime', async () => {
    await expect(handle(bookingRequested(booking))).rejects.toThrow('Flight ZZ1-20270101 of booking');
    await store.scheduleFlight(flight({ flightId: booking.flightId }), now);
    expect(summarize(await handle(bookingRequested(booking), { receiveCount: 2 }))).toEqual(['SeatBooked']);
  });

  test('is tried again if it was paid early', async () => {
    await handle(paymentOk(booking));
    await expect(handle(bookingRequested(booking))).rejects.toThrow(TooEarlyError);
  });

  test('is refused at once if the booking had failed elsewhere', async () => {
    await handle(paymentFailed(booking));
    expect(summarize(await handle(bookingRequested(booking)))).toEqual(['SeatUnavailable(payment-failed)']);
  });

  test('the retries take eight to twelve seconds, and leave tries of the queue for other failures', async () => {
    const pauses = async (random: number): Promise<number[]> => {
      const timeouts: number[] = [];
      const send = async ({ input }: { input: { VisibilityTimeout: number } }) =>
        timeouts.push(input.VisibilityTimeout);
      const delayRetry = createRetryBackoff({ client: { send } as never, queueUrl: 'seats', random: () => random });
      for (const count of tries)
        await delayRetry({ receiptHandle: 'r', attributes: { ApproximateReceiveCount: String(count) } as never });
      return timeouts;
    };
    const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0);
    expect(sum((await pauses(0)).slice(0, retriesForFlight))).toBe(8);
    expect(sum((await pauses(0.999)).slice(0, retriesForFlight))).toBe(12);
    // After the retries comes the try that refuses. The backoff of the last try of all is 0.
    const maxReceiveCount = (await pauses(0.5)).indexOf(0) + 1;
    expect(maxReceiveCount).toBe(5);
    expect(retriesForFlight + 1).toBeLessThan(maxReceiveCount);
  });
});

describe('the longest hold', () => {
  test.each([
    ['the last second that RFC 3339 can write', '9999-12-31T23:59:59Z'],
    ['a hundred years away', '2126-12-01T09:30:00Z'],
    ['one second too far', '2026-12-02T09:29:01Z'],
  ])('a request that expires at %s is held for a day', async (_, expiresAt) => {
    const booking = request({ expiresAt, flightId: 'KL1001-20261218' });
    const dueAt = '2026-12-02T09:30:00.000Z';
    expect((await handle(bookingRequested(booking)))[0]!.data).toMatchObject({ holdExpiresAt: dueAt });
    expect(timers).toEqual([{ bookingId: booking.bookingId, dueAt }]);
    clock = dueAt;
    expect(summarize(await handle(timerOf(booking)))).toEqual(['SeatReleased(hold-expired)']);
  });

  test('every expiry that the contract admits leads to a hold that ends within the limits, at a valid time', async () => {
    const expiries = fc.date({ min: new Date(now), max: new Date('9998-12-31T23:59:59.999Z'), noInvalidDate: true });
    await fc.assert(
      fc.asyncProperty(fc.option(expiries), async (expiry) => {
        const booking = request(expiry ? { expiresAt: expiry.toISOString(), seats: ['1A'] } : { seats: ['1A'] });
        const payment = { ...booking.payment, amountMinor: 22_680 };
        store = createInMemorySeatStore();
        await store.scheduleFlight(flight(), now);
        const [answer] = await createHandle({ store, holdTimer })(bookingRequested({ ...booking, payment }));
        if (answer?.type !== 'SeatBooked') return expect(expiry?.toISOString()).toBe(now);
        const seconds = (Date.parse(answer.data.holdExpiresAt!) - Date.parse(now)) / 1000;
        const asked = (expiry ? (expiry.getTime() - Date.parse(now)) / 1000 : 600) + 60;
        expect(seconds).toBeCloseTo(Math.min(asked, 86_400), 5);
      }),
    );
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

describe('a second request with the same bookingId', () => {
  const booking = request();
  const { payment } = booking;

  test.each([
    ['other seats', { seats: ['13A'] }],
    ['more seats', { seats: ['12A', '13A'] }],
    ['another flight', { flightId: 'KL1003-20261218' }],
    ['another amount', { payment: { ...payment, amountMinor: 1 } }],
    ['another currency', { payment: { ...payment, currency: 'USD' } }],
  ])('for %s is rejected as a conflicting request, and leaves no seat claimed', async (_, overrides) => {
    await store.scheduleFlight(flight({ flightId: 'KL1003-20261218' }), now);
    await handle(bookingRequested(booking));
    const other = { ...booking, ...overrides };
    // A run of the second request claimed its seats, and crashed before it saved its record.
    for (const seat of other.seats) await store.claimSeat(other.flightId, seat, booking.bookingId);
    await expect(handle(bookingRequested(other))).rejects.toThrow(UnprocessableEventError);
    await expect(handle(bookingRequested(other))).rejects.toMatchObject({ reason: 'conflicting-request' });
    expect(await claimed()).toEqual({ '12A': 'held' });
    expect((await store.seatMap('KL1003-20261218'))!.claimed).toEqual(new Map());
  });

  test('that differs only in its passenger, its card or its times is the same request', async () => {
    const first = await handle(bookingRequested(booking));
    const other = {
      ...booking,
      passenger: { name: 'Grace Hopper', email: 'grace@example.com' },
      payment: { ...payment, method: 'pm_card_amex' },
      expiresAt: '2026-12-01T09:31:00Z',
    };
    expect(await handle(bookingRequested(other))).toEqual(first);
  });
});

test('FlightScheduled: only the fields of the contract are stored, at every depth', async () => {
  const known = flight();
  const extended = {
    ...known,
    crew: ['Ada'],
    origin: { ...known.origin, phone: '+31 20' },
    cabins: known.cabins.map(({ rows, fare, ...cabin }) => ({
      ...cabin,
      crew: ['Ada'],
      rows: { ...rows, step: 1 },
      fare: { ...fare, basis: 'Y' },
    })),
  };
  await handle(newEvent('FlightScheduled', extended, { occurredAt: '2026-12-01T09:31:00.000Z' }));
  expect((await store.seatMap(known.flightId))!.flight).toEqual(known);
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
            await store.scheduleFlight(flight(), now);
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
        await store.scheduleFlight(flight(), now);
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

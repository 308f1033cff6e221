import type { AirlineEvent } from '@airline/events-schemas/events';
import { UnprocessableEventError } from '@airline/messaging/consume';
import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createHandlers } from '../src/handlers.ts';
import { createInMemorySeatStore } from '../src/in-memory-seat-store.ts';
import type { SeatStore } from '../src/seat-store.ts';
import { bookingRequested, flight, now, paymentFailed, paymentOk, request } from './fixtures.ts';

type Heard = AirlineEvent<'BookingRequested' | 'PaymentOk' | 'PaymentFailed'>;

let store: SeatStore;
let impossible: string[];
let hear: (event: Heard) => Promise<readonly AirlineEvent[]>;

function serve(served: SeatStore): typeof hear {
  const handlers = createHandlers({ store: served, now: () => new Date(now), reportImpossible: ({ type }) => impossible.push(type) });
  return (event) => (handlers[event.type] as (event: AirlineEvent) => Promise<readonly AirlineEvent[]>)(event);
}

beforeEach(async () => {
  store = createInMemorySeatStore();
  impossible = [];
  await store.scheduleFlight(flight(), Date.parse(now));
  hear = serve(store);
});

const said = (events: readonly AirlineEvent[]): string[] => events.map(({ type, data }) => ('reason' in data ? `${type}(${data.reason})` : type));
const stateOf = async (bookingId: string): Promise<string | undefined> => (await store.load(bookingId))?.record.state;
const claimed = async (): Promise<Record<string, string>> => Object.fromEntries((await store.seatMap('KL1001-20261218'))!.claimed);

describe('none', () => {
  test('none × BookingRequested: claims every seat and says SeatBooked', async () => {
    const asked = request({ seats: ['12C', '12A'] });
    const answer = await hear(bookingRequested(asked));
    expect(said(answer)).toEqual(['SeatBooked']);
    expect(answer[0]).toMatchObject({
      data: { bookingId: asked.bookingId, seats: ['12C', '12A'], amountMinor: 16_200, currency: 'EUR' },
      metadata: { eventId: `${asked.bookingId}.SeatBooked`, causationId: `${asked.bookingId}.BookingRequested`, service: 'seats' },
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

  test('REFUSED × PaymentFailed, REFUSED × PaymentOk: nothing', async () => {
    const asked = request({ seats: ['99A'] });
    await hear(bookingRequested(asked));
    expect(await hear(paymentFailed(asked))).toEqual([]);
    expect(await hear(paymentOk(asked))).toEqual([]);
    expect(await stateOf(asked.bookingId)).toBe('REFUSED');
  });
});

describe('HELD', () => {
  test('HELD × BookingRequested: says the same SeatBooked again', async () => {
    const asked = request();
    const first = await hear(bookingRequested(asked));
    expect(await hear(bookingRequested(asked))).toEqual(first);
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
  const handlers = createHandlers({ store, now: () => new Date(now), reportImpossible: () => {} });
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
  /** Fails the given call to the store, before or after its effect, as a crash or a lost reply would. */
  const failing = (inner: SeatStore, at: number, afterEffect: boolean): SeatStore => {
    let calls = 0;
    return new Proxy(inner, {
      get: (target, name: keyof SeatStore) =>
        async (...parameters: unknown[]) => {
          const mine = ++calls === at;
          if (mine && !afterEffect) throw new Error('crash');
          const result = await (target[name] as (...parameters: unknown[]) => Promise<unknown>)(...parameters);
          if (mine) throw new Error('crash');
          return result;
        },
    });
  };

  test('a booking ends with its seats sold or free, never between, and says one consistent story', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.array(fc.record({ index: fc.nat(1), at: fc.integer({ min: 1, max: 8 }), afterEffect: fc.boolean() }), { minLength: 1, maxLength: 5 }),
        async (paid, deliveries) => {
          store = createInMemorySeatStore();
          await store.scheduleFlight(flight(), Date.parse(now));
          const asked = request({ seats: ['12A', '12C'] });
          const events: Heard[] = [bookingRequested(asked), paid ? paymentOk(asked) : paymentFailed(asked)];
          const stories: string[] = [];
          for (const { index, at, afterEffect } of deliveries) {
            await serve(failing(store, at, afterEffect))(events[index]!).catch(() => []);
          }
          // Whatever crashed is delivered again, in the end without a fault.
          for (const event of [...events, ...events]) stories.push(...said(await serve(store)(event)));

          expect(impossible).toEqual([]);
          expect(await claimed()).toEqual(paid ? { '12A': 'sold', '12C': 'sold' } : {});
          const distinct = [...new Set(stories)].sort();
          if (paid) expect(distinct).toEqual(['SeatBooked']);
          else expect([['SeatBooked', 'SeatReleased(payment-failed)'], ['SeatUnavailable(payment-failed)']]).toContainEqual(distinct);
        },
      ),
      { numRuns: 300 },
    );
  });
});

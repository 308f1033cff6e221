import type { AirlineEvent } from '@airline/events-schemas/events';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { createBookingCounter } from '../src/count-bookings.ts';
import type { FactType } from '../src/domain.ts';
import type { FactStore } from '../src/fact-store.ts';
import { createHandlers } from '../src/handlers.ts';
import { createInMemoryFactStore } from '../src/in-memory-fact-store.ts';
import { at, events, happy, permutations } from './fixtures.ts';

let counted: string[];
let reads: number;
let handle: (...events: AirlineEvent<FactType>[]) => Promise<void>;

beforeEach(() => {
  counted = [];
  reads = 0;
  const facts = createInMemoryFactStore();
  const store: FactStore = { ...facts, list: (bookingId) => (reads++, facts.list(bookingId)) };
  const now = () => new Date(at(7));
  const onRecorded = createBookingCounter({
    store,
    metrics: {
      count: (name, reason) => counted.push(reason === undefined ? name : `${name}(${reason})`),
      took: (name, milliseconds) => counted.push(`${name} ${milliseconds} ms`),
    },
    now,
  });
  const handlers = createHandlers({ store, now, onRecorded });
  handle = async (...received) => {
    await Promise.all(
      received.map((event) => (handlers[event.type] as (event: AirlineEvent) => Promise<unknown>)(event)),
    );
  };
});

describe('a booking that succeeds', () => {
  test('is counted as requested and as confirmed, with the time since its request, at the cost of no read but that of the index', async () => {
    for (const event of happy) await handle(event);
    expect(counted).toEqual(['BookingRequested', 'BookingConfirmed', 'TimeToSettle 7000 ms']);
    expect(reads).toBe(happy.length);
  });

  test.each(permutations(happy).map((order) => [order.map(({ type }) => type).join(', '), order] as const))(
    'in the order %s, each event delivered twice: is counted once',
    async (_, order) => {
      for (const event of [...order, ...order]) await handle(event);
      expect(counted.filter((name) => !name.startsWith('TimeToSettle')).sort()).toEqual([
        'BookingConfirmed',
        'BookingRequested',
      ]);
    },
  );
});

describe('a booking that fails', () => {
  const flows: [string, AirlineEvent<FactType>[], string][] = [
    ['a seat that is taken', [events.seatUnavailable(), events.paymentOk(), events.paymentRefunded()], 'taken'],
    ['a declined card', [events.seatBooked(), events.paymentFailed(), events.seatReleased()], 'declined'],
    ['a taken seat and a declined card', [events.seatUnavailable(), events.paymentFailed()], 'taken'],
  ];

  test.each(flows)(
    '%s: is counted once, by its root reason and with its time, when it settles',
    async (_, flow, reason) => {
      for (const event of [events.requested(), ...flow, ...flow]) await handle(event);
      expect(counted).toEqual(['BookingRequested', `BookingFailed(${reason})`, 'TimeToSettle 7000 ms']);
    },
  );

  test.each(flows)('%s: is counted once, even if all its events are handled concurrently', async (_, flow, reason) => {
    await handle(events.requested(), ...flow, ...flow);
    expect(counted.filter((name) => name.startsWith('BookingFailed'))).toEqual([`BookingFailed(${reason})`]);
  });
});

test('a booking that is cancelled after its receipt is counted as failed too, but its time only once', async () => {
  for (const event of [
    ...happy,
    events.cancelled(),
    events.seatReleased('cancelled'),
    events.paymentRefunded('cancelled'),
  ])
    await handle(event);
  expect(counted).toEqual(['BookingRequested', 'BookingConfirmed', 'TimeToSettle 7000 ms', 'BookingFailed(cancelled)']);
});

test('a receipt that arrives after a cancellation is not counted as confirmed', async () => {
  for (const event of [events.requested(), events.cancelled(), events.receiptIssued()]) await handle(event);
  expect(counted).toEqual(['BookingRequested']);
});

test('a booking without a known request is counted without its time', async () => {
  for (const event of [events.seatBooked(), events.paymentOk(), events.receiptIssued()]) await handle(event);
  expect(counted).toEqual(['BookingConfirmed']);
});

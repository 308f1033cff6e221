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
let hear: (...events: AirlineEvent<FactType>[]) => Promise<void>;

beforeEach(() => {
  counted = [];
  reads = 0;
  const facts = createInMemoryFactStore();
  const store: FactStore = { ...facts, list: (bookingId) => (reads++, facts.list(bookingId)) };
  const now = () => new Date(at(7));
  const kept = createBookingCounter({
    store,
    metrics: {
      count: (name, reason) => counted.push(reason === undefined ? name : `${name}(${reason})`),
      took: (name, milliseconds) => counted.push(`${name} ${milliseconds} ms`),
    },
    now,
  });
  const handlers = createHandlers({ store, now, kept });
  hear = async (...heard) => {
    await Promise.all(heard.map((event) => (handlers[event.type] as (event: AirlineEvent) => Promise<unknown>)(event)));
  };
});

describe('a booking that succeeds', () => {
  test('is counted as requested and as confirmed, with the time from its request, for one read', async () => {
    for (const event of happy) await hear(event);
    expect(counted).toEqual(['BookingRequested', 'BookingConfirmed', 'TimeToSettle 7000 ms']);
    expect(reads).toBe(1);
  });

  test.each(permutations(happy).map((order) => [order.map(({ type }) => type).join(', '), order] as const))(
    '%s: once, each heard twice',
    async (_, order) => {
      for (const event of [...order, ...order]) await hear(event);
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
    ['both at once', [events.seatUnavailable(), events.paymentFailed()], 'taken'],
  ];

  test.each(flows)(
    '%s: is counted once by its root reason, with its time, when the last has taken its yes back',
    async (_, flow, reason) => {
      for (const event of [events.requested(), ...flow, ...flow]) await hear(event);
      expect(counted).toEqual(['BookingRequested', `BookingFailed(${reason})`, 'TimeToSettle 7000 ms']);
    },
  );

  test.each(flows)('%s: once, also when all its facts are kept at the same time', async (_, flow, reason) => {
    await hear(events.requested(), ...flow, ...flow);
    expect(counted.filter((name) => name.startsWith('BookingFailed'))).toEqual([`BookingFailed(${reason})`]);
  });
});

test('a booking that is cancelled after its receipt fails too, but settled before', async () => {
  for (const event of [
    ...happy,
    events.cancelled(),
    events.seatReleased('cancelled'),
    events.paymentRefunded('cancelled'),
  ])
    await hear(event);
  expect(counted).toEqual(['BookingRequested', 'BookingConfirmed', 'TimeToSettle 7000 ms', 'BookingFailed(cancelled)']);
});

test('a receipt that comes after a cancellation confirms nothing', async () => {
  for (const event of [events.requested(), events.cancelled(), events.receiptIssued()]) await hear(event);
  expect(counted).toEqual(['BookingRequested']);
});

test('without the request there is no time to count', async () => {
  for (const event of [events.seatBooked(), events.paymentOk(), events.receiptIssued()]) await hear(event);
  expect(counted).toEqual(['BookingConfirmed']);
});

import type { AirlineEvent } from '@airline/events-schemas/events';
import type { Handlers } from '@airline/messaging/consume';
import { beforeEach, expect, test } from '@jest/globals';
import { createHandlers } from '../src/handlers.ts';
import { createInMemorySeatStore } from '../src/in-memory-seat-store.ts';
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

type Message = AirlineEvent<'BookingRequested' | 'PaymentOk' | 'PaymentFailed' | 'BookingCancelled'>;

let counted: string[];
let handle: (...events: Message[]) => Promise<void>;

beforeEach(async () => {
  counted = [];
  const store = createInMemorySeatStore();
  await store.scheduleFlight(flight(), now);
  const handlers = createHandlers({
    store,
    holdTimer: { set: async () => undefined },
    holdRules,
    now: () => new Date(now),
    reportImpossible: () => undefined,
    onRecorded: ({ type, data }) => counted.push('reason' in data ? `${type}(${data.reason})` : type),
  });
  // Delivers each event three times, the second and third time concurrently.
  handle = async (...events) => {
    for (const event of events) {
      const deliver = () => (handlers as Handlers)[event.type]!(event as never, delivered.first);
      await deliver();
      await Promise.all([deliver(), deliver()]);
    }
  };
});

const booking = request();

test.each<[string, Message[], string[]]>([
  ['a sale', [bookingRequested(booking), paymentOk(booking)], ['SeatBooked']],
  ['a sale of a booking that was paid early', [paymentOk(booking), bookingRequested(booking)], ['SeatBooked']],
  ['a refusal', [bookingRequested(request({ seats: ['99A'] }))], ['SeatUnavailable(unknown-seat)']],
  [
    'a failed payment',
    [bookingRequested(booking), paymentFailed(booking)],
    ['SeatBooked', 'SeatReleased(payment-failed)'],
  ],
  [
    'a payment that failed early',
    [paymentFailed(booking), bookingRequested(booking)],
    ['SeatUnavailable(payment-failed)'],
  ],
  [
    'a cancelled sale',
    [bookingRequested(booking), paymentOk(booking), bookingCancelled(booking)],
    ['SeatBooked', 'SeatReleased(cancelled)'],
  ],
])('%s is counted once, even if every event is redelivered', async (_, events, expected) => {
  await handle(...events);
  expect(counted).toEqual(expected);
});

test('of two concurrent requests for one seat, one is counted as booked and one as refused', async () => {
  await Promise.all([handle(bookingRequested(request())), handle(bookingRequested(request()))]);
  expect(counted.sort()).toEqual(['SeatBooked', 'SeatUnavailable(taken)']);
});

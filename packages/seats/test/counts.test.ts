import type { AirlineEvent } from '@airline/events-schemas/events';
import { beforeEach, expect, test } from '@jest/globals';
import { createHandlers } from '../src/handlers.ts';
import { createInMemorySeatStore } from '../src/in-memory-seat-store.ts';
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

type Heard = AirlineEvent<'BookingRequested' | 'PaymentOk' | 'PaymentFailed' | 'BookingCancelled'>;

let counted: string[];
let hear: (...events: Heard[]) => Promise<void>;

beforeEach(async () => {
  counted = [];
  const store = createInMemorySeatStore();
  await store.scheduleFlight(flight(), Date.parse(now));
  const handlers = createHandlers({
    store,
    holdTimer: { set: async () => undefined },
    holdRules,
    now: () => new Date(now),
    reportImpossible: () => undefined,
    onRecorded: ({ type, data }) => counted.push('reason' in data ? `${type}(${data.reason})` : type),
  });
  // Each comes three times, the second and third at once.
  hear = async (...events) => {
    for (const event of events) {
      const deliver = () => (handlers[event.type] as (event: AirlineEvent) => Promise<unknown>)(event);
      await deliver();
      await Promise.all([deliver(), deliver()]);
    }
  };
});

const asked = request();

test.each<[string, Heard[], string[]]>([
  ['a sale', [bookingRequested(asked), paymentOk(asked)], ['SeatBooked']],
  ['a sale that was paid early', [paymentOk(asked), bookingRequested(asked)], ['SeatBooked']],
  ['a refusal', [bookingRequested(request({ seats: ['99A'] }))], ['SeatUnavailable(unknown-seat)']],
  ['a failed payment', [bookingRequested(asked), paymentFailed(asked)], ['SeatBooked', 'SeatReleased(payment-failed)']],
  ['a payment that failed early', [paymentFailed(asked), bookingRequested(asked)], ['SeatUnavailable(payment-failed)']],
  [
    'a cancelled sale',
    [bookingRequested(asked), paymentOk(asked), bookingCancelled(asked)],
    ['SeatBooked', 'SeatReleased(cancelled)'],
  ],
])('%s, however often repeated, is counted once', async (_, events, facts) => {
  await hear(...events);
  expect(counted).toEqual(facts);
});

test('two requests for one seat at once: one is counted as booked, one as refused', async () => {
  await Promise.all([hear(bookingRequested(request())), hear(bookingRequested(request()))]);
  expect(counted.sort()).toEqual(['SeatBooked', 'SeatUnavailable(taken)']);
});

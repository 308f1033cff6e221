import type { AirlineEvent } from '@airline/events-schemas/events';
import { createInMemoryOnce } from '@airline/messaging/in-memory-once';
import { beforeEach, expect, test } from '@jest/globals';
import { createHandlers } from '../src/handlers.ts';
import { createInMemoryPaymentProvider } from '../src/in-memory-payment-provider.ts';
import { createInMemoryPaymentStore } from '../src/in-memory-payment-store.ts';
import { bookingCancelled, bookingRequested, now, paidWith, request, seatUnavailable } from './fixtures.ts';

type HandledEvent = AirlineEvent<'BookingRequested' | 'SeatUnavailable' | 'BookingCancelled'>;

let counted: string[];
let handleTwice: (...events: HandledEvent[]) => Promise<void>;

beforeEach(() => {
  counted = [];
  const handlers = createHandlers({
    store: createInMemoryPaymentStore(),
    provider: createInMemoryPaymentProvider({ now: () => new Date(now) }),
    once: createInMemoryOnce(),
    now: () => new Date(now),
    onRecorded: ({ type, data }) => counted.push('reason' in data ? `${type}(${data.reason})` : type),
  });
  handleTwice = async (...events) => {
    for (const event of [...events, ...events])
      await (handlers[event.type] as (event: AirlineEvent) => Promise<unknown>)(event);
  };
});

const booking = request();
const declined = paidWith('pm_card_visa_chargeDeclined');

test.each<[string, HandledEvent[], string[]]>([
  ['a charge', [bookingRequested(booking)], ['PaymentOk']],
  ['a declined card', [bookingRequested(declined)], ['PaymentFailed(declined)']],
  [
    'a refund',
    [bookingRequested(booking), seatUnavailable(booking)],
    ['PaymentOk', 'PaymentRefunded(seat-unavailable)'],
  ],
  ['a no that came first', [bookingCancelled(booking), bookingRequested(booking)], ['PaymentFailed(cancelled)']],
])('%s is counted once, even when its events are repeated', async (_, events, facts) => {
  await handleTwice(...events);
  expect(counted).toEqual(facts);
});

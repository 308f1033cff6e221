import type { AirlineEvent } from '@airline/events-schemas/events';
import { createInMemoryOnce } from '@airline/messaging/in-memory-once';
import { beforeEach, expect, test } from '@jest/globals';
import { createHandlers } from '../src/handlers.ts';
import { createInMemoryPaymentProvider } from '../src/in-memory-payment-provider.ts';
import { createInMemoryPaymentStore } from '../src/in-memory-payment-store.ts';
import { bookingCancelled, bookingRequested, now, paidWith, request, seatUnavailable } from './fixtures.ts';

type Heard = AirlineEvent<'BookingRequested' | 'SeatUnavailable' | 'BookingCancelled'>;

let counted: string[];
let hear: (...events: Heard[]) => Promise<void>;

beforeEach(() => {
  counted = [];
  const handlers = createHandlers({
    store: createInMemoryPaymentStore(),
    provider: createInMemoryPaymentProvider({ now: () => new Date(now) }),
    once: createInMemoryOnce(),
    now: () => new Date(now),
    onRecorded: ({ type, data }) => counted.push('reason' in data ? `${type}(${data.reason})` : type),
  });
  hear = async (...events) => {
    for (const event of [...events, ...events])
      await (handlers[event.type] as (event: AirlineEvent) => Promise<unknown>)(event);
  };
});

const asked = request();
const refused = paidWith('pm_card_visa_chargeDeclined');

test.each<[string, Heard[], string[]]>([
  ['a charge', [bookingRequested(asked)], ['PaymentOk']],
  ['a declined card', [bookingRequested(refused)], ['PaymentFailed(declined)']],
  ['a refund', [bookingRequested(asked), seatUnavailable(asked)], ['PaymentOk', 'PaymentRefunded(seat-unavailable)']],
  ['a no that came first', [bookingCancelled(asked), bookingRequested(asked)], ['PaymentFailed(cancelled)']],
])('%s, however often repeated, is counted once', async (_, events, facts) => {
  await hear(...events);
  expect(counted).toEqual(facts);
});

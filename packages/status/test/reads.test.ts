import type { AirlineEvent } from '@airline/events-schemas/events';
import { findDrift } from '@airline/events-schemas/test/support/recorded-reads';
import type { Handlers } from '@airline/messaging/consume';
import { expect, test } from '@jest/globals';
import { foldStatus, isBookingOf } from '../src/domain.ts';
import { createHandlers } from '../src/handlers.ts';
import { createInMemoryFactStore } from '../src/in-memory-fact-store.ts';
import { reads } from '../src/reads.ts';
import { bookingId, events, happy, heardAt } from './fixtures.ts';

const scenarios: AirlineEvent[][] = [
  [...happy, events.requested()],
  [
    events.requested({ customerId: 'customer-42' }),
    events.seatBooked(),
    events.paymentFailed('declined', 'generic_decline'),
    events.seatReleased(),
  ],
  [events.requested(), events.seatUnavailable(), events.paymentOk(), events.paymentRefunded(), events.cancelled()],
].map((flow) => flow.map(traced));

/** Returns the event with every optional field of its metadata. */
function traced(event: AirlineEvent): AirlineEvent {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  return { ...event, metadata: { ...event.metadata, causationId: 'a-cause', traceparent } };
}

async function handle(received: readonly AirlineEvent[]): Promise<unknown> {
  const store = createInMemoryFactStore();
  const handlers: Handlers = createHandlers({ store, now: () => new Date(heardAt) });
  const published: unknown[] = [];
  for (const event of received) published.push(await handlers[event.type]!(event as never, { receiveCount: 1 }));
  const facts = await store.list(bookingId);
  return [published, foldStatus(facts), isBookingOf('customer-42', facts)];
}

test('status reads the fields that it declares, and no others', async () => {
  expect(await findDrift(reads, scenarios, handle)).toEqual({ undeclared: [], unread: [], differing: [] });
});

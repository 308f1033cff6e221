import type { AirlineEvent } from '@airline/events-schemas/events';
import { findDrift } from '@airline/events-schemas/test/support/recorded-reads';
import type { Handlers } from '@airline/messaging/consume';
import { createInMemoryOnce } from '@airline/messaging/in-memory-once';
import { expect, test } from '@jest/globals';
import { createHandlers } from '../src/handlers.ts';
import { createInMemoryPaymentProvider } from '../src/in-memory-payment-provider.ts';
import { createInMemoryPaymentStore } from '../src/in-memory-payment-store.ts';
import { reads } from '../src/reads.ts';
import { bookingCancelled, bookingRequested, later, now, request, seatReleased, seatUnavailable } from './fixtures.ts';

const data = request({ requestedAt: now, expiresAt: later });
const requested = bookingRequested(data);

/** All paths through the handlers that read an event differently. */
const scenarios: AirlineEvent[][] = [
  [requested, seatReleased(data), requested],
  [requested, bookingCancelled(data)],
  [requested, seatUnavailable(data)],
  [seatUnavailable(data, 'expired'), requested],
].map((events) => events.map(traced));

/** The event with all optional fields of metadata. */
function traced(event: AirlineEvent): AirlineEvent {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  return { ...event, metadata: { ...event.metadata, causationId: 'a-cause', traceparent } };
}

async function handleAll(events: readonly AirlineEvent[]): Promise<unknown> {
  const store = createInMemoryPaymentStore();
  const provider = createInMemoryPaymentProvider({ now: () => new Date(now) });
  const handlers: Handlers = createHandlers({ store, provider, once: createInMemoryOnce(), now: () => new Date(now) });
  const published: unknown[] = [];
  for (const event of events) published.push(await handlers[event.type]!(event as never, { receiveCount: 1 }));
  return [published, await store.load(data.bookingId), provider.movedFor(data.bookingId)];
}

test('payments reads exactly the fields that it declares', async () => {
  expect(await findDrift(reads, scenarios, handleAll)).toEqual({ undeclared: [], unread: [], differing: [] });
});

import type { AirlineEvent } from '@airline/events-schemas/events';
import { findDrift } from '@airline/events-schemas/test/support/recorded-reads';
import type { Handlers } from '@airline/messaging/consume';
import { createInMemoryOnce } from '@airline/messaging/in-memory-once';
import { expect, test } from '@jest/globals';
import { createHandlers } from '../src/handlers.ts';
import { createInMemoryReceiptStore } from '../src/in-memory-receipt-store.ts';
import type { Mail } from '../src/mailer.ts';
import { reads } from '../src/reads.ts';
import { at, bookingCancelled, bookingId, complete, paymentRefunded, seatReleased } from './fixtures.ts';

/** All paths through the handlers that read an event differently. */
const scenarios: AirlineEvent[][] = [
  [...complete, complete[0]!, bookingCancelled(), seatReleased(), paymentRefunded()],
  [...complete.toReversed(), paymentRefunded()],
].map((events) => events.map(traced));

/** The event with all optional fields of metadata. */
function traced(event: AirlineEvent): AirlineEvent {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  return { ...event, metadata: { ...event.metadata, causationId: 'a-cause', traceparent } };
}

async function handleAll(events: readonly AirlineEvent[]): Promise<unknown> {
  const store = createInMemoryReceiptStore();
  const mails: Mail[] = [];
  const mailer = {
    send: async (mail: Mail) => ({ messageId: `mail-${mails.push(mail)}` }),
  };
  const handlers: Handlers = createHandlers({ store, mailer, once: createInMemoryOnce(), now: () => new Date(at) });
  const published: unknown[] = [];
  for (const event of events) published.push(await handlers[event.type]!(event as never, { receiveCount: 1 }));
  return [published, mails, await store.load(bookingId)];
}

test('receipts reads exactly the fields that it declares', async () => {
  expect(await findDrift(reads, scenarios, handleAll)).toEqual({ undeclared: [], unread: [], differing: [] });
});

import type { AirlineEvent } from '@airline/events-schemas/events';
import { findDrift } from '@airline/events-schemas/test/support/recorded-reads';
import type { Handlers } from '@airline/messaging/consume';
import { createInMemoryOnce } from '@airline/messaging/in-memory-once';
import { expect, test } from '@jest/globals';
import { createHandlers } from '../src/handlers.ts';
import { createInMemoryReceiptStore } from '../src/in-memory-receipt-store.ts';
import type { Mail } from '../src/mailer.ts';
import { reads } from '../src/reads.ts';
import { at, bookingCancelled, bookingId, happy, paymentRefunded, seatReleased } from './fixtures.ts';

/** Every way through the handlers that reads an event differently. */
const scenarios: AirlineEvent[][] = [
  [...happy, happy[0]!, bookingCancelled(), seatReleased(), paymentRefunded()],
  [...happy.toReversed(), paymentRefunded()],
].map((events) => events.map(traced));

/** With all that metadata may have. */
function traced(event: AirlineEvent): AirlineEvent {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  return { ...event, metadata: { ...event.metadata, causationId: 'a-cause', traceparent } };
}

async function hear(events: readonly AirlineEvent[]): Promise<unknown> {
  const store = createInMemoryReceiptStore();
  const mails: Mail[] = [];
  const mailer = {
    send: async (mail: Mail) => ({ messageId: `mail-${mails.push(mail)}` }),
  };
  const handlers: Handlers = createHandlers({ store, mailer, once: createInMemoryOnce(), now: () => new Date(at) });
  const said: unknown[] = [];
  for (const event of events) said.push(await handlers[event.type]!(event as never));
  return [said, mails, await store.load(bookingId)];
}

test('receipts reads what it declares, and nothing else', async () => {
  expect(await findDrift(reads, scenarios, hear)).toEqual({ undeclared: [], unread: [], differing: [] });
});

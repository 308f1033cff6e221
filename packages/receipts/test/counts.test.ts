import type { AirlineEvent } from '@airline/events-schemas/events';
import { createInMemoryOnce } from '@airline/messaging/in-memory-once';
import { expect, test } from '@jest/globals';
import { createHandlers } from '../src/handlers.ts';
import { createInMemoryReceiptStore } from '../src/in-memory-receipt-store.ts';
import { complete, paymentRefunded, seatReleased } from './fixtures.ts';

test('a receipt and its refund notice are counted once each, even when their events are repeated', async () => {
  const counted: string[] = [];
  const handlers = createHandlers({
    store: createInMemoryReceiptStore(),
    mailer: { send: async () => ({ messageId: 'mail-1' }) },
    once: createInMemoryOnce(),
    now: () => new Date('2026-12-01T09:30:00Z'),
    onMailSent: (mail) => counted.push(mail),
  });
  const handle = (event: AirlineEvent) =>
    (handlers[event.type as keyof typeof handlers] as (event: AirlineEvent) => Promise<unknown>)(event);
  for (const event of [...complete, ...complete]) await handle(event);
  expect(counted).toEqual(['ReceiptIssued']);
  const takenBack = [seatReleased(), paymentRefunded()];
  for (const event of [...takenBack, ...takenBack, ...complete]) await handle(event);
  expect(counted).toEqual(['ReceiptIssued', 'RefundNoticeSent']);
});

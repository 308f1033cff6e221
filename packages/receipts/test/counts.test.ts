import type { AirlineEvent } from '@airline/events-schemas/events';
import { createInMemoryOnce } from '@airline/messaging/in-memory-once';
import { expect, test } from '@jest/globals';
import { createHandlers } from '../src/handlers.ts';
import { createInMemoryReceiptStore } from '../src/in-memory-receipt-store.ts';
import { happy, paymentRefunded, seatReleased } from './fixtures.ts';

test('a receipt and its refund notice are counted once each, however often their events come', async () => {
  const counted: string[] = [];
  const handlers = createHandlers({
    store: createInMemoryReceiptStore(),
    mailer: { send: async () => ({ messageId: 'mail-1' }) },
    once: createInMemoryOnce(),
    now: () => new Date('2026-12-01T09:30:00Z'),
    sent: (mail) => counted.push(mail),
  });
  const hear = (event: AirlineEvent) =>
    (handlers[event.type as keyof typeof handlers] as (event: AirlineEvent) => Promise<unknown>)(event);
  for (const event of [...happy, ...happy]) await hear(event);
  expect(counted).toEqual(['ReceiptIssued']);
  const takenBack = [seatReleased(), paymentRefunded()];
  for (const event of [...takenBack, ...takenBack, ...happy]) await hear(event);
  expect(counted).toEqual(['ReceiptIssued', 'RefundNoticeSent']);
});

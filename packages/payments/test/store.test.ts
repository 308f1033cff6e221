import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type DynamoDbForTests, startDynamoDb } from '@airline/local-cloud/test/support/start-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { accept, type PaymentRecord } from '../src/domain.ts';
import { createDynamoDbPaymentStore } from '../src/dynamodb-payment-store.ts';
import { createInMemoryPaymentStore } from '../src/in-memory-payment-store.ts';
import type { PaymentStore } from '../src/payment-store.ts';
import { later, now, request } from './fixtures.ts';

let dynamoDb: DynamoDbForTests;

beforeAll(async () => {
  dynamoDb = await startDynamoDb();
  await dynamoDb.createTable('payments');
});
afterAll(() => dynamoDb.stop());

const adapters: [string, () => PaymentStore][] = [
  ['in memory', createInMemoryPaymentStore],
  ['DynamoDB', () => createDynamoDbPaymentStore(DynamoDBDocumentClient.from(dynamoDb.client), 'payments')],
];
const cause = { metadata: { eventId: 'request' } };
const refund = { reason: 'hold-expired' as const, causedBy: cause };
const charge = { payment: request().payment, causedBy: cause, paymentId: 'pi_1', paidAt: now, at: now };

describe.each(adapters)('payment store: %s', (_, create) => {
  test('a record is written only if nobody changed it since it was read', async () => {
    const store = create();
    const bookingId = randomUUID();
    const record = accept(undefined, request({ expiresAt: later }), now, cause);
    expect(await store.load(bookingId)).toBeUndefined();
    const first = await store.save(bookingId, { state: 'VOID', reason: 'cancelled' }, undefined);
    expect(first?.record).toEqual({ state: 'VOID', reason: 'cancelled' });
    expect(await store.save(bookingId, record, undefined)).toBeUndefined();
    const read = await store.load(bookingId);
    expect(read).toEqual(first);
    expect((await store.save(bookingId, record, read))?.record).toEqual(record);
    expect(await store.save(bookingId, { state: 'VOID', reason: 'cancelled' }, read)).toBeUndefined();
    expect((await store.load(bookingId))?.record).toEqual(record);
  });

  test('a run may write again after its own write, without reading', async () => {
    const store = create();
    const bookingId = randomUUID();
    const first = await store.save(bookingId, { state: 'VOID', reason: 'cancelled' }, undefined);
    const second = await store.save(bookingId, { state: 'VOID', reason: 'expired' }, first);
    expect(await store.load(bookingId)).toEqual(second);
    expect(await store.save(bookingId, { state: 'VOID', reason: 'cancelled' }, first)).toBeUndefined();
  });

  test('of many first writes one succeeds', async () => {
    const store = create();
    const bookingId = randomUUID();
    const writes = await Promise.all(
      Array.from({ length: 10 }, () => store.save(bookingId, { state: 'VOID', reason: 'expired' }, undefined)),
    );
    expect(writes.filter((stored) => stored)).toHaveLength(1);
  });

  test.each<PaymentRecord>([
    { state: 'CHARGING', payment: charge.payment, causedBy: cause, intentId: 'pi_1', refund },
    { state: 'CHARGED', ...charge, refund },
    {
      state: 'DECLINED',
      payment: charge.payment,
      causedBy: cause,
      reason: 'declined',
      declineCode: 'lost_card',
      at: now,
    },
    { state: 'REFUNDED', ...charge, refund: { ...refund, refundId: 're_1', at: now } },
  ])('a record is read as it was written: $state', async (record) => {
    const store = create();
    const bookingId = randomUUID();
    await store.save(bookingId, record, undefined);
    expect((await store.load(bookingId))?.record).toEqual(record);
  });
});

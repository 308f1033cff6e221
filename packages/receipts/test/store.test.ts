import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { type DynamoDbForTests, startDynamoDb } from '@airline/local-cloud/test/support/start-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { ReceiptsRecord } from '../src/domain.ts';
import { createDynamoDbReceiptStore } from '../src/dynamodb-receipt-store.ts';
import { createInMemoryReceiptStore } from '../src/in-memory-receipt-store.ts';
import type { ReceiptStore } from '../src/receipt-store.ts';

const record: ReceiptsRecord = {
  facts: { SeatBooked: { flightId: 'KL1001-20261218', seats: ['12A'], amountMinor: 8_100, currency: 'EUR' } },
  dueBecause: { metadata: { eventId: 'e' } },
  receipt: { number: 'R-7K2M-9QXD-4TBN', issuedAt: '2026-12-01T09:30:00.000Z', messageId: 'm' },
};
const expiresAtEpoch = 1_800_000_000;

let dynamoDb: DynamoDbForTests;

beforeAll(async () => {
  dynamoDb = await startDynamoDb();
  await dynamoDb.createTable('receipts');
});
afterAll(() => dynamoDb.stop());

const adapters: [string, () => ReceiptStore][] = [
  ['in memory', createInMemoryReceiptStore],
  ['DynamoDB', () => createDynamoDbReceiptStore(DynamoDBDocumentClient.from(dynamoDb.client), 'receipts')],
];

describe.each(adapters)('receipt store: %s', (_, create) => {
  test('a record is written only if nobody changed it since it was read', async () => {
    const store = create();
    const bookingId = randomUUID();
    expect(await store.load(bookingId)).toBeUndefined();
    expect(await store.save(bookingId, { facts: {} }, undefined, expiresAtEpoch)).toBe(true);
    expect(await store.save(bookingId, record, undefined, expiresAtEpoch)).toBe(false);
    const read = await store.load(bookingId);
    expect(read?.record).toEqual({ facts: {} });
    expect(await store.save(bookingId, record, read, expiresAtEpoch)).toBe(true);
    expect(await store.save(bookingId, { facts: {} }, read, expiresAtEpoch)).toBe(false);
    expect((await store.load(bookingId))?.record).toEqual(record);
  });

  test('of many first writes one succeeds', async () => {
    const store = create();
    const bookingId = randomUUID();
    const saved = await Promise.all(
      Array.from({ length: 10 }, () => store.save(bookingId, record, undefined, expiresAtEpoch)),
    );
    expect(saved.filter(Boolean)).toHaveLength(1);
  });
});

test('DynamoDB: the item has the time when it expires', async () => {
  const client = DynamoDBDocumentClient.from(dynamoDb.client);
  const bookingId = randomUUID();
  await createDynamoDbReceiptStore(client, 'receipts').save(bookingId, record, undefined, expiresAtEpoch);
  const key = { pk: `BOOKING#${bookingId}`, sk: 'RECORD' };
  const { Item } = await client.send(new GetCommand({ TableName: 'receipts', Key: key }));
  expect(Item).toMatchObject({ expiresAtEpoch });
});

import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { type DynamoDbForTests, startDynamoDb } from '@airline/local-cloud/test/support/start-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { ReceiptsRecord } from '../src/domain.ts';
import { createDynamoDbReceiptStore } from '../src/dynamodb-receipt-store.ts';
import { createInMemoryReceiptStore } from '../src/in-memory-receipt-store.ts';
import type { ReceiptStore } from '../src/receipt-store.ts';

const record: ReceiptsRecord = {
  facts: { SeatBooked: { flightId: 'KL1001-20261218', seats: ['12A'] } },
  dueBecause: { metadata: { eventId: 'e' } },
  receipt: { number: 'R-7K2M-9QXD-4TBN', issuedAt: '2026-12-01T09:30:00.000Z', messageId: 'm' },
};
const forgetAt = 1_800_000_000;

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
  test('a record is written on what was read, and on nothing else', async () => {
    const store = create();
    const bookingId = randomUUID();
    expect(await store.load(bookingId)).toBeUndefined();
    expect(await store.save(bookingId, { facts: {} }, undefined, forgetAt)).toBe(true);
    expect(await store.save(bookingId, record, undefined, forgetAt)).toBe(false);
    const read = await store.load(bookingId);
    expect(read?.record).toEqual({ facts: {} });
    expect(await store.save(bookingId, record, read, forgetAt)).toBe(true);
    expect(await store.save(bookingId, { facts: {} }, read, forgetAt)).toBe(false);
    expect((await store.load(bookingId))?.record).toEqual(record);
  });

  test('of many writes on the same reading, one succeeds', async () => {
    const store = create();
    const bookingId = randomUUID();
    const saved = await Promise.all(
      Array.from({ length: 10 }, () => store.save(bookingId, record, undefined, forgetAt)),
    );
    expect(saved.filter(Boolean)).toHaveLength(1);
  });
});

test('DynamoDB: the item says when it may be forgotten', async () => {
  const client = DynamoDBDocumentClient.from(dynamoDb.client);
  const bookingId = randomUUID();
  await createDynamoDbReceiptStore(client, 'receipts').save(bookingId, record, undefined, forgetAt);
  const key = { pk: `BOOKING#${bookingId}`, sk: 'RECORD' };
  const { Item } = await client.send(new GetCommand({ TableName: 'receipts', Key: key }));
  expect(Item).toMatchObject({ expiresAtEpoch: forgetAt });
});

import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type DynamoDbForTests, startDynamoDb } from '@airline/local-cloud/test/support/start-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createDynamoDbFactStore } from '../src/dynamodb-fact-store.ts';
import type { FactStore } from '../src/fact-store.ts';
import { createInMemoryFactStore } from '../src/in-memory-fact-store.ts';
import { events, facts, happy } from './fixtures.ts';

let dynamoDb: DynamoDbForTests;

beforeAll(async () => {
  dynamoDb = await startDynamoDb();
  await dynamoDb.createTable('status');
});
afterAll(() => dynamoDb.stop());

const adapters: [string, () => FactStore][] = [
  ['in memory', createInMemoryFactStore],
  ['DynamoDB', () => createDynamoDbFactStore(DynamoDBDocumentClient.from(dynamoDb.client), 'status')],
];

describe.each(adapters)('fact store: %s', (_, create) => {
  test('an unknown booking has no facts', async () => {
    expect(await create().list(randomUUID())).toEqual([]);
  });

  test('list returns the facts of this booking unchanged, and no others', async () => {
    const store = create();
    const bookingId = randomUUID();
    const kept = facts(...happy, events.seatUnavailable(), events.paymentFailed('declined', 'do_not_honor'));
    for (const fact of kept) expect(await store.keep(bookingId, fact)).toBe(true);
    await store.keep(randomUUID(), kept[0]!);
    const listed = await store.list(bookingId);
    expect(listed).toHaveLength(kept.length);
    expect(listed).toEqual(expect.arrayContaining(kept));
  });

  test('keep does not replace a fact of the same type', async () => {
    const store = create();
    const bookingId = randomUUID();
    const [first, second] = facts(events.seatUnavailable('taken'), events.seatUnavailable('departed'));
    expect(await store.keep(bookingId, first!)).toBe(true);
    expect(await store.keep(bookingId, second!)).toBe(false);
    expect(await store.list(bookingId)).toEqual([first]);
  });

  test('of many concurrent runs that keep the same fact, one stores it', async () => {
    const store = create();
    const bookingId = randomUUID();
    const [fact] = facts(events.requested());
    const kept = await Promise.all(Array.from({ length: 10 }, () => store.keep(bookingId, fact!)));
    expect(kept.filter(Boolean)).toHaveLength(1);
  });

  test('of many concurrent runs that claim to count a failure, one succeeds, and no fact is stored', async () => {
    const store = create();
    const bookingId = randomUUID();
    const claims = await Promise.all(Array.from({ length: 10 }, () => store.claimFailure(bookingId)));
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await store.claimFailure(bookingId)).toBe(false);
    expect(await store.claimFailure(randomUUID())).toBe(true);
    expect(await store.list(bookingId)).toEqual([]);
  });
});

import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type DynamoDbForTests, startDynamoDb } from '@airline/local-cloud/test/support/start-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createDynamoDbFactStore } from '../src/dynamodb-fact-store.ts';
import type { FactStore, IndexedBooking } from '../src/fact-store.ts';
import { createInMemoryFactStore } from '../src/in-memory-fact-store.ts';
import { listUnsettled, oldestUnsettled, unsettledIndex } from '../src/unsettled-index.ts';
import { events, facts, happy } from './fixtures.ts';

let dynamoDb: DynamoDbForTests;

beforeAll(async () => {
  dynamoDb = await startDynamoDb();
  await dynamoDb.createTable('status', {
    [unsettledIndex.name]: [unsettledIndex.partitionKey, unsettledIndex.sortKey],
  });
});
afterAll(() => dynamoDb.stop());

type ListedStore = FactStore & { listUnsettled(before?: string): Promise<IndexedBooking[]> };

const adapters: [string, () => ListedStore][] = [
  ['in memory', createInMemoryFactStore],
  [
    'DynamoDB',
    () => {
      const client = DynamoDBDocumentClient.from(dynamoDb.client);
      return {
        ...createDynamoDbFactStore(client, 'status'),
        listUnsettled: (before) => listUnsettled(client, 'status', before),
      };
    },
  ],
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

  const waiting = (second: number, heard: IndexedBooking['heard'] = [{ type: 'BookingRequested' }]) => ({
    since: `2026-12-01T09:30:0${second}.000Z`,
    flightId: 'KL1001-20261218',
    heard,
  });
  /** The entries of these bookings: the table is shared. */
  async function listed(store: ListedStore, ...ids: string[]): Promise<IndexedBooking[]> {
    return (await store.listUnsettled()).filter(({ bookingId }) => ids.includes(bookingId));
  }

  test('the index lists unsettled bookings, oldest first, and no fact comes of it', async () => {
    const store = create();
    const ids = Array.from({ length: 9 }, () => randomUUID());
    for (const [index, id] of ids.entries()) await store.index(id, 1, waiting(9 - index));
    const expected = ids.map((bookingId, index) => ({ bookingId, ...waiting(9 - index) })).reverse();
    expect(await listed(store, ...ids)).toEqual(expected);
    expect(await store.list(ids[0]!)).toEqual([]);
  });

  test('a booking leaves the index when it is settled, and comes back when it is not', async () => {
    const store = create();
    const id = randomUUID();
    await store.index(id, 1, waiting(1));
    await store.index(id, 4, undefined);
    expect(await listed(store, id)).toEqual([]);
    const again = waiting(5, [{ type: 'PaymentOk', money: { amountMinor: 8100, currency: 'EUR' } }]);
    await store.index(id, 5, again);
    expect(await listed(store, id)).toEqual([{ bookingId: id, ...again }]);
  });

  test('a run that knows fewer facts, or as many, changes nothing', async () => {
    const store = create();
    const id = randomUUID();
    await store.index(id, 4, undefined);
    for (const facts of [3, 4]) await store.index(id, facts, waiting(1));
    expect(await listed(store, id)).toEqual([]);
  });
});

test('the index finds what waits since before a time, and since when the oldest waits', async () => {
  const client = DynamoDBDocumentClient.from(dynamoDb.client);
  await dynamoDb.createTable('other', {
    [unsettledIndex.name]: [unsettledIndex.partitionKey, unsettledIndex.sortKey],
  });
  expect(await oldestUnsettled(client, 'other')).toBeUndefined();
  const store = createDynamoDbFactStore(client, 'other');
  const times = [3, 1, 2].map((minute) => `2026-12-01T09:3${minute}:00.000Z`);
  for (const since of times) await store.index(randomUUID(), 1, { since, heard: [] });
  expect(await oldestUnsettled(client, 'other')).toBe(times[1]);
  expect((await listUnsettled(client, 'other', times[0])).map(({ since }) => since)).toEqual([times[1], times[2]]);
});

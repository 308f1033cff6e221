import { type DynamoDBDocumentClient, paginateQuery, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { createHash } from 'node:crypto';
import type { Unsettled } from './domain.ts';
import type { IndexedBooking } from './fact-store.ts';

/** The sparse index of the unsettled bookings: only items with its partition key are in it. */
export const unsettledIndex = {
  name: 'unsettled',
  partitionKey: 'shard',
  sortKey: 'since',
  /** What it has besides the keys. */
  attributes: ['flightId', 'heard'],
} as const;

/**
 * A partition takes 1,000 writes a second
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html), and a busy index
 * would slow down the table. Each booking has one of these partitions.
 */
const shards = ['0', '1', '2', '3', '4', '5', '6', '7'];

/** The attributes of a booking in the index. A list would take twice as long to read, with 10,000 bookings. */
export function entryOf(bookingId: string, { heard, ...unsettled }: Unsettled): Record<string, unknown> {
  const shard = shards[createHash('sha256').update(bookingId).digest()[0]! % shards.length]!;
  return { shard, ...unsettled, heard: JSON.stringify(heard) };
}

/** The unsettled bookings, oldest first. The index may be a moment behind the table. @param before RFC 3339 UTC */
export async function listUnsettled(
  client: DynamoDBDocumentClient,
  tableName: string,
  before?: string,
): Promise<IndexedBooking[]> {
  const found = await Promise.all(
    shards.map(async (shard) => {
      const bookings: IndexedBooking[] = [];
      for await (const { Items = [] } of paginateQuery({ client }, queryOf(tableName, shard, before)))
        bookings.push(...Items.map(toBooking));
      return bookings;
    }),
  );
  return found.flat().toSorted((a, b) => (a.since < b.since ? -1 : a.since > b.since ? 1 : 0));
}

/** Since when the oldest one waits (RFC 3339 UTC). */
export async function oldestUnsettled(client: DynamoDBDocumentClient, tableName: string): Promise<string | undefined> {
  const first = await Promise.all(
    shards.map(async (shard) => {
      const { Items = [] } = await client.send(new QueryCommand({ ...queryOf(tableName, shard), Limit: 1 }));
      return Items.map(({ since }) => since as string);
    }),
  );
  return first.flat().sort()[0];
}

function queryOf(TableName: string, shard: string, before?: string) {
  const { name, partitionKey, sortKey } = unsettledIndex;
  return {
    TableName,
    IndexName: name,
    KeyConditionExpression: before === undefined ? '#shard = :shard' : '#shard = :shard AND #since < :before',
    ExpressionAttributeNames: { '#shard': partitionKey, ...(before !== undefined && { '#since': sortKey }) },
    ExpressionAttributeValues: { ':shard': shard, ...(before !== undefined && { ':before': before }) },
  };
}

function toBooking({ pk, since, flightId, heard }: Record<string, unknown>): IndexedBooking {
  return {
    bookingId: String(pk).slice('BOOKING#'.length),
    since: String(since),
    ...(flightId !== undefined && { flightId: flightId as string }),
    heard: JSON.parse(heard as string) as IndexedBooking['heard'],
  };
}

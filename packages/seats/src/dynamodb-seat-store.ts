import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  paginateQuery,
  PutCommand,
} from '@aws-sdk/lib-dynamodb';
import { setTimeout as pause } from 'node:timers/promises';
import type { Flight, SeatsRecord } from './domain.ts';
import { dayItemOf, listFlights, listingOf } from './dynamodb-flight-list.ts';
import type { SeatStore, Stored } from './seat-store.ts';

type Key = { pk: string; sk: string };
type Item = Record<string, unknown> & Key;

/** The limit of BatchGetItem. */
const maximumKeys = 100;
/** Requests for the same keys. With their pauses they take at most 1.6 seconds. */
const attempts = 6;
const firstPauseMilliseconds = 50;

const bookingKey = (bookingId: string): Key => ({ pk: `BOOKING#${bookingId}`, sk: 'RECORD' });
const flightKey = (flightId: string): Key => ({ pk: `FLIGHT#${flightId}`, sk: 'LAYOUT' });
const seatKey = (flightId: string, seat: string): Key => ({ pk: `FLIGHT#${flightId}`, sk: `SEAT#${seat}` });

export interface SeatStoreOptions {
  /** Waits between attempts at a read; injected by tests. @default setTimeout */
  sleep?: (milliseconds: number) => Promise<void>;
}

/**
 * One table with four kinds of items (pk, sk):
 * - a booking's record: `BOOKING#id`, `RECORD`
 * - a flight with its layout: `FLIGHT#id`, `LAYOUT`
 * - a claimed seat: `FLIGHT#id`, `SEAT#12A`. A free seat has no item.
 * - a day with flights: `DAYS`, `2026-12-18`
 */
export function createDynamoDbSeatStore(
  client: DynamoDBDocumentClient,
  tableName: string,
  { sleep = pause }: SeatStoreOptions = {},
): SeatStore {
  /** @throws Error when DynamoDB leaves keys unread in every attempt: a part of the items would be a wrong answer */
  async function getAll(keys: readonly Key[]): Promise<Item[]> {
    const items: Item[] = [];
    for (let start = 0; start < keys.length; start += maximumKeys)
      items.push(...(await getBatch(keys.slice(start, start + maximumKeys))));
    return items;
  }

  /**
   * DynamoDB answers without some of the items, and without an error, when it is throttled or the items are large
   * (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html, which asks for pauses). The
   * SDK repeats a request only after an error.
   */
  async function getBatch(keys: readonly Key[]): Promise<Item[]> {
    const items: Item[] = [];
    let unread = keys;
    for (let attempt = 1; attempt <= attempts; attempt++) {
      // Each waits for a random part of the time, so that readers that were throttled together do not return together.
      if (attempt > 1) await sleep(firstPauseMilliseconds * 2 ** (attempt - 2) * (0.5 + Math.random() / 2));
      const { Responses, UnprocessedKeys } = await client.send(
        new BatchGetCommand({ RequestItems: { [tableName]: { Keys: [...unread], ConsistentRead: true } } }),
      );
      items.push(...((Responses?.[tableName] ?? []) as Item[]));
      unread = (UnprocessedKeys?.[tableName]?.Keys ?? []) as Key[];
      if (unread.length === 0) return items;
    }
    throw new Error(`DynamoDB left ${unread.length} of ${keys.length} keys unread in ${attempts} requests.`);
  }

  return {
    async scheduleFlight(flight, version) {
      // First the day: if a run crashes in between, a day without flights is read in vain, but no flight is unlisted.
      await client.send(new PutCommand({ TableName: tableName, Item: dayItemOf(flight) }));
      await unlessConditionFails(
        client.send(
          new PutCommand({
            TableName: tableName,
            Item: { ...flightKey(flight.flightId), ...listingOf(flight), version, flight },
            ConditionExpression: 'attribute_not_exists(pk) OR version <= :version',
            ExpressionAttributeValues: { ':version': version },
          }),
        ),
      );
    },

    async viewRequest({ bookingId, flightId, seats }) {
      const items = await getAll([
        bookingKey(bookingId),
        flightKey(flightId),
        ...seats.map((seat) => seatKey(flightId, seat)),
      ]);
      return {
        stored: toStored(items.find(({ sk }) => sk === 'RECORD')),
        flight: items.find(({ sk }) => sk === 'LAYOUT')?.flight as Flight | undefined,
        holders: new Map(items.filter(isSeat).map(({ sk, bookingId: holder }) => [seatOf(sk), holder as string])),
      };
    },

    async load(bookingId) {
      const { Item } = await client.send(
        new GetCommand({ TableName: tableName, Key: bookingKey(bookingId), ConsistentRead: true }),
      );
      return toStored(Item);
    },

    async save(bookingId, record, read) {
      return unlessConditionFails(
        client.send(
          new PutCommand({
            TableName: tableName,
            Item: { ...bookingKey(bookingId), version: (read?.version ?? 0) + 1, record },
            ...(read
              ? { ConditionExpression: 'version = :read', ExpressionAttributeValues: { ':read': read.version } }
              : { ConditionExpression: 'attribute_not_exists(pk)' }),
          }),
        ),
      );
    },

    async claimSeat(flightId, seat, bookingId) {
      return unlessConditionFails(
        client.send(
          new PutCommand({
            TableName: tableName,
            Item: { ...seatKey(flightId, seat), bookingId },
            ConditionExpression: 'attribute_not_exists(pk) OR bookingId = :bookingId',
            ExpressionAttributeValues: { ':bookingId': bookingId },
          }),
        ),
      );
    },

    async freeSeats(flightId, seats, bookingId) {
      await Promise.all(
        seats.map((seat) =>
          unlessConditionFails(
            client.send(
              new DeleteCommand({
                TableName: tableName,
                Key: seatKey(flightId, seat),
                ConditionExpression: 'bookingId = :bookingId',
                ExpressionAttributeValues: { ':bookingId': bookingId },
              }),
            ),
          ),
        ),
      );
    },

    listFlights: (filters, after, limit) => listFlights({ client, tableName }, filters, after, limit),

    async seatMap(flightId) {
      const items: Item[] = [];
      const pages = paginateQuery(
        { client },
        {
          TableName: tableName,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': flightKey(flightId).pk },
          ConsistentRead: true,
        },
      );
      for await (const { Items = [] } of pages) items.push(...(Items as Item[]));
      const flight = items.find(({ sk }) => sk === 'LAYOUT')?.flight as Flight | undefined;
      if (!flight) return undefined;

      // Only the booking's record shows whether a claimed seat is held or sold, so there is nothing to keep in sync.
      const claims = items.filter(isSeat);
      const records = await getAll([...new Set(claims.map(({ bookingId }) => bookingId as string))].map(bookingKey));
      const sold = new Set(records.filter((item) => (item.record as SeatsRecord).state === 'SOLD').map(({ pk }) => pk));
      return {
        flight,
        claimed: new Map(
          claims.map(({ sk, bookingId }) => [
            seatOf(sk),
            sold.has(bookingKey(bookingId as string).pk) ? 'sold' : 'held',
          ]),
        ),
      };
    },
  };
}

function toStored(item: Record<string, unknown> | undefined): Stored | undefined {
  return item && { record: item.record as SeatsRecord, version: item.version as number };
}

function isSeat({ sk }: Item): boolean {
  return sk.startsWith('SEAT#');
}

function seatOf(sk: string): string {
  return sk.slice('SEAT#'.length);
}

/** @returns true if the item was written, false if the condition failed. @throws any other error of the write */
async function unlessConditionFails(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

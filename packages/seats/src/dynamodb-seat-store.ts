import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  paginateQuery,
  PutCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Flight, SeatsRecord } from './domain.ts';
import type { SeatStore, Stored } from './seat-store.ts';

type Key = { pk: string; sk: string };
type Item = Record<string, unknown> & Key;

/** The index that lists flights by departure. */
export const flightsIndexName = 'flights-by-departure';
/** All flights bear it: the partition key of the index. */
const listing = 'FLIGHT';
/** BatchGetItem takes at most a hundred keys. */
const maximumKeys = 100;

const bookingKey = (bookingId: string): Key => ({ pk: `BOOKING#${bookingId}`, sk: 'RECORD' });
const flightKey = (flightId: string): Key => ({ pk: `FLIGHT#${flightId}`, sk: 'LAYOUT' });
const seatKey = (flightId: string, seat: string): Key => ({ pk: `FLIGHT#${flightId}`, sk: `SEAT#${seat}` });

/**
 * One table: a booking's record (`BOOKING#id`, `RECORD`), a flight's layout (`FLIGHT#id`, `LAYOUT`) and beside it one item for
 * each seat that someone claimed (`FLIGHT#id`, `SEAT#12A`). A free seat has no item.
 */
export function createDynamoDbSeatStore(client: DynamoDBDocumentClient, tableName: string): SeatStore {
  async function getAll(keys: Key[]): Promise<Item[]> {
    const items: Item[] = [];
    let waiting = keys;
    while (waiting.length > 0) {
      const { Responses, UnprocessedKeys } = await client.send(
        new BatchGetCommand({
          RequestItems: { [tableName]: { Keys: waiting.slice(0, maximumKeys), ConsistentRead: true } },
        }),
      );
      items.push(...((Responses?.[tableName] ?? []) as Item[]));
      waiting = [...((UnprocessedKeys?.[tableName]?.Keys ?? []) as Key[]), ...waiting.slice(maximumKeys)];
    }
    return items;
  }

  return {
    async scheduleFlight(flight, saidAt) {
      await unlessConditionFails(
        client.send(
          new PutCommand({
            TableName: tableName,
            Item: {
              ...flightKey(flight.flightId),
              listing,
              departureTime: sortable(flight.departureTime),
              saidAt,
              flight,
            },
            ConditionExpression: 'attribute_not_exists(pk) OR saidAt <= :saidAt',
            ExpressionAttributeValues: { ':saidAt': saidAt },
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

    async listFlights(departingAfter) {
      const flights: Flight[] = [];
      const pages = paginateQuery(
        { client },
        {
          TableName: tableName,
          IndexName: flightsIndexName,
          KeyConditionExpression: 'listing = :listing AND departureTime > :departingAfter',
          ExpressionAttributeValues: { ':listing': listing, ':departingAfter': sortable(departingAfter) },
        },
      );
      for await (const { Items = [] } of pages) flights.push(...Items.map(({ flight }) => flight as Flight));
      return flights;
    },

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

      // Whether a claimed seat is held or sold stands in its booking's record, and nowhere else: nothing to keep in step.
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

/** The index sorts text: every time with the same digits. */
function sortable(time: string | Date): string {
  return new Date(time).toISOString();
}

function isSeat({ sk }: Item): boolean {
  return sk.startsWith('SEAT#');
}

function seatOf(sk: string): string {
  return sk.slice('SEAT#'.length);
}

/** @returns whether the write happened: false when its condition failed; other failures are thrown */
async function unlessConditionFails(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

/** What the smoke test reads of the table of seats, key by key. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, paginateQuery, type QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import type { SeatsRecord } from '../../packages/seats/src/domain.ts';
import type { Target } from '../airline/target.ts';
import { smokeRoute } from './smoke-flight.ts';

/** The record that seats has of a booking. */
export async function seatsRecord(target: Target, bookingId: string): Promise<SeatsRecord | undefined> {
  const [item] = await query(target, {
    KeyConditionExpression: 'pk = :pk AND sk = :sk',
    ExpressionAttributeValues: { ':pk': `BOOKING#${bookingId}`, ':sk': 'RECORD' },
    ConsistentRead: true,
  });
  return item?.record as SeatsRecord | undefined;
}

/** The bookings that have a seat of a smoke flight which departed in this time. */
export async function bookingsOnFlights(target: Target, from: Date, to: Date): Promise<string[]> {
  const flights = await query(target, {
    IndexName: 'flights-by-route',
    KeyConditionExpression: 'route = :route AND departure BETWEEN :from AND :to',
    ExpressionAttributeValues: { ':route': smokeRoute, ':from': from.toISOString(), ':to': to.toISOString() },
  });
  const claims = await Promise.all(
    flights.map(({ pk }) =>
      query(target, {
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :seat)',
        ExpressionAttributeValues: { ':pk': pk, ':seat': 'SEAT#' },
        ConsistentRead: true,
      }),
    ),
  );
  return [...new Set(claims.flat().map(({ bookingId }) => bookingId as string))];
}

async function query(target: Target, input: Omit<QueryCommandInput, 'TableName'>): Promise<Record<string, unknown>[]> {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(target.clientConfig));
  const items: Record<string, unknown>[] = [];
  try {
    const pages = paginateQuery({ client }, { ...input, TableName: `${target.airline}-seats` });
    for await (const { Items = [] } of pages) items.push(...Items);
  } finally {
    client.destroy();
  }
  return items;
}

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { type AwsClientStub, mockClient } from 'aws-sdk-client-mock';
import { listFlights, listingOf } from '../src/dynamodb-flight-list.ts';
import { type FlightFilters, positionAfter, positionOf, startOfDay } from '../src/flight-list.ts';
import { flight } from './fixtures.ts';

let dynamoDb: AwsClientStub<DynamoDBDocumentClient>;
let client: DynamoDBDocumentClient;
const after = positionAfter(new Date('2026-12-01T09:30:00Z'));

beforeEach(() => {
  client = DynamoDBDocumentClient.from(new DynamoDBClient());
  dynamoDb = mockClient(client);
  dynamoDb.on(QueryCommand).resolves({});
});

const list = (filters: FlightFilters, limit = 100) =>
  listFlights({ client, tableName: 'seats' }, filters, after, limit);
const queries = (): QueryCommandInput[] => dynamoDb.commandCalls(QueryCommand).map(({ args: [{ input }] }) => input);
/** Answers the query for the days that have flights. */
const answerDays = (days: string[]) =>
  dynamoDb
    .on(QueryCommand, { ExpressionAttributeValues: { ':days': 'DAYS', ':day': '2026-12-01' } })
    .callsFake(({ Limit }: QueryCommandInput) => ({ Items: days.slice(0, Limit).map((sk) => ({ sk })) }));

describe('one query of one partition', () => {
  test.each<[FlightFilters, string, string]>([
    [{ date: '2026-12-18' }, 'flights-by-day', '2026-12-18'],
    [{ date: '2026-12-18', origin: 'AMS' }, 'flights-by-day', '2026-12-18'],
    [{ origin: 'AMS', destination: 'ABZ' }, 'flights-by-route', 'AMS#ABZ'],
    [{ origin: 'AMS', destination: 'ABZ', date: '2026-12-18' }, 'flights-by-route', 'AMS#ABZ'],
    [{ flightNumber: 'KL1001' }, 'flights-by-number', 'KL1001'],
    [{ flightNumber: 'KL1001', origin: 'AMS', destination: 'ABZ', date: '2026-12-18' }, 'flights-by-number', 'KL1001'],
  ])('answers %j', async (filters, index, partition) => {
    await list(filters);
    expect(queries().map(({ IndexName }) => IndexName)).toEqual([index]);
    expect(queries()[0]!.ExpressionAttributeValues![':partition']).toBe(partition);
  });

  test('reads no more of a day than the page has, and one', async () => {
    await list({ date: '2026-12-18' }, 7);
    expect(queries()[0]!.Limit).toBe(8);
  });

  test('no query is sent for a day that is over', async () => {
    expect(await list({ date: '2026-11-30' })).toEqual({ flights: [] });
    expect(queries()).toEqual([]);
  });
});

describe('the reads of a page are bounded', () => {
  const days = Array.from({ length: 40 }, (_, day) => new Date(Date.UTC(2027, 0, 1 + day)).toISOString().slice(0, 10));

  test('without filters: one query for the days that have flights, and at most twenty days', async () => {
    answerDays(days);
    expect(await list({})).toEqual({ flights: [], next: startOfDay(days[20]!) });
    const partitions = queries().map((query) => query.ExpressionAttributeValues![':partition'] as unknown);
    expect(partitions).toEqual([undefined, ...days.slice(0, 20)]);
  });

  test('exactly twenty days are the last page', async () => {
    answerDays(days.slice(0, 20));
    expect(await list({})).toEqual({ flights: [] });
  });

  test.each<[FlightFilters]>([[{ origin: 'JFK' }], [{ date: '2026-12-18', origin: 'JFK' }]])(
    'a filter that nothing matches, %j: at most 1,000 flights, and the next page continues after them',
    async (filters) => {
      const read = flight({ departureTime: '2026-12-18T12:00:00Z' });
      answerDays(['2026-12-18']);
      dynamoDb.on(QueryCommand, { IndexName: 'flights-by-day' }).callsFake(({ Limit }: QueryCommandInput) => ({
        Items: [],
        ScannedCount: Math.min(Limit!, 300),
        LastEvaluatedKey: listingOf(read),
      }));
      expect(await list(filters)).toEqual({ flights: [], next: positionOf(read) });
      const limits = queries().flatMap(({ IndexName, Limit }) => (IndexName ? [Limit] : []));
      expect(limits).toEqual([1000, 700, 400, 100]);
    },
  );

  test('a query that fails is an error, not a shorter list', async () => {
    const throttled = new Error('throttled');
    dynamoDb.on(QueryCommand).rejects(throttled);
    await expect(list({})).rejects.toBe(throttled);
  });
});

import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  ProvisionedThroughputExceededException,
} from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  type BatchGetCommandInput,
  type BatchGetCommandOutput,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  type PutCommandInput,
  QueryCommand,
} from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { type AwsClientStub, mockClient } from 'aws-sdk-client-mock';
import { hold } from '../src/domain.ts';
import { createDynamoDbSeatStore } from '../src/dynamodb-seat-store.ts';
import type { SeatStore } from '../src/seat-store.ts';
import { flight, holdRules, now, request } from './fixtures.ts';

type Item = Record<string, unknown> & { pk: string; sk: string };
type Key = Pick<Item, 'pk' | 'sk'>;

const tableName = 'seats';
const booking = request({ seats: ['12A', '12C'] });
const { bookingId, flightId } = booking;
const record = hold(booking, holdRules, now, { metadata: { eventId: 'e' } });
const recordItem: Item = { pk: `BOOKING#${bookingId}`, sk: 'RECORD', record, version: 3 };
const flightItem: Item = { pk: `FLIGHT#${flightId}`, sk: 'LAYOUT', flight: flight() };
const seatItem = (seat: string, holder: string): Item => ({
  pk: `FLIGHT#${flightId}`,
  sk: `SEAT#${seat}`,
  bookingId: holder,
});

const throttled = new ProvisionedThroughputExceededException({ message: 'Too many requests', $metadata: {} });
const conditionFailed = new ConditionalCheckFailedException({
  message: 'The conditional request failed',
  $metadata: {},
});

let dynamoDb: AwsClientStub<DynamoDBDocumentClient>;
let store: SeatStore;
let pauses: number[];

beforeEach(() => {
  pauses = [];
  const client = DynamoDBDocumentClient.from(new DynamoDBClient());
  dynamoDb = mockClient(client);
  store = createDynamoDbSeatStore(client, tableName, {
    sleep: async (milliseconds) => void pauses.push(milliseconds),
  });
});

/** The keys of each BatchGetItem request. */
const batches = (): Key[][] =>
  dynamoDb.commandCalls(BatchGetCommand).map(({ args: [{ input }] }) => input.RequestItems![tableName]!.Keys as Key[]);

/** Answers BatchGetItem with the items. Of the n-th request only the first `limits[n]` keys are processed. */
function answerBatches(items: readonly Item[], limits: readonly number[] = []): void {
  dynamoDb.on(BatchGetCommand).callsFake(({ RequestItems }: BatchGetCommandInput): Partial<BatchGetCommandOutput> => {
    const keys = RequestItems![tableName]!.Keys as Key[];
    const limit = limits[batches().length - 1] ?? keys.length;
    const answered = keys.slice(0, limit);
    const unprocessed = keys.slice(limit);
    return {
      Responses: {
        [tableName]: items.filter(({ pk, sk }) => answered.some((key) => key.pk === pk && key.sk === sk)),
      },
      UnprocessedKeys: unprocessed.length > 0 ? { [tableName]: { Keys: unprocessed, ConsistentRead: true } } : {},
    };
  });
}

describe('BatchGetItem', () => {
  const items = [recordItem, flightItem, seatItem('12C', 'another')];
  const view = { stored: { record, version: 3 }, flight: flight(), holders: new Map([['12C', 'another']]) };

  test('reads a request with one consistent read', async () => {
    answerBatches(items);
    expect(await store.viewRequest(booking)).toEqual(view);
    expect(batches()).toEqual([
      [
        { pk: `BOOKING#${bookingId}`, sk: 'RECORD' },
        { pk: `FLIGHT#${flightId}`, sk: 'LAYOUT' },
        { pk: `FLIGHT#${flightId}`, sk: 'SEAT#12A' },
        { pk: `FLIGHT#${flightId}`, sk: 'SEAT#12C' },
      ],
    ]);
    expect(dynamoDb.commandCalls(BatchGetCommand)[0]!.args[0].input.RequestItems![tableName]!.ConsistentRead).toBe(
      true,
    );
  });

  test.each([
    ['some keys', [2], [4, 2]],
    ['some keys again and again', [1, 1, 1], [4, 3, 2, 1]],
    ['all keys', [0, 0], [4, 4, 4]],
  ])(
    'that leaves %s unprocessed is repeated with these keys after a pause, and nothing is lost',
    async (_, limits, lengths) => {
      answerBatches(items, limits);
      expect(await store.viewRequest(booking)).toEqual(view);
      expect(batches().map(({ length }) => length)).toEqual(lengths);
      const answered = limits.flatMap((limit, index) => batches()[index]!.slice(0, limit));
      expect([...answered, ...batches().at(-1)!]).toEqual(batches()[0]);
      expect(pauses).toHaveLength(limits.length);
    },
  );

  test('that leaves keys unprocessed again and again throws after six attempts, with longer and longer pauses', async () => {
    answerBatches(items, [1, 0, 0, 0, 0, 0, 0]);
    await expect(store.viewRequest(booking)).rejects.toThrow('DynamoDB left 3 of 4 keys unread in 6 requests.');
    expect(batches().map(({ length }) => length)).toEqual([4, 3, 3, 3, 3, 3]);
    expect(pauses).toHaveLength(5);
    pauses.forEach((milliseconds, index) => {
      expect(milliseconds).toBeGreaterThanOrEqual(25 * 2 ** index);
      expect(milliseconds).toBeLessThanOrEqual(50 * 2 ** index);
    });
  });

  test('that leaves keys unprocessed again and again takes no more requests while it really waits', async () => {
    const client = DynamoDBDocumentClient.from(new DynamoDBClient());
    dynamoDb = mockClient(client);
    answerBatches(items, Array<number>(100).fill(0));
    const began = Date.now();
    await expect(createDynamoDbSeatStore(client, tableName).viewRequest(booking)).rejects.toThrow('unread');
    expect(batches()).toHaveLength(6);
    expect(Date.now() - began).toBeGreaterThanOrEqual(25 * (1 + 2 + 4 + 8 + 16) - 10);
  });

  test('that is throttled throws: the message fails and is delivered again', async () => {
    dynamoDb.on(BatchGetCommand).rejects(throttled);
    await expect(store.viewRequest(booking)).rejects.toBe(throttled);
  });

  test('that is throttled when it is repeated throws as well, and returns no incomplete view', async () => {
    dynamoDb
      .on(BatchGetCommand)
      .resolvesOnce({
        Responses: { [tableName]: [recordItem, flightItem] },
        UnprocessedKeys: { [tableName]: { Keys: [{ pk: `FLIGHT#${flightId}`, sk: 'SEAT#12C' }] } },
      })
      .rejects(throttled);
    await expect(store.viewRequest(booking)).rejects.toBe(throttled);
    expect(batches().map(({ length }) => length)).toEqual([4, 1]);
  });
});

describe('the seat map of a flight with more than a hundred bookings', () => {
  const letters = ['A', 'C', 'D', 'F'];
  const holders = Array.from({ length: 150 }, (_, index) => `booking-${index}`);
  const seatOf = (index: number): string => `${6 + Math.floor(index / 4)}${letters[index % 4]}`;
  const records = holders.map((holder, index): Item => ({
    pk: `BOOKING#${holder}`,
    sk: 'RECORD',
    record: { state: index % 2 === 0 ? 'SOLD' : 'HELD' },
    version: 1,
  }));

  beforeEach(() => {
    dynamoDb
      .on(QueryCommand)
      .resolves({ Items: [flightItem, ...holders.map((holder, index) => seatItem(seatOf(index), holder))] });
  });

  async function expectCompleteMap(): Promise<void> {
    const map = await store.seatMap(flightId);
    expect(map!.claimed).toEqual(
      new Map(holders.map((_, index) => [seatOf(index), index % 2 === 0 ? 'sold' : 'held'])),
    );
  }

  test('is read in requests of at most 100 keys', async () => {
    answerBatches(records);
    await expectCompleteMap();
    expect(batches().map(({ length }) => length)).toEqual([100, 50]);
  });

  test('is complete when a request leaves keys unprocessed', async () => {
    answerBatches(records, [40, 100, 3]);
    await expectCompleteMap();
    expect(batches().map(({ length }) => length)).toEqual([100, 60, 50, 47]);
    expect(pauses).toHaveLength(2);
  });

  test('is not returned when a request is throttled: a seat would be shown as held that is sold', async () => {
    answerBatches(records);
    dynamoDb.on(BatchGetCommand).rejects(throttled);
    await expect(store.seatMap(flightId)).rejects.toBe(throttled);
  });

  test('is not returned when its second page is throttled', async () => {
    dynamoDb
      .on(QueryCommand)
      .resolvesOnce({ Items: [flightItem], LastEvaluatedKey: { pk: flightItem.pk, sk: flightItem.sk } })
      .rejects(throttled);
    await expect(store.seatMap(flightId)).rejects.toBe(throttled);
    expect(dynamoDb.commandCalls(QueryCommand)).toHaveLength(2);
  });
});

describe('a write', () => {
  const writes: [string, () => Promise<unknown>][] = [
    ['save', () => store.save(bookingId, record, undefined)],
    ['claimSeat', () => store.claimSeat(flightId, '12A', bookingId)],
  ];

  test.each(writes)('%s returns false when its condition failed', async (_, write) => {
    dynamoDb.on(PutCommand).rejects(conditionFailed);
    expect(await write()).toBe(false);
  });

  test.each([...writes, ['scheduleFlight', () => store.scheduleFlight(flight(), now)] as const])(
    '%s that is throttled throws, since it is not known that its condition failed',
    async (_, write) => {
      dynamoDb.on(PutCommand).rejects(throttled);
      await expect(write()).rejects.toBe(throttled);
    },
  );

  test('scheduleFlight leaves a newer flight as it is', async () => {
    dynamoDb.on(PutCommand).callsFake(({ ConditionExpression }: PutCommandInput) => {
      if (ConditionExpression !== undefined) throw conditionFailed;
      return {};
    });
    await expect(store.scheduleFlight(flight(), now)).resolves.toBeUndefined();
  });

  test('scheduleFlight writes the day of the flight first, and no flight if that fails: it would not be listed', async () => {
    const written = (): unknown[] =>
      dynamoDb.commandCalls(PutCommand).map(({ args: [{ input }] }) => input.Item!.pk as unknown);
    dynamoDb.on(PutCommand).resolves({});
    await store.scheduleFlight(flight(), now);
    expect(written()).toEqual(['DAYS', `FLIGHT#${flightId}`]);
    dynamoDb.reset();
    dynamoDb.on(PutCommand).rejects(throttled);
    await expect(store.scheduleFlight(flight(), now)).rejects.toBe(throttled);
    expect(written()).toEqual(['DAYS']);
  });

  test('freeSeats skips seats of other bookings, and throws when one seat is throttled', async () => {
    dynamoDb.on(DeleteCommand).rejectsOnce(conditionFailed).resolves({});
    await expect(store.freeSeats(flightId, ['12A', '12C'], bookingId)).resolves.toBeUndefined();
    expect(dynamoDb.commandCalls(DeleteCommand)).toHaveLength(2);

    dynamoDb.on(DeleteCommand).resolvesOnce({}).rejects(throttled);
    await expect(store.freeSeats(flightId, ['12A', '12C'], bookingId)).rejects.toBe(throttled);
  });
});

test('load throws when it is throttled', async () => {
  dynamoDb.on(GetCommand).rejects(throttled);
  await expect(store.load(bookingId)).rejects.toBe(throttled);
});

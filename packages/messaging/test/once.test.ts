import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { type DynamoDbForTests, startDynamoDb } from '@airline/local-cloud/test/support/start-dynamodb';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { createInMemoryOnce } from '../src/in-memory-once.ts';
import { AlreadyInProgressError, type Once } from '../src/once.ts';
import { createPowertoolsOnce, type PowertoolsOnceOptions } from '../src/powertools-once.ts';

let dynamoDb: DynamoDbForTests;

beforeAll(async () => {
  dynamoDb = await startDynamoDb();
  await dynamoDb.createTable('bookings');
});
afterAll(() => dynamoDb.stop());

const severalLooks = [10, 20, 40, 80, 160, 320];

function onDynamoDb(options: Partial<PowertoolsOnceOptions> & { remainingMilliseconds?: number } = {}): Once {
  const { remainingMilliseconds = 15_000, ...others } = options;
  const { once, registerLambdaContext } = createPowertoolsOnce({
    client: dynamoDb.client,
    tableName: 'bookings',
    partitionOf: (correlationId) => `BOOKING#${correlationId}`,
    sortKeyPrefix: 'ONCE',
    lifetimeSeconds: 3600,
    ...others,
  });
  registerLambdaContext({ getRemainingTimeInMillis: () => remainingMilliseconds });
  return once;
}

/** Work that ends when `finish` is called. */
function pending(): { work: () => Promise<string>; started: Promise<void>; finish: () => void } {
  let finish = (): void => undefined;
  let start = (): void => undefined;
  const started = new Promise<void>((resolve) => (start = resolve));
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const work = async (): Promise<string> => {
    start();
    await finished;
    return 'done';
  };
  return { work, started, finish };
}

const itemsOf = async (pk: string) =>
  (
    await dynamoDb.client.send(
      new QueryCommand({
        TableName: 'bookings',
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: pk } },
      }),
    )
  ).Items ?? [];

describe.each<[string, () => Once]>([
  ['in memory', createInMemoryOnce],
  ['Powertools on DynamoDB', onDynamoDb],
])('once: %s', (_, create) => {
  test('later runs get the result of the first, and do not work again', async () => {
    const once = create();
    const bookingId = randomUUID();
    const result = { kind: 'declined', declineCode: 'lost_card' };
    const work = jest.fn(() => Promise.resolve(result));
    expect(await once(bookingId, 'charge', work)).toEqual(result);
    expect(await once(bookingId, 'charge', work)).toEqual(result);
    expect(work).toHaveBeenCalledTimes(1);
  });

  test('while one run works, the others fail; afterwards they get its result', async () => {
    const once = create();
    const bookingId = randomUUID();
    const { work, started, finish } = pending();
    const first = once(bookingId, 'receipt', work);
    await started;
    await expect(once(bookingId, 'receipt', () => Promise.resolve('twice'))).rejects.toThrow(AlreadyInProgressError);
    finish();
    expect(await first).toBe('done');
    expect(await once(bookingId, 'receipt', () => Promise.resolve('twice'))).toBe('done');
  });

  test('work that failed may be tried again, and its error arrives as it was thrown', async () => {
    const once = create();
    const bookingId = randomUUID();
    const error = new Error('throttled');
    await expect(once(bookingId, 'receipt', () => Promise.reject(error))).rejects.toBe(error);
    expect(await once(bookingId, 'receipt', () => Promise.resolve('sent'))).toBe('sent');
  });

  test('bookings and operations are apart', async () => {
    const once = create();
    const bookingId = randomUUID();
    expect(await once(bookingId, 'charge', () => Promise.resolve(1))).toBe(1);
    expect(await once(bookingId, 'refund', () => Promise.resolve(2))).toBe(2);
    expect(await once(randomUUID(), 'charge', () => Promise.resolve(3))).toBe(3);
  });
});

describe('once on DynamoDB', () => {
  test('waits for a run that is soon done', async () => {
    const bookingId = randomUUID();
    const { work, started, finish } = pending();
    const first = onDynamoDb()(bookingId, 'charge', work);
    await started;
    const second = onDynamoDb({ pauses: severalLooks })(bookingId, 'charge', () => Promise.resolve('twice'));
    finish();
    expect(await Promise.all([first, second])).toEqual(['done', 'done']);
  });

  test('takes over from a run whose function timed out', async () => {
    const bookingId = randomUUID();
    const { work, started, finish } = pending();
    const dead = onDynamoDb({ remainingMilliseconds: 300 })(bookingId, 'charge', work);
    await started;
    const once = onDynamoDb({ pauses: severalLooks });
    expect(await once(bookingId, 'charge', () => Promise.resolve('taken over'))).toBe('taken over');
    finish();
    await dead;
  });

  test('a run that crashed is in the way until its function’s time is over, and no longer', async () => {
    const bookingId = randomUUID();
    let begun = (): void => undefined;
    const working = new Promise<void>((resolve) => (begun = resolve));
    void onDynamoDb({ remainingMilliseconds: 300 })(bookingId, 'receipt', () => {
      begun();
      return new Promise(() => undefined);
    });
    await working;
    const once = onDynamoDb();
    await expect(once(bookingId, 'receipt', () => Promise.resolve('again'))).rejects.toThrow(
      `The operation receipt of ${bookingId} is in progress in another run.`,
    );
    const retry = async (): Promise<string> =>
      once(bookingId, 'receipt', () => Promise.resolve('again')).catch(() => pause(50).then(retry));
    expect(await retry()).toBe('again');
  });

  test('a run that is continued after its lock expired does not begin its work', async () => {
    const work = jest.fn(() => Promise.resolve('too late'));
    await expect(onDynamoDb({ remainingMilliseconds: 1 })(randomUUID(), 'receipt', work)).rejects.toThrow('expired');
    expect(work).not.toHaveBeenCalled();
  });

  test('a run that fails after its lock expired leaves the lock to the run that has it now', async () => {
    const bookingId = randomUUID();
    let fail = (_: Error): void => undefined;
    let begun = (): void => undefined;
    const working = new Promise<void>((resolve) => (begun = resolve));
    const frozen = onDynamoDb({ remainingMilliseconds: 300 })(bookingId, 'receipt', () => {
      begun();
      return new Promise((_, reject) => (fail = reject));
    });
    await working;
    const next = pending();
    const second = onDynamoDb({ pauses: severalLooks })(bookingId, 'receipt', next.work);
    await next.started;
    fail(new Error('socket hang up'));
    await expect(frozen).rejects.toThrow('expired');
    await expect(onDynamoDb()(bookingId, 'receipt', () => Promise.resolve('twice'))).rejects.toThrow(
      AlreadyInProgressError,
    );
    next.finish();
    expect(await second).toBe('done');
  });

  test('keeps an item for each operation, with the keys and the lifetime that its service gives', async () => {
    const bookingId = randomUUID();
    const once = onDynamoDb({
      partitionOf: (correlationId, operation) => `GUARD#${correlationId}#${operation}`,
      sortKeyPrefix: 'guard',
      lifetimeSeconds: 30 * 24 * 3600,
    });
    await once(bookingId, 'charge', () => Promise.resolve('done'));
    await once(bookingId, 'refund', () => Promise.resolve('done'));
    const [item, ...others] = await itemsOf(`GUARD#${bookingId}#charge`);
    expect(others).toEqual([]);
    expect(item!.sk!.S).toMatch(/^guard#/);
    expect(Number(item!.expiresAtEpoch!.N)).toBeGreaterThan(Date.now() / 1000 + 29 * 24 * 3600);
  });
});

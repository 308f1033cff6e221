import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { type DynamoDbForTests, startDynamoDb } from '@airline/local-cloud/test/support/start-dynamodb';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Context } from 'aws-lambda';
import { randomUUID } from 'node:crypto';
import { createInMemoryOnce } from '../src/in-memory-once.ts';
import { AlreadyInProgressError, type Once } from '../src/once.ts';
import { createPowertoolsOnce } from '../src/powertools-once.ts';

let dynamoDb: DynamoDbForTests;

beforeAll(async () => {
  dynamoDb = await startDynamoDb();
  await dynamoDb.createTable('payments');
});
afterAll(() => dynamoDb.stop());

function onDynamoDb(options: { pauses?: number[]; remainingMilliseconds?: number } = {}): Once {
  const { once, duringInvocation } = createPowertoolsOnce({
    client: dynamoDb.client,
    tableName: 'payments',
    pauses: options.pauses ?? [],
  });
  duringInvocation({ getRemainingTimeInMillis: () => options.remainingMilliseconds ?? 15_000 } as Context);
  return once;
}

/** Work that ends when it is told to. */
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

describe.each<[string, () => Once]>([
  ['in memory', createInMemoryOnce],
  ['Powertools on DynamoDB', onDynamoDb],
])('once: %s', (_, create) => {
  test('the result of the work is told to later runs, which do not work again', async () => {
    const once = create();
    const key = randomUUID();
    const result = { kind: 'declined', declineCode: 'lost_card' };
    const work = jest.fn(() => Promise.resolve(result));
    expect(await once(key, work)).toEqual(result);
    expect(await once(key, work)).toEqual(result);
    expect(work).toHaveBeenCalledTimes(1);
  });

  test('a run is refused while another works, and told the result once that is done', async () => {
    const once = create();
    const key = randomUUID();
    const { work, started, finish } = pending();
    const first = once(key, work);
    await started;
    await expect(once(key, () => Promise.resolve('twice'))).rejects.toThrow(AlreadyInProgressError);
    finish();
    expect(await first).toBe('done');
    expect(await once(key, () => Promise.resolve('twice'))).toBe('done');
  });

  test('work that throws leaves the key free', async () => {
    const once = create();
    const key = randomUUID();
    await expect(once(key, () => Promise.reject(new Error('timed out')))).rejects.toThrow('timed out');
    expect(await once(key, () => Promise.resolve('second'))).toBe('second');
  });

  test('keys do not meet', async () => {
    const once = create();
    const booking = randomUUID();
    expect(await once(`${booking}#charge`, () => Promise.resolve('charge'))).toBe('charge');
    expect(await once(`${booking}#refund`, () => Promise.resolve('refund'))).toBe('refund');
  });
});

describe('once on DynamoDB', () => {
  test('waits for a run that is soon done', async () => {
    const key = randomUUID();
    const { work, started, finish } = pending();
    const first = onDynamoDb()(key, work);
    await started;
    const second = onDynamoDb({ pauses: [10, 20, 40, 80, 160, 320] })(key, () => Promise.resolve('twice'));
    finish();
    expect(await Promise.all([first, second])).toEqual(['done', 'done']);
  });

  test('takes over from a run whose function timed out', async () => {
    const key = randomUUID();
    const { work, started, finish } = pending();
    const dead = onDynamoDb({ remainingMilliseconds: 1 })(key, work);
    await started;
    const once = onDynamoDb({ pauses: [10, 20, 40, 80, 160, 320] });
    expect(await once(key, () => Promise.resolve('taken over'))).toBe('taken over');
    finish();
    await dead;
  });

  test('keeps its items in a partition for each key, and has them expire', async () => {
    const key = `${randomUUID()}#charge`;
    await onDynamoDb()(key, () => Promise.resolve('done'));
    const { Items = [] } = await dynamoDb.client.send(
      new QueryCommand({
        TableName: 'payments',
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: `ONCE#${key}` } },
      }),
    );
    expect(Items).toHaveLength(1);
    expect(Number(Items[0]!.expiresAtEpoch!.N)).toBeGreaterThan(Date.now() / 1000);
  });
});

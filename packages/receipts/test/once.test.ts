import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { type DynamoDbForTests, startDynamoDb } from '@airline/local-cloud/test/support/start-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { createInMemoryOnce } from '../src/in-memory-once.ts';
import type { Once } from '../src/once.ts';
import { createPowertoolsOnce, type PowertoolsOnce } from '../src/powertools-once.ts';

let dynamoDb: DynamoDbForTests;

beforeAll(async () => {
  dynamoDb = await startDynamoDb();
  await dynamoDb.createTable('receipts');
});
afterAll(() => dynamoDb.stop());

function powertools(remainingMilliseconds = 10_000): PowertoolsOnce {
  const guard = createPowertoolsOnce(dynamoDb.client, 'receipts');
  guard.registerLambdaContext({ getRemainingTimeInMillis: () => remainingMilliseconds });
  return guard;
}

const adapters: [string, () => Once][] = [
  ['in memory', createInMemoryOnce],
  ['Powertools on DynamoDB', () => powertools().once],
];

describe.each(adapters)('once: %s', (_, create) => {
  test('the work is done once; afterwards its result is remembered', async () => {
    const once = create();
    const bookingId = randomUUID();
    let runs = 0;
    const work = async () => ({ kind: 'sent', run: ++runs });
    expect(await once(bookingId, 'receipt', work)).toEqual({ kind: 'sent', run: 1 });
    expect(await once(bookingId, 'receipt', work)).toEqual({ kind: 'sent', run: 1 });
    expect(runs).toBe(1);
  });

  test('work that failed may be tried again, and its error arrives as it was thrown', async () => {
    const once = create();
    const bookingId = randomUUID();
    const error = new Error('throttled');
    await expect(once(bookingId, 'receipt', () => Promise.reject(error))).rejects.toBe(error);
    expect(await once(bookingId, 'receipt', () => Promise.resolve('sent'))).toBe('sent');
  });

  test('while one run does it, the others fail; afterwards they are told its result', async () => {
    const once = create();
    const bookingId = randomUUID();
    let finish = (_result: string): void => undefined;
    let begun = (): void => undefined;
    const working = new Promise<void>((resolve) => (begun = resolve));
    const first = once(bookingId, 'receipt', () => {
      begun();
      return new Promise<string>((resolve) => (finish = resolve));
    });
    await working;
    await expect(once(bookingId, 'receipt', () => Promise.resolve('second'))).rejects.toThrow();
    finish('first');
    expect(await first).toBe('first');
    expect(await once(bookingId, 'receipt', () => Promise.resolve('second'))).toBe('first');
  });

  test('bookings and operations do not get in each other’s way', async () => {
    const once = create();
    const bookingId = randomUUID();
    expect(await once(bookingId, 'receipt', () => Promise.resolve(1))).toBe(1);
    expect(await once(bookingId, 'refund-notice', () => Promise.resolve(2))).toBe(2);
    expect(await once(randomUUID(), 'receipt', () => Promise.resolve(3))).toBe(3);
  });
});

describe('Powertools on DynamoDB', () => {
  test('a run that crashed stands in the way until its function’s time is over, and no longer', async () => {
    const bookingId = randomUUID();
    let begun = (): void => undefined;
    const working = new Promise<void>((resolve) => (begun = resolve));
    void powertools(300).once(bookingId, 'receipt', () => {
      begun();
      return new Promise(() => undefined);
    });
    await working;
    const { once } = powertools();
    await expect(once(bookingId, 'receipt', () => Promise.resolve('again'))).rejects.toThrow(
      'already an execution in progress',
    );
    const retry = async (): Promise<string> =>
      once(bookingId, 'receipt', () => Promise.resolve('again')).catch(() => pause(50).then(retry));
    expect(await retry()).toBe('again');
  });

  test('the item stands beside the booking’s record, and expires', async () => {
    const bookingId = randomUUID();
    await powertools().once(bookingId, 'receipt', () => Promise.resolve('sent'));
    const { Items = [] } = await dynamoDb.client.send(new ScanCommand({ TableName: 'receipts' }));
    const item = Items.find(({ pk }) => pk?.S === `BOOKING#${bookingId}`);
    expect(item?.sk?.S).toMatch(/^ONCE#/);
    expect(Number(item?.expiresAtEpoch?.N)).toBeGreaterThan(Date.now() / 1000 + 29 * 24 * 3600);
  });
});

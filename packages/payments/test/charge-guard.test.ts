import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { type DynamoDbForTests, startDynamoDb } from '@airline/local-cloud/test/support/start-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createChargeGuard } from '../src/charge-guard.ts';

let dynamoDb: DynamoDbForTests;

beforeAll(async () => {
  dynamoDb = await startDynamoDb();
  await dynamoDb.createTable('payments');
});
afterAll(() => dynamoDb.stop());

test('each operation of a booking has an item in a partition of its own, which expires', async () => {
  const bookingId = randomUUID();
  const { once, registerLambdaContext } = createChargeGuard(dynamoDb.client, 'payments');
  registerLambdaContext({ getRemainingTimeInMillis: () => 15_000 });
  await once(bookingId, 'charge', () => Promise.resolve('done'));
  const { Items = [] } = await dynamoDb.client.send(
    new QueryCommand({
      TableName: 'payments',
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: `ONCE#${bookingId}#charge` } },
    }),
  );
  expect(Items).toHaveLength(1);
  expect(Items[0]!.sk!.S).toMatch(/^once#/);
  expect(Number(Items[0]!.expiresAtEpoch!.N)).toBeGreaterThan(Date.now() / 1000);
});

test('a delivery waits for the run that talks to the provider', async () => {
  const bookingId = randomUUID();
  const { once, registerLambdaContext } = createChargeGuard(dynamoDb.client, 'payments');
  registerLambdaContext({ getRemainingTimeInMillis: () => 15_000 });
  let start = (): void => undefined;
  let finish = (): void => undefined;
  const started = new Promise<void>((resolve) => (start = resolve));
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const first = once(bookingId, 'charge', async () => {
    start();
    await finished;
    return 'captured';
  });
  await started;
  const second = once(bookingId, 'charge', () => Promise.resolve('captured twice'));
  finish();
  expect(await Promise.all([first, second])).toEqual(['captured', 'captured']);
});

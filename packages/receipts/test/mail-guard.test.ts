import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { type DynamoDbForTests, startDynamoDb } from '@airline/local-cloud/test/support/start-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createMailGuard } from '../src/mail-guard.ts';

let dynamoDb: DynamoDbForTests;

beforeAll(async () => {
  dynamoDb = await startDynamoDb();
  await dynamoDb.createTable('receipts');
});
afterAll(() => dynamoDb.stop());

test('the item stands beside the booking’s record, and expires after 30 days', async () => {
  const bookingId = randomUUID();
  const { once, registerLambdaContext } = createMailGuard(dynamoDb.client, 'receipts');
  registerLambdaContext({ getRemainingTimeInMillis: () => 10_000 });
  await once(bookingId, 'receipt', () => Promise.resolve('sent'));
  const { Items = [] } = await dynamoDb.client.send(new ScanCommand({ TableName: 'receipts' }));
  const item = Items.find(({ pk }) => pk?.S === `BOOKING#${bookingId}`);
  expect(item?.sk?.S).toMatch(/^ONCE#/);
  expect(Number(item?.expiresAtEpoch?.N)).toBeGreaterThan(Date.now() / 1000 + 29 * 24 * 3600);
});

import type { ChangeMessageVisibilityCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, test } from '@jest/globals';
import type { SQSRecord } from 'aws-lambda';
import { createRetryBackoff } from '../src/retry-backoff.ts';

/** What SQS is asked to do with a message that was received so many times. */
async function askedAfter(receiveCount: number, random: number): Promise<ChangeMessageVisibilityCommand['input']> {
  const asked: ChangeMessageVisibilityCommand['input'][] = [];
  const send = async ({ input }: ChangeMessageVisibilityCommand) => void asked.push(input);
  const delayRetry = createRetryBackoff({
    client: { send } as Pick<SQSClient, 'send'>,
    queueUrl: 'queue',
    random: () => random,
  });
  await delayRetry({
    receiptHandle: 'handle',
    attributes: { ApproximateReceiveCount: String(receiveCount) },
  } as SQSRecord);
  return asked[0]!;
}

test.each([
  [1, 2, 2],
  [2, 6, 10],
  [3, 24, 36],
  [4, 40, 60],
])('after failure %d the message comes again in %d to %d seconds', async (receiveCount, least, most) => {
  expect(await askedAfter(receiveCount, 0)).toEqual({
    QueueUrl: 'queue',
    ReceiptHandle: 'handle',
    VisibilityTimeout: least,
  });
  expect((await askedAfter(receiveCount, 0.999)).VisibilityTimeout).toBe(most);
});

test('after the last failure it goes to the dead-letter queue without waiting', async () => {
  expect((await askedAfter(5, 0.5)).VisibilityTimeout).toBe(0);
});

test('an outage of a minute fits into the tries, with the shortest of pauses', async () => {
  const pauses = await Promise.all([1, 2, 3, 4].map((receiveCount) => askedAfter(receiveCount, 0)));
  expect(pauses.reduce((sum, { VisibilityTimeout }) => sum + VisibilityTimeout!, 0)).toBeGreaterThan(60);
});

import {
  ChangeMessageVisibilityCommand,
  type ChangeMessageVisibilityCommandInput,
  MessageNotInflight,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { expect, test } from '@jest/globals';
import type { SQSRecord } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { createRetryBackoff } from '../src/retry-backoff.ts';

function failed(receiveCount: number): SQSRecord {
  return {
    receiptHandle: 'handle',
    attributes: { ApproximateReceiveCount: String(receiveCount) },
  } as SQSRecord;
}

/** What SQS is asked to do with a message that was received so many times. */
async function requestAfter(receiveCount: number, random: number): Promise<ChangeMessageVisibilityCommandInput> {
  const client = new SQSClient();
  const sqs = mockClient(client);
  sqs.on(ChangeMessageVisibilityCommand).resolves({});
  await createRetryBackoff({ client, queueUrl: 'queue', random: () => random })(failed(receiveCount));
  expect(sqs.calls()).toHaveLength(1);
  return sqs.commandCalls(ChangeMessageVisibilityCommand)[0]!.args[0].input;
}

test.each([
  [1, 2, 2],
  [2, 6, 10],
  [3, 24, 36],
  [4, 40, 60],
])('after failure %d the message is delivered again in %d to %d seconds', async (receiveCount, least, most) => {
  expect(await requestAfter(receiveCount, 0)).toEqual({
    QueueUrl: 'queue',
    ReceiptHandle: 'handle',
    VisibilityTimeout: least,
  });
  expect((await requestAfter(receiveCount, 0.999)).VisibilityTimeout).toBe(most);
});

test('after the last failure SQS moves the message to the dead-letter queue at once', async () => {
  expect((await requestAfter(5, 0.5)).VisibilityTimeout).toBe(0);
});

test('an outage of a minute fits into the tries, even with the shortest pauses', async () => {
  const pauses = await Promise.all([1, 2, 3, 4].map((receiveCount) => requestAfter(receiveCount, 0)));
  expect(pauses.reduce((sum, { VisibilityTimeout }) => sum + VisibilityTimeout!, 0)).toBeGreaterThan(60);
});

test('an error of SQS is thrown: the consumer logs it, and the visibility timeout applies', async () => {
  const client = new SQSClient();
  const error = new MessageNotInflight({ message: 'The message is not in flight.', $metadata: {} });
  mockClient(client).on(ChangeMessageVisibilityCommand).rejects(error);
  await expect(createRetryBackoff({ client, queueUrl: 'queue' })(failed(1))).rejects.toBe(error);
});

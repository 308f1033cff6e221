import { QueueDoesNotExist, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { createSendToSelf } from '../src/self-addressed.ts';

const message = {
  'detail-type': 'AlarmRang',
  source: 'airline.test',
  time: '2026-12-01T09:30:00Z',
  detail: { data: {} },
};

test.each([
  ['in whole seconds, never too early', 59.2, 60],
  ['at once, when the time is past', -5, 0],
  ['after the longest delay of SQS, when the time is later than that', 3600, 900],
])('a message is delivered %s', async (_, delaySeconds, sentDelay) => {
  const client = new SQSClient();
  const sqs = mockClient(client);
  sqs.on(SendMessageCommand).resolves({ MessageId: 'm-1' });
  await createSendToSelf({ client, queueUrl: 'queue' })(message, delaySeconds);
  expect(sqs.commandCalls(SendMessageCommand).map(({ args: [{ input }] }) => input)).toEqual([
    { QueueUrl: 'queue', MessageBody: JSON.stringify(message), DelaySeconds: sentDelay },
  ]);
});

test('an error of SQS is thrown: no timer was set, so the handler must not return', async () => {
  const client = new SQSClient();
  const error = new QueueDoesNotExist({ message: 'The queue does not exist.', $metadata: {} });
  mockClient(client).on(SendMessageCommand).rejects(error);
  await expect(createSendToSelf({ client, queueUrl: 'queue' })(message, 60)).rejects.toBe(error);
});

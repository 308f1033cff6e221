import type { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, test } from '@jest/globals';
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
  ['as late as SQS can, when the time is farther', 3600, 900],
])('a message comes %s', async (_, delaySeconds, asked) => {
  const sent: SendMessageCommand['input'][] = [];
  const send = async ({ input }: SendMessageCommand) => void sent.push(input);
  await createSendToSelf({ client: { send } as Pick<SQSClient, 'send'>, queueUrl: 'queue' })(message, delaySeconds);
  expect(sent).toEqual([{ QueueUrl: 'queue', MessageBody: JSON.stringify(message), DelaySeconds: asked }]);
});

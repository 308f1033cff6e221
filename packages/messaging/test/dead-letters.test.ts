import { SendMessageCommand, SQSClient, SQSServiceException } from '@aws-sdk/client-sqs';
import { expect, test } from '@jest/globals';
import type { SQSRecord } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import fc from 'fast-check';
import { createDeadLetters } from '../src/dead-letters.ts';

const traceHeader = `Root=1-${'a'.repeat(8)}-${'a'.repeat(24)};Parent=${'1'.repeat(16)};Sampled=1`;

function record(attributes: Partial<SQSRecord['attributes']> = {}): SQSRecord {
  return {
    messageId: 'm-1',
    body: '<xml/>',
    attributes: { ApproximateReceiveCount: '2', ApproximateFirstReceiveTimestamp: '1796117400000', ...attributes },
  } as SQSRecord;
}

/** The request that puts a record into the dead-letter queue. */
async function sent(message: SQSRecord, error = 'The message is not JSON (6 characters).') {
  const client = new SQSClient();
  const sqs = mockClient(client);
  sqs.on(SendMessageCommand).resolves({ MessageId: 'm-2' });
  await createDeadLetters({ client, queueUrl: 'dead-letters' })(message, 'not-json', error);
  expect(sqs.calls()).toHaveLength(1);
  return sqs.commandCalls(SendMessageCommand)[0]!.args[0].input;
}

test('a dead letter has the body, the trace and the receive count of its message, and the reason', async () => {
  expect(await sent(record({ AWSTraceHeader: traceHeader }))).toEqual({
    QueueUrl: 'dead-letters',
    MessageBody: '<xml/>',
    MessageAttributes: {
      reason: { DataType: 'String', StringValue: 'not-json' },
      error: { DataType: 'String', StringValue: 'The message is not JSON (6 characters).' },
      originalMessageId: { DataType: 'String', StringValue: 'm-1' },
      receiveCount: { DataType: 'Number', StringValue: '2' },
      firstReceivedAt: { DataType: 'String', StringValue: '2026-12-01T09:30:00.000Z' },
    },
    MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: traceHeader } },
  });
});

test('a message without trace and time has a dead letter without them', async () => {
  const request = await sent(record({ ApproximateFirstReceiveTimestamp: '' }));
  expect(request).not.toHaveProperty('MessageSystemAttributes');
  expect(request.MessageAttributes).not.toHaveProperty('firstReceivedAt');
});

test('a long error is cut to 1,000 characters, and says so', async () => {
  const { error } = (await sent(record(), 'x'.repeat(5000))).MessageAttributes!;
  expect(error!.StringValue).toBe(`${'x'.repeat(1000)}… (4000 more characters)`);
});

test('the attributes are text that SQS accepts, whatever the error quotes', async () => {
  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
  const accepted = /^[\u0009\u000A\u000D\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]+$/u;
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 1500, size: 'max' }), fc.nat(), async (text, at) => {
      // Half a surrogate pair, or a character outside the Basic Multilingual Plane at the end of what is kept.
      const error = `${'x'.repeat(at % 1002)}${text}\uD83D\u0000\uFFFE`;
      const value = (await sent(record(), error)).MessageAttributes!.error!.StringValue!;
      expect(value).toMatch(accepted);
      expect(value.length).toBeLessThan(1040);
    }),
    { numRuns: 50 },
  );
  expect((await sent(record(), '')).MessageAttributes!.error!.StringValue).toBe('none');
});

test('an error of SQS is thrown: the message must not be acknowledged', async () => {
  const client = new SQSClient();
  const error = new SQSServiceException({
    name: 'RequestThrottled',
    message: 'Rate exceeded',
    $fault: 'client',
    $metadata: {},
  });
  mockClient(client).on(SendMessageCommand).rejects(error);
  const sendToDeadLetters = createDeadLetters({ client, queueUrl: 'dead-letters' });
  await expect(sendToDeadLetters(record(), 'not-json', 'not JSON')).rejects.toBe(error);
});

import { SendMessageCommand, type SendMessageCommandInput, SQSClient } from '@aws-sdk/client-sqs';
import { expect, test } from '@jest/globals';
import type { SQSRecord } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { createPostpone, longestPostponementSeconds, waitedSeconds } from '../src/postpone.ts';

const trace = 'Root=1-5759e988-bd862e3fe1be46a994272793';
const first = { body: '{"detail":{}}', attributes: { AWSTraceHeader: trace }, messageAttributes: {} };
const at = (seconds: number): Date => new Date(Date.parse('2026-12-01T09:30:00Z') + 1000 * seconds);

/** The message that SQS is asked to send. */
async function sentFor(record: object, now: Date, random = 0.5): Promise<SendMessageCommandInput> {
  const client = new SQSClient();
  const sqs = mockClient(client);
  sqs.on(SendMessageCommand).resolves({});
  await createPostpone({ client, queueUrl: 'queue', random: () => random })(record as SQSRecord, now);
  expect(sqs.calls()).toHaveLength(1);
  return sqs.commandCalls(SendMessageCommand)[0]!.args[0].input;
}

/** As Lambda delivers the sent message. */
function received({ MessageBody, MessageAttributes }: SendMessageCommandInput): object {
  const attributes = Object.entries(MessageAttributes!).map(([name, { DataType, StringValue }]) => [
    name,
    { dataType: DataType, stringValue: StringValue },
  ]);
  return { ...first, body: MessageBody, messageAttributes: Object.fromEntries(attributes) as object };
}

test('the new message has the body and the trace of the old one', async () => {
  expect(await sentFor(first, at(0))).toEqual({
    QueueUrl: 'queue',
    MessageBody: first.body,
    DelaySeconds: 5,
    MessageAttributes: {
      waitingSince: { DataType: 'String', StringValue: '2026-12-01T09:30:00.000Z' },
      postponements: { DataType: 'Number', StringValue: '1' },
    },
    MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: trace } },
  });
});

test('delays grow to twelve minutes, and the message remembers when its wait began', async () => {
  let record: object = first;
  let seconds = 0;
  const delays: number[] = [];
  while (delays.length < 6) {
    expect(waitedSeconds(record as SQSRecord, at(seconds))).toBe(seconds);
    const sent = await sentFor(record, at(seconds));
    delays.push(sent.DelaySeconds!);
    seconds += sent.DelaySeconds!;
    record = received(sent);
  }
  expect(delays).toEqual([5, 30, 120, 720, 720, 720]);
});

test('a delay varies by a fifth, and is never longer than SQS allows', async () => {
  const waiting = { ...first, messageAttributes: { postponements: { dataType: 'Number', stringValue: '99' } } };
  expect((await sentFor(waiting, at(0), 0)).DelaySeconds).toBe(576);
  expect((await sentFor(waiting, at(0), 0.9999)).DelaySeconds).toBe(864);
  expect(longestPostponementSeconds).toBeLessThanOrEqual(900);
});

test.each([
  ['a message without attributes', {}],
  ['a time that is none', { waitingSince: { dataType: 'String', stringValue: 'long ago' } }],
  ['a time in the future', { waitingSince: { dataType: 'String', stringValue: '2027-01-01T00:00:00Z' } }],
])('%s has not waited', (_, messageAttributes) => {
  expect(waitedSeconds({ messageAttributes }, at(0))).toBe(0);
});

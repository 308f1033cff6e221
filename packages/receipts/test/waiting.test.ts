/** A receipt waits for SES: the real handlers and the real consumer, with a queue whose clock the test moves. */
import { type AirlineEvent, sourceOf } from '@airline/events-schemas/events';
import { createConsumer } from '@airline/messaging/consume';
import { createInMemoryOnce } from '@airline/messaging/in-memory-once';
import { createPostpone, longestWaitSeconds } from '@airline/messaging/postpone';
import { createRetryBackoff } from '@airline/messaging/retry-backoff';
import {
  ChangeMessageVisibilityCommand,
  type ChangeMessageVisibilityCommandInput,
  type SendMessageCommandInput,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { Context, SQSRecord } from 'aws-lambda';
import { expect, test } from '@jest/globals';
import { createHandlers } from '../src/handlers.ts';
import { createInMemoryReceiptStore } from '../src/in-memory-receipt-store.ts';
import { type Mail, MailUnavailableError } from '../src/mailer.ts';
import { complete } from './fixtures.ts';

const day = 24 * 3600;
const start = Date.parse('2026-12-01T09:30:00Z');
/** As EventConsumer configures the queue. */
const maxReceiveCount = 5;

interface Message {
  body: string;
  messageAttributes: SQSRecord['messageAttributes'];
  receiveCount: number;
  visibleAt: number;
}

interface Result {
  mails: number;
  /** When the first mail was sent, in seconds. */
  sentAfter?: number;
  published: string[];
  /** The reason of each dead letter; undefined for those that SQS moved. */
  deadLetters: (string | undefined)[];
  receives: number;
  left: number;
}

/**
 * Delivers the events of a booking until the queue is empty.
 * @param refusesFor how long SES refuses, in seconds
 * @param loses whether the n-th acknowledgement is lost
 */
async function run(refusesFor: number, loses: (acknowledgement: number) => boolean = () => false): Promise<Result> {
  let seconds = 0;
  const now = (): Date => new Date(start + 1000 * seconds);
  const mails: Mail[] = [];
  const result: Result = { mails: 0, published: [], deadLetters: [], receives: 0, left: 0 };
  let queue: Message[] = complete.map((event) => ({
    body: bodyOf(event),
    messageAttributes: {},
    receiveCount: 0,
    visibleAt: 0,
  }));

  const client = {
    send: async (command: { input: SendMessageCommandInput | ChangeMessageVisibilityCommandInput }) => {
      if (command instanceof ChangeMessageVisibilityCommand) {
        const { ReceiptHandle, VisibilityTimeout } = command.input;
        queue[Number(ReceiptHandle)]!.visibleAt = seconds + VisibilityTimeout!;
        return;
      }
      const { MessageBody, MessageAttributes, DelaySeconds } = command.input as SendMessageCommandInput;
      const attributes = Object.entries(MessageAttributes!).map(([name, { StringValue }]) => [
        name,
        { dataType: 'String', stringValue: StringValue },
      ]);
      queue.push({
        body: MessageBody!,
        messageAttributes: Object.fromEntries(attributes) as SQSRecord['messageAttributes'],
        receiveCount: 0,
        visibleAt: seconds + DelaySeconds!,
      });
    },
  } as unknown as SQSClient;

  const consume = createConsumer({
    handlers: createHandlers({
      store: createInMemoryReceiptStore(),
      mailer: {
        send: async (mail) => {
          if (seconds < refusesFor) throw new MailUnavailableError('MessageRejected: Email address is not verified.');
          result.sentAfter ??= seconds;
          return { messageId: `mail-${mails.push(mail)}` };
        },
      },
      once: createInMemoryOnce(),
      now,
    }),
    publish: async (events) => events.map(({ type }) => void result.published.push(type)),
    sendToDeadLetters: async (_record, reason) => void result.deadLetters.push(reason),
    delayRetry: createRetryBackoff({ client, queueUrl: 'queue' }),
    postpone: createPostpone({ client, queueUrl: 'queue' }),
    logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
    now,
  });

  let acknowledgements = 0;
  for (let next = 0; queue.length > 0;) {
    next = queue.findIndex(({ visibleAt }) => visibleAt === Math.min(...queue.map((each) => each.visibleAt)));
    const message = queue[next]!;
    seconds = Math.max(seconds, message.visibleAt);
    if (seconds > longestWaitSeconds + day) break;
    if (message.receiveCount === maxReceiveCount) {
      result.deadLetters.push(undefined);
      queue.splice(next, 1);
      continue;
    }
    message.receiveCount += 1;
    message.visibleAt = seconds + 60;
    result.receives += 1;
    const { batchItemFailures } = await consume({ Records: [recordOf(message, next)] }, {
      getRemainingTimeInMillis: () => Infinity,
    } as Context);
    if (batchItemFailures.length === 0 && !loses(acknowledgements++)) queue = queue.filter((each) => each !== message);
  }
  return { ...result, mails: mails.length, left: queue.length };
}

function bodyOf({ type, metadata, data }: AirlineEvent): string {
  const time = new Date(start).toISOString();
  return JSON.stringify({ 'detail-type': type, source: sourceOf(type), time, detail: { metadata, data } });
}

function recordOf({ body, messageAttributes, receiveCount }: Message, index: number): SQSRecord {
  const attributes = { ApproximateReceiveCount: String(receiveCount) };
  return { messageId: `${index}`, receiptHandle: `${index}`, body, attributes, messageAttributes } as SQSRecord;
}

test.each([
  ['two minutes: the quota of a second', 120],
  ['a day: the quota of a day, or a request to leave the sandbox', day],
  ['six days', 6 * day],
])('SES refuses for %s: one receipt within a quarter of an hour after that, and no dead letter', async (_, refused) => {
  const { mails, sentAfter, published, deadLetters, left } = await run(refused);
  expect({ mails, published, deadLetters, left }).toEqual({
    mails: 1,
    published: ['ReceiptIssued'],
    deadLetters: [],
    left: 0,
  });
  expect(sentAfter! - refused).toBeGreaterThanOrEqual(0);
  expect(sentAfter! - refused).toBeLessThan(900);
});

test('each seventh acknowledgement is lost, so the message comes twice: still one receipt and no dead letter', async () => {
  const { mails, published, deadLetters, left } = await run(day / 8, (count) => count % 7 === 6);
  expect([mails, deadLetters, left]).toEqual([1, [], 0]);
  expect([...new Set(published)]).toEqual(['ReceiptIssued']);
});

test('a day costs about a hundred and twenty receives', async () => {
  expect((await run(day)).receives).toBeLessThan(160);
});

test('SES refuses for longer than seven days: a dead letter says so, once', async () => {
  const { mails, deadLetters, left } = await run(Infinity);
  expect([mails, deadLetters, left]).toEqual([0, ['waited-too-long'], 0]);
});

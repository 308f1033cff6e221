import { type MessageAttributeValue, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import { cut } from './logged-error.ts';

/** Sends a message that can never be handled to the dead-letter queue, with the reason. @throws when SQS fails */
export type SendToDeadLetters = (record: SQSRecord, reason: string, error: string) => Promise<void>;

/**
 * What SQS refuses in a message and its attributes
 * (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html). An error may quote it.
 */
const refusedBySqs = /[^\u0009\u000A\u000D\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/**
 * The dead letter has the body and the trace of the message. Its attributes are `reason` (a code, e.g.
 * `schema-violation`), `error` (a sentence), and of the original `originalMessageId`, `firstReceivedAt` and
 * `receiveCount`, since SQS counts anew for a new message.
 */
export function createDeadLetters({
  client,
  queueUrl,
}: {
  client: Pick<SQSClient, 'send'>;
  queueUrl: string;
}): SendToDeadLetters {
  return async ({ body, messageId, attributes }, reason, error) => {
    const firstReceived = Number(attributes.ApproximateFirstReceiveTimestamp);
    await client.send(
      new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: body,
        MessageAttributes: {
          reason: text(reason),
          error: text(error),
          originalMessageId: text(messageId),
          receiveCount: { DataType: 'Number', StringValue: attributes.ApproximateReceiveCount },
          ...(firstReceived > 0 && { firstReceivedAt: text(new Date(firstReceived).toISOString()) }),
        },
        ...(attributes.AWSTraceHeader && {
          MessageSystemAttributes: { AWSTraceHeader: text(attributes.AWSTraceHeader) },
        }),
      }),
    );
  };
}

/** SQS counts attributes in the message's size, and refuses empty ones. */
function text(value: string): MessageAttributeValue {
  return { DataType: 'String', StringValue: cut(value).replaceAll(refusedBySqs, '\uFFFD') || 'none' };
}

import { type MessageAttributeValue, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';

/** Sends a message that can never be handled to the dead-letter queue, with the reason. @throws when SQS fails */
export type SendToDeadLetters = (record: SQSRecord, reason: string, error: string) => Promise<void>;

/** In characters. SQS counts attributes in the message's size, and a list of schema violations can be long. */
const maximumErrorLength = 1000;

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
          error: text(error.slice(0, maximumErrorLength)),
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

function text(value: string): MessageAttributeValue {
  return { DataType: 'String', StringValue: value };
}

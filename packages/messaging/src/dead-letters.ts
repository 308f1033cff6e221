import { type MessageAttributeValue, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';

/** Puts a message that can never be handled into the dead-letter queue, unchanged, with the reason beside it. */
export type SendToDeadLetters = (record: SQSRecord, reason: string, error: string) => Promise<void>;

/** SQS counts attributes into the message's size; a schema's complaints can be long. */
const maximumErrorLength = 1000;

/**
 * The message keeps its body and its trace. Its attributes say why it is here: `reason` (a word, e.g. `schema-violation`), `error` (a
 * sentence), `firstReceivedAt` and `receiveCount` of the original, which a new message would not remember.
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

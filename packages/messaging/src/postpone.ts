import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import { jittered, longestJittered } from './jitter.ts';

/**
 * Thrown by a handler when something outside refuses for now, and may refuse for a day: an account without a
 * permission, a quota of 24 hours. The message is sent to the service's own queue again, with a delay, and uses up no
 * tries. The stack must grant that (`sendsToItself`).
 */
export class PostponeError extends Error {
  override readonly name = 'PostponeError';
}

/** Sends a message to its own queue again. The caller then acknowledges the old one. @throws when SQS fails */
export type Postpone = (record: SQSRecord, now: Date) => Promise<{ delaySeconds: number }>;

/** Seconds until the next try, by the number of times that the message was postponed. The last one repeats. */
const delaysSeconds = [5, 30, 120, 720];
/** The longest delay, jitter included. SQS allows 900 seconds. */
export const longestPostponementSeconds = longestJittered(delaysSeconds);
/** A message that waits longer than this is a dead letter. */
export const longestWaitSeconds = 7 * 24 * 3600;

/** The attributes that a postponed message has. A dead letter has none of them. */
const waitingSinceAttribute = 'waitingSince';
const postponementsAttribute = 'postponements';

/**
 * A new message rather than a longer visibility timeout, for two reasons. Its tries are counted anew, so the queue's
 * limit of five still holds for every other failure. SQS counts its age anew, so it does not reach the queue's
 * retention of four days, nor ring the alarm on the oldest message.
 *
 * The body and the trace stay. A run that dies between sending and acknowledging leaves two messages. Both ask for the
 * same work, which is done once.
 */
export function createPostpone({
  client,
  queueUrl,
  random = Math.random,
}: {
  client: Pick<SQSClient, 'send'>;
  queueUrl: string;
  /** From 0 up to 1; injected by tests. */
  random?: () => number;
}): Postpone {
  return async (record, now) => {
    const { body, attributes } = record;
    const postponements = Number(record.messageAttributes?.[postponementsAttribute]?.stringValue ?? 0);
    const delay = delaysSeconds[Math.min(postponements, delaysSeconds.length - 1)]!;
    const delaySeconds = jittered(delay, random);
    const waitingSince = new Date(now.getTime() - 1000 * waitedSeconds(record, now)).toISOString();
    await client.send(
      new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: body,
        DelaySeconds: delaySeconds,
        MessageAttributes: {
          [waitingSinceAttribute]: { DataType: 'String', StringValue: waitingSince },
          [postponementsAttribute]: { DataType: 'Number', StringValue: String(postponements + 1) },
        },
        ...(attributes.AWSTraceHeader && {
          MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: attributes.AWSTraceHeader } },
        }),
      }),
    );
    return { delaySeconds };
  };
}

/** Seconds since the message was postponed for the first time; 0 if it was not. */
export function waitedSeconds({ messageAttributes }: Pick<SQSRecord, 'messageAttributes'>, now: Date): number {
  const since = Date.parse(messageAttributes?.[waitingSinceAttribute]?.stringValue ?? '');
  return Number.isNaN(since) ? 0 : Math.max(0, (now.getTime() - since) / 1000);
}

import { ChangeMessageVisibilityCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import { jittered, longestJittered } from './jitter.ts';

/** Sets when a failed message is delivered again. @returns the pause in seconds @throws when SQS refuses */
export type DelayRetry = (record: Pick<SQSRecord, 'receiptHandle' | 'attributes'>) => Promise<number>;

/**
 * Seconds until the next try, after the first failure, the second and so on. A short failure is retried within seconds,
 * and an outage of a minute fits into the five tries. No pause, jitter included, is longer than the shortest visibility
 * timeout of this project's queues.
 */
const pausesSeconds = [2, 8, 30, 50];
/** The longest pause, jitter included. */
export const longestPauseSeconds = longestJittered(pausesSeconds);

/**
 * Sets the visibility timeout of a failed message. Otherwise every retry would wait for the queue's own visibility
 * timeout: a minute or more, because it must be longer than the slowest batch.
 */
export function createRetryBackoff({
  client,
  queueUrl,
  random = Math.random,
}: {
  client: Pick<SQSClient, 'send'>;
  queueUrl: string;
  /** From 0 up to 1; injected by tests. */
  random?: () => number;
}): DelayRetry {
  return async ({ receiptHandle, attributes }) => {
    // After the last try the pause is 0: SQS moves a message to the dead-letter queue only when it is received again.
    const pause = pausesSeconds[Number(attributes.ApproximateReceiveCount) - 1] ?? 0;
    const VisibilityTimeout = jittered(pause, random);
    await client.send(
      new ChangeMessageVisibilityCommand({ QueueUrl: queueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout }),
    );
    return VisibilityTimeout;
  };
}

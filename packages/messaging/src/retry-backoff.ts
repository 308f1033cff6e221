import { ChangeMessageVisibilityCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';

/** Decides when a failed message comes again. */
export type DelayRetry = (record: Pick<SQSRecord, 'receiptHandle' | 'attributes'>) => Promise<void>;

/**
 * Seconds until the next try, after the first failure, the second and so on. What fails for a moment heals in seconds, an outage
 * of a minute still fits into the five tries, and no pause, jitter included, exceeds the shortest visibility timeout of a queue here.
 */
const pausesSeconds = [2, 8, 30, 50];
const jitter = 0.2;

/**
 * Sets the visibility timeout of a failed message. Without it every retry waits for the queue's own timeout, which must outlast the
 * slowest batch and so is a minute and more.
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
    // After the last try nothing is retried: SQS moves the message to the dead-letter queue when it would be received again.
    const pause = pausesSeconds[Number(attributes.ApproximateReceiveCount) - 1] ?? 0;
    const VisibilityTimeout = Math.round(pause * (1 - jitter + 2 * jitter * random()));
    await client.send(
      new ChangeMessageVisibilityCommand({ QueueUrl: queueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout }),
    );
  };
}

import { availableParallelism } from 'node:os';
import type { FunctionPool } from './function-pool.ts';
import type { InvocationResult } from './function-thread.ts';
import { REGION } from '../account.ts';
import type { Queues } from '../sqs/queues.ts';

/** An AWS::Lambda::EventSourceMapping of a queue. */
export interface EventSourceMapping {
  /** Its UUID in Lambda's API. */
  id: string;
  /** Whether it polls from the start. */
  enabled: boolean;
  queueArn: string;
  queueUrl: string;
  functionName: string;
  batchSize: number;
  batchingWindowSeconds: number;
  /** The highest number of batches in flight. */
  maximumConcurrency?: number;
  /** Whether the function returns which messages of a batch failed. */
  reportsBatchItemFailures: boolean;
}

export interface EventSource {
  /** Stops polling, and waits up to `milliseconds` for the batches in flight. */
  stop(milliseconds: number): Promise<void>;
}

/** A message in the response of ReceiveMessage. */
export interface ReceivedMessage {
  MessageId: string;
  ReceiptHandle: string;
  MD5OfBody: string;
  Body: string;
  Attributes?: Record<string, string>;
  MD5OfMessageAttributes?: string;
  MessageAttributes?: Record<string, { DataType: string; StringValue?: string; BinaryValue?: string | Uint8Array }>;
}

/**
 * The highest number of concurrent batches. Lambda starts with five and adds more. Here all functions share the cores
 * of one machine: more batches than cores make each batch slower, and may let one exceed its function's timeout.
 */
const MAXIMUM_CONCURRENT_BATCHES = Math.max(2, availableParallelism());
const LONG_POLL_SECONDS = 20;
/** A batch of this size receives no more messages. One more receive still fits in Lambda's limit of 6 MB. */
const FULL_BATCH_BYTES = 3_000_000;
const RETRY_RECEIVE_MILLISECONDS = 1000;

/** Polls a queue and invokes a function with batches of its messages, as Lambda's SQS event source does. */
export function startEventSource(
  mapping: EventSourceMapping,
  { queues, functions, log }: { queues: Pick<Queues, 'request'>; functions: FunctionPool; log: (line: string) => void },
): EventSource {
  const stopping = new AbortController();
  const inFlight = new Set<Promise<void>>();

  const receive = async (count: number, waitSeconds: number): Promise<ReceivedMessage[]> => {
    const input = {
      QueueUrl: mapping.queueUrl,
      MaxNumberOfMessages: Math.min(10, count),
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    };
    const { Messages = [] } = (await queues.request('ReceiveMessage', input, stopping.signal)) as {
      Messages?: ReceivedMessage[];
    };
    return Messages;
  };

  const collect = async (): Promise<ReceivedMessage[]> => {
    const batch = await receive(mapping.batchSize, LONG_POLL_SECONDS);
    const end = Date.now() + mapping.batchingWindowSeconds * 1000;
    let bytes = byteLength(batch);
    while (
      batch.length > 0 &&
      batch.length < mapping.batchSize &&
      bytes < FULL_BATCH_BYTES &&
      !stopping.signal.aborted
    ) {
      const left = end - Date.now();
      if (left <= 0) break;
      let more: ReceivedMessage[];
      try {
        more = await receive(mapping.batchSize - batch.length, Math.min(LONG_POLL_SECONDS, Math.ceil(left / 1000)));
      } catch {
        // The messages received so far are handled. The next batch polls the queue again, and reports its error.
        break;
      }
      batch.push(...more);
      bytes += byteLength(more);
    }
    return batch;
  };

  const handle = async (batch: ReceivedMessage[]): Promise<void> => {
    const result = await functions.invoke(mapping.functionName, {
      Records: batch.map((message) => toRecord(message, mapping.queueArn)),
    });
    const succeeded = succeededMessages(batch, result, mapping.reportsBatchItemFailures);
    // The other messages are redelivered when their visibility timeout ends.
    for (let index = 0; index < succeeded.length; index += 10) {
      const entries = succeeded
        .slice(index, index + 10)
        .map(({ ReceiptHandle }, id) => ({ Id: String(id), ReceiptHandle }));
      const { Failed = [] } = (await queues.request('DeleteMessageBatch', {
        QueueUrl: mapping.queueUrl,
        Entries: entries,
      })) as {
        Failed?: { Message?: string }[];
      };
      for (const { Message } of Failed)
        log(`a handled message could not be deleted from ${mapping.queueUrl}: ${Message ?? 'no reason'}`);
    }
  };

  const poll = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      if (inFlight.size >= Math.min(mapping.maximumConcurrency ?? Infinity, MAXIMUM_CONCURRENT_BATCHES)) {
        await Promise.race(inFlight);
        continue;
      }
      try {
        const batch = await collect();
        if (batch.length === 0) continue;
        const handling: Promise<void> = handle(batch)
          .catch((error: unknown) => log(`event source of ${mapping.functionName}: ${String(error)}`))
          .finally(() => inFlight.delete(handling));
        inFlight.add(handling);
      } catch (error) {
        if (stopping.signal.aborted) return;
        log(`event source of ${mapping.functionName}: ${String(error)}`);
        await pause(RETRY_RECEIVE_MILLISECONDS, stopping.signal);
      }
    }
  };

  const polling = poll();
  return {
    stop: async (milliseconds) => {
      stopping.abort();
      const limit = new AbortController();
      await Promise.race([polling.then(() => Promise.all(inFlight)), pause(milliseconds, limit.signal)]);
      limit.abort();
    },
  };
}

/**
 * The messages of a batch that succeeded, by "Implementing partial batch responses" in the Lambda developer guide: an
 * empty, null or missing list is a success of the whole batch. A malformed response, or one with an unknown message id,
 * is a failure of the whole batch.
 */
export function succeededMessages(
  batch: ReceivedMessage[],
  result: InvocationResult,
  reportsBatchItemFailures: boolean,
): ReceivedMessage[] {
  if (result.kind !== 'answered') return [];
  if (!reportsBatchItemFailures || result.payload === null) return batch;
  if (typeof result.payload !== 'object') return [];
  const { batchItemFailures } = result.payload as { batchItemFailures?: unknown };
  if (batchItemFailures === undefined || batchItemFailures === null) return batch;
  if (!Array.isArray(batchItemFailures)) return [];

  const failed = new Set(
    batchItemFailures.map((failure: { itemIdentifier?: unknown } | null) => failure?.itemIdentifier),
  );
  const known = new Set<unknown>(batch.map(({ MessageId }) => MessageId));
  if ([...failed].some((identifier) => !known.has(identifier))) return [];
  return batch.filter(({ MessageId }) => !failed.has(MessageId));
}

/** A record of the event that Lambda sends to the consumer of a queue. */
export function toRecord(message: ReceivedMessage, queueArn: string): Record<string, unknown> {
  const attributes = Object.entries(message.MessageAttributes ?? {}).map(
    ([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      {
        ...(StringValue !== undefined && { stringValue: StringValue }),
        ...(BinaryValue !== undefined && {
          binaryValue: typeof BinaryValue === 'string' ? BinaryValue : Buffer.from(BinaryValue).toString('base64'),
        }),
        stringListValues: [],
        binaryListValues: [],
        dataType: DataType,
      },
    ],
  );
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes ?? {},
    messageAttributes: Object.fromEntries(attributes) as Record<string, unknown>,
    md5OfBody: message.MD5OfBody,
    ...(message.MD5OfMessageAttributes !== undefined && { md5OfMessageAttributes: message.MD5OfMessageAttributes }),
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: REGION,
  };
}

function byteLength(messages: ReceivedMessage[]): number {
  return messages.reduce((sum, { Body }) => sum + Buffer.byteLength(Body), 0);
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

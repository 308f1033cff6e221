import { describe, expect, test } from '@jest/globals';
import { startEventSource, succeededMessages, toRecord } from '../../src/lambda/event-source.ts';
import type { EventSourceMapping, ReceivedMessage } from '../../src/lambda/event-source.ts';
import type { FunctionPool } from '../../src/lambda/function-pool.ts';
import type { InvocationResult } from '../../src/lambda/function-thread.ts';
import type { Queues } from '../../src/sqs/queues.ts';

const message = (id: string): ReceivedMessage => ({
  MessageId: id,
  ReceiptHandle: `handle-${id}`,
  MD5OfBody: 'md5',
  Body: `body ${id}`,
});
const batch = ['a', 'b', 'c'].map(message);
const answered = (payload: unknown): InvocationResult => ({ kind: 'answered', payload });
const failures = (...identifiers: unknown[]) =>
  answered({ batchItemFailures: identifiers.map((itemIdentifier) => ({ itemIdentifier })) });

describe('of a batch, these messages succeeded:', () => {
  test.each<[string, InvocationResult, string]>([
    ['all, when no failure is listed', failures(), 'abc'],
    ['all, when the list is null', answered({ batchItemFailures: null }), 'abc'],
    ['all, when there is no list', answered({}), 'abc'],
    ['all, when the result is null', answered(null), 'abc'],
    ['those that are not listed', failures('b'), 'ac'],
    ['those that are not listed, when one is listed twice', failures('b', 'b'), 'ac'],
    ['none, when all are listed', failures('a', 'b', 'c'), ''],
    ['none, when an identifier is unknown', failures('b', 'z'), ''],
    ['none, when an identifier is empty', failures(''), ''],
    ['none, when an identifier is null', failures(null), ''],
    ['none, when the key has another name', answered({ batchItemFailures: [{ messageId: 'b' }] }), ''],
    ['none, when an element of the list is not an object', answered({ batchItemFailures: ['b'] }), ''],
    ['none, when the list is not an array', answered({ batchItemFailures: 'b' }), ''],
    ['none, when the result is not an object', answered('ok'), ''],
    ['none, when the function failed', { kind: 'failed', error: { errorType: 'Error', errorMessage: 'no' } }, ''],
    ['none, when the function did not run', { kind: 'throttled' }, ''],
  ])('%s', (_, result, succeeded) => {
    expect(
      succeededMessages(batch, result, true)
        .map(({ MessageId }) => MessageId)
        .join(''),
    ).toBe(succeeded);
  });

  test('all, when the mapping does not use partial batch responses', () => {
    expect(succeededMessages(batch, failures('b'), false)).toEqual(batch);
  });
});

test('a record has the shape of Lambda’s SQS event', () => {
  const record = toRecord(
    {
      ...message('a'),
      Attributes: { ApproximateReceiveCount: '1' },
      MD5OfMessageAttributes: 'md5-of-attributes',
      MessageAttributes: { reason: { DataType: 'String', StringValue: 'invalid' } },
    },
    'arn:aws:sqs:us-east-1:000000000000:seats',
  );
  expect(record).toEqual({
    messageId: 'a',
    receiptHandle: 'handle-a',
    body: 'body a',
    attributes: { ApproximateReceiveCount: '1' },
    messageAttributes: {
      reason: { stringValue: 'invalid', stringListValues: [], binaryListValues: [], dataType: 'String' },
    },
    md5OfBody: 'md5',
    md5OfMessageAttributes: 'md5-of-attributes',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:seats',
    awsRegion: 'us-east-1',
  });
});

describe('an event source', () => {
  const mapping: EventSourceMapping = {
    id: 'mapping',
    enabled: true,
    queueArn: 'arn:aws:sqs:us-east-1:000000000000:seats',
    queueUrl: 'http://localhost/seats',
    functionName: 'seats',
    batchSize: 10,
    batchingWindowSeconds: 0,
    maximumConcurrency: 2,
    reportsBatchItemFailures: true,
  };

  /**
   * A queue in memory, and a function whose invocations end when the test calls `end`. A receive waits for a message or
   * for the signal.
   */
  function machine(waiting: ReceivedMessage[]) {
    const deleted: string[] = [];
    const runs: { messages: string[]; end: (result: InvocationResult) => void }[] = [];
    let changed = (): void => undefined;
    const queues = {
      request: async (action: string, input: Record<string, unknown>, signal?: AbortSignal) => {
        if (action === 'ReceiveMessage') {
          signal?.throwIfAborted();
          const Messages = waiting.splice(0, input.MaxNumberOfMessages as number);
          if (Messages.length > 0) return { Messages };
          return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)));
        }
        deleted.push(...(input.Entries as { ReceiptHandle: string }[]).map(({ ReceiptHandle }) => ReceiptHandle));
        changed();
        return {};
      },
    } as unknown as Queues;
    const functions = {
      invoke: (_: string, event: { Records: { messageId: string }[] }) =>
        new Promise((end) => {
          runs.push({ messages: event.Records.map(({ messageId }) => messageId), end });
          changed();
        }),
    } as unknown as FunctionPool;
    /** Waits for the condition, then for the event source to take all steps that it can take without the test. */
    const until = async (condition: () => boolean): Promise<void> => {
      while (!condition()) await new Promise<void>((resolve) => (changed = resolve));
      await new Promise((resolve) => setImmediate(resolve));
    };
    return { deleted, runs, until, parts: { queues, functions, log: () => undefined } };
  }

  test('runs no more concurrent batches than its maximum concurrency', async () => {
    const { parts, runs, deleted, until } = machine(['a', 'b', 'c'].map(message));
    const source = startEventSource({ ...mapping, batchSize: 1 }, parts);
    await until(() => runs.length >= 2);
    expect(runs.map(({ messages }) => messages)).toEqual([['a'], ['b']]);
    runs[0]!.end(failures());
    await until(() => runs.length >= 3);
    expect(deleted).toEqual(['handle-a']);
    runs.forEach(({ end }) => end(failures()));
    await source.stop(1000);
    expect(deleted).toEqual(['handle-a', 'handle-b', 'handle-c']);
  });

  test('deletes the messages that succeeded, and not those that failed', async () => {
    const { parts, runs, deleted, until } = machine(['a', 'b'].map(message));
    const source = startEventSource(mapping, parts);
    await until(() => runs.length === 1);
    runs[0]!.end(failures('a'));
    await until(() => deleted.length > 0);
    await source.stop(1000);
    expect(deleted).toEqual(['handle-b']);
  });

  test('stops while an invocation does not end, and does not delete its messages', async () => {
    const { parts, runs, deleted, until } = machine([message('a')]);
    const source = startEventSource(mapping, parts);
    await until(() => runs.length === 1);
    await source.stop(10);
    expect(deleted).toEqual([]);
  });
});

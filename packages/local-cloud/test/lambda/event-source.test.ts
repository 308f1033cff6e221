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

describe('of a batch, what is done with is', () => {
  test.each<[string, InvocationResult, string]>([
    ['all, when no failure is listed', failures(), 'abc'],
    ['all, when the list is null', answered({ batchItemFailures: null }), 'abc'],
    ['all, when there is no list', answered({}), 'abc'],
    ['all, when the answer is null', answered(null), 'abc'],
    ['what is not listed', failures('b'), 'ac'],
    ['what is not listed, though one is listed twice', failures('b', 'b'), 'ac'],
    ['nothing, when all are listed', failures('a', 'b', 'c'), ''],
    ['nothing, when an identifier is unknown', failures('b', 'z'), ''],
    ['nothing, when an identifier is empty', failures(''), ''],
    ['nothing, when an identifier is null', failures(null), ''],
    ['nothing, when the key has another name', answered({ batchItemFailures: [{ messageId: 'b' }] }), ''],
    ['nothing, when the list holds something else', answered({ batchItemFailures: ['b'] }), ''],
    ['nothing, when the list is no list', answered({ batchItemFailures: 'b' }), ''],
    ['nothing, when the answer is no object', answered('ok'), ''],
    ['nothing, when the function failed', { kind: 'failed', error: { errorType: 'Error', errorMessage: 'no' } }, ''],
    ['nothing, when the function did not run', { kind: 'throttled' }, ''],
  ])('%s', (_, result, done) => {
    expect(
      succeededMessages(batch, result, true)
        .map(({ MessageId }) => MessageId)
        .join(''),
    ).toBe(done);
  });

  test('all, whatever a function answers whose mapping does not ask for failures', () => {
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
    queueArn: 'arn:aws:sqs:us-east-1:000000000000:seats',
    queueUrl: 'http://localhost/seats',
    functionName: 'seats',
    batchSize: 10,
    batchingWindowSeconds: 0,
    maximumConcurrency: 2,
    reportsBatchItemFailures: true,
  };

  /** A queue in memory whose receives wait for a message or the signal, and a function whose runs end when the test says so. */
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
    const until = async (condition: () => boolean): Promise<void> => {
      while (!condition()) await new Promise<void>((resolve) => (changed = resolve));
    };
    return { deleted, runs, until, parts: { queues, functions, log: () => undefined } };
  }

  test('runs no more batches at once than its maximum concurrency', async () => {
    const { parts, runs, deleted, until } = machine(['a', 'b', 'c'].map(message));
    const source = startEventSource({ ...mapping, batchSize: 1 }, parts);
    await until(() => runs.length === 2);
    expect(runs.map(({ messages }) => messages)).toEqual([['a'], ['b']]);
    runs[0]!.end(failures());
    await until(() => runs.length === 3);
    expect(deleted).toEqual(['handle-a']);
    runs.forEach(({ end }) => end(failures()));
    await source.stop(1000);
    expect(deleted).toEqual(['handle-a', 'handle-b', 'handle-c']);
  });

  test('deletes what succeeded and leaves what failed', async () => {
    const { parts, runs, deleted, until } = machine(['a', 'b'].map(message));
    const source = startEventSource(mapping, parts);
    await until(() => runs.length === 1);
    runs[0]!.end(failures('a'));
    await until(() => deleted.length > 0);
    await source.stop(1000);
    expect(deleted).toEqual(['handle-b']);
  });

  test('stops without waiting for ever, and deletes nothing that did not succeed', async () => {
    const { parts, runs, deleted, until } = machine([message('a')]);
    const source = startEventSource(mapping, parts);
    await until(() => runs.length === 1);
    await source.stop(10);
    expect(deleted).toEqual([]);
  });
});

import { AwsError, unknownOperation } from '../aws-error.ts';

/** What the local cloud uses of a queue of fauxqs. */
export interface SqsQueue {
  readonly name: string;
  readonly url: string;
  readonly arn: string;
  getAttribute(name: string): string | undefined;
  /** Makes visible what has become visible since: delayed messages and those whose visibility timeout has passed. */
  processTimers(): void;
}

export interface SqsStore {
  host: string;
  region?: string;
  getQueue(url: string): SqsQueue | undefined;
  getQueueByName(name: string): SqsQueue | undefined;
}

export interface Fauxqs {
  createStore(region: string): SqsStore;
  /** Runs one action of SQS's JSON protocol; takes effect before it returns. @throws AwsError */
  call(store: SqsStore, action: string, input: Record<string, unknown>): Promise<Record<string, unknown>>;
  queueDoesNotExist(name: string): AwsError;
}

type Action = (input: unknown, store: SqsStore, request: { headers: Record<string, string> }) => unknown;

const ACTIONS = [
  'CreateQueue',
  'DeleteQueue',
  'GetQueueUrl',
  'ListQueues',
  'GetQueueAttributes',
  'SetQueueAttributes',
  'PurgeQueue',
  'SendMessage',
  'SendMessageBatch',
  'ReceiveMessage',
  'DeleteMessage',
  'DeleteMessageBatch',
  'ChangeMessageVisibility',
  'ChangeMessageVisibilityBatch',
  'TagQueue',
  'UntagQueue',
  'ListQueueTags',
];

/** Codes which the query protocol, and the x-amzn-query-error header of the JSON protocol, call by another name. */
const QUERY_CODES: Record<string, string> = {
  QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue',
  QueueNameExists: 'QueueAlreadyExists',
  EmptyBatchRequest: 'AWS.SimpleQueueService.EmptyBatchRequest',
  TooManyEntriesInBatchRequest: 'AWS.SimpleQueueService.TooManyEntriesInBatchRequest',
  BatchEntryIdsNotDistinct: 'AWS.SimpleQueueService.BatchEntryIdsNotDistinct',
  BatchRequestTooLong: 'AWS.SimpleQueueService.BatchRequestTooLong',
  InvalidBatchEntryId: 'AWS.SimpleQueueService.InvalidBatchEntryId',
  MessageNotInflight: 'AWS.SimpleQueueService.MessageNotInflight',
};

/**
 * fauxqs's own entry point is a Fastify application for SQS, SNS and S3 together; going through it costs 0.3 ms of CPU a call
 * and the AWS clients at start. Its store and its actions are modules of their own, and those are loaded here, past the
 * package's `exports`: its version is therefore pinned.
 */
export async function loadFauxqs(): Promise<Fauxqs> {
  const load = (path: string) =>
    import(new URL(path, import.meta.resolve('fauxqs')).href) as Promise<Record<string, unknown>>;
  const { SqsStore } = (await load('./sqs/sqsStore.js')) as { SqsStore: new () => SqsStore };
  const actions = new Map(
    await Promise.all(
      ACTIONS.map(async (name): Promise<[string, Action]> => {
        const exportName = name.charAt(0).toLowerCase() + name.slice(1);
        return [name, (await load(`./sqs/actions/${exportName}.js`))[exportName] as Action];
      }),
    ),
  );
  return {
    createStore(region) {
      const store = new SqsStore();
      store.region = region;
      // Without a host, fauxqs builds queue URLs from the request's host header: one and the same for all, below.
      store.host = '';
      return store;
    },
    async call(store, action, input) {
      const run = actions.get(action);
      if (run === undefined) throw unknownOperation('SQS', action, actions.keys());
      try {
        return ((await run(input, store, { headers: { host: 'queues' } })) ?? {}) as Record<string, unknown>;
      } catch (error) {
        if (isSqsError(error)) throw new AwsError(error.code, error.message, error.statusCode, QUERY_CODES[error.code]);
        throw error;
      }
    },
    queueDoesNotExist: (name) =>
      new AwsError(
        'QueueDoesNotExist',
        `The specified queue does not exist: ${name}.`,
        400,
        QUERY_CODES.QueueDoesNotExist,
      ),
  };
}

function isSqsError(error: unknown): error is Error & { code: string; statusCode: number } {
  return error instanceof Error && error.name === 'SqsError' && 'code' in error && 'statusCode' in error;
}

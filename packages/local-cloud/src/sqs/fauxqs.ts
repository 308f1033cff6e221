import { AwsError, unknownOperation } from '../aws-error.ts';

/** The members of fauxqs's queue that the local cloud uses. */
export interface SqsQueue {
  readonly name: string;
  readonly url: string;
  readonly arn: string;
  getAttribute(name: string): string | undefined;
  /** Makes messages visible whose delay or visibility timeout has ended since the last call. */
  processTimers(): void;
}

export interface SqsStore {
  host: string;
  region?: string;
  getQueue(url: string): SqsQueue | undefined;
  getQueueByName(name: string): SqsQueue | undefined;
}

export type MessageAttributes = Record<string, { DataType: string; StringValue?: string; BinaryValue?: string }>;

export interface Fauxqs {
  createStore(region: string): SqsStore;
  /** Runs one action of SQS's JSON protocol. It has its effect before the call returns. @throws AwsError */
  call(store: SqsStore, action: string, input: Record<string, unknown>): Promise<Record<string, unknown>>;
  /** As SQS computes it, in hexadecimal digits. */
  md5OfMessageAttributes(attributes: MessageAttributes): string;
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

/** Error codes that differ in the query protocol, and in the x-amzn-query-error header of the JSON protocol. */
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
 * Loads fauxqs's store and actions directly. Its entry point is a Fastify application for SQS, SNS and S3, which costs
 * 0.3 ms of CPU for each call and loads the AWS clients at start. The package's `exports` do not include these modules,
 * so its version is pinned.
 */
export async function loadFauxqs(): Promise<Fauxqs> {
  const load = (path: string) =>
    import(new URL(path, import.meta.resolve('fauxqs')).href) as Promise<Record<string, unknown>>;
  const { SqsStore } = (await load('./sqs/sqsStore.js')) as { SqsStore: new () => SqsStore };
  const { md5OfMessageAttributes } = (await load('./common/md5.js')) as Pick<Fauxqs, 'md5OfMessageAttributes'>;
  acceptEveryCharacter((await load('./sqs/sqsTypes.js')).INVALID_MESSAGE_BODY_CHAR);
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
      // Without a host, fauxqs builds queue URLs from the request's host header. That is always `queues`: see `call`.
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
    md5OfMessageAttributes,
    queueDoesNotExist: (name) =>
      new AwsError(
        'QueueDoesNotExist',
        `The specified queue does not exist: ${name}.`,
        400,
        QUERY_CODES.QueueDoesNotExist,
      ),
  };
}

/**
 * Turns off fauxqs's own check of bodies, a regular expression that refuses characters beyond the Basic Multilingual
 * Plane, which SQS accepts. `refuseMessage` checks bodies and attributes instead.
 */
function acceptEveryCharacter(expression: unknown): void {
  if (!(expression instanceof RegExp)) throw new Error('fauxqs checks the characters of a body in another way now');
  Object.defineProperty(expression, 'test', { value: () => false });
}

function isSqsError(error: unknown): error is Error & { code: string; statusCode: number } {
  return error instanceof Error && error.name === 'SqsError' && 'code' in error && 'statusCode' in error;
}

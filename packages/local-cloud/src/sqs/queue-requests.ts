import { AwsError } from '../aws-error.ts';
import { isObject } from '../is-object.ts';

type Input = Record<string, unknown>;

/** The queue attributes that a client can set. */
const SETTABLE = [
  'DelaySeconds',
  'MaximumMessageSize',
  'MessageRetentionPeriod',
  'Policy',
  'ReceiveMessageWaitTimeSeconds',
  'VisibilityTimeout',
  'RedrivePolicy',
  'RedriveAllowPolicy',
  'KmsMasterKeyId',
  'KmsDataKeyReusePeriodSeconds',
  'SqsManagedSseEnabled',
  'FifoQueue',
  'ContentBasedDeduplication',
  'DeduplicationScope',
  'FifoThroughputLimit',
];
const settable = new Set(SETTABLE);
const readable = new Set([
  ...SETTABLE,
  'All',
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesDelayed',
  'ApproximateNumberOfMessagesNotVisible',
  'CreatedTimestamp',
  'LastModifiedTimestamp',
  'QueueArn',
]);
const MAX_QUEUES = 1000;
/** The form of a receipt handle of fauxqs. */
const receiptHandle = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

type TypeTest = [what: string, test: (value: unknown) => boolean];

const isText = (value: unknown): boolean => typeof value === 'string';
const text: TypeTest = ['a string', isText];
const integer: TypeTest = ['a whole number', Number.isInteger];
const texts: TypeTest = ['a list of strings', (value) => Array.isArray(value) && value.every(isText)];
const map: TypeTest = ['a map', isObject];
const textMap: TypeTest = ['a map of strings', (value) => isObject(value) && Object.values(value).every(isText)];

/** The types of the members of requests and of their entries. A name has one type in all of SQS's operations. */
const types: Record<string, TypeTest> = {
  ...{ QueueUrl: text, QueueName: text, QueueNamePrefix: text, NextToken: text, MaxResults: integer },
  ...{ Id: text, MessageBody: text, DelaySeconds: integer, MessageAttributes: map, MessageSystemAttributes: map },
  ...{ MaxNumberOfMessages: integer, VisibilityTimeout: integer, WaitTimeSeconds: integer, ReceiptHandle: text },
  ...{ AttributeNames: texts, MessageAttributeNames: texts, MessageSystemAttributeNames: texts },
  ...{ Attributes: textMap, Tags: textMap, TagKeys: texts },
  Entries: ['a list of structures', (value) => Array.isArray(value) && value.every(isObject)],
};

/**
 * fauxqs computes with what it gets. A message with a `VisibilityTimeout` of "x", for example, would never return.
 * @throws AwsError `SerializationException` for a member of a wrong type; null counts as absent, as on AWS
 */
export function refuseWrongTypes(request: Input): void {
  refuseWrongMembers(request);
  for (const entry of (request.Entries ?? []) as Input[]) refuseWrongMembers(entry);
}

function refuseWrongMembers(input: Input): void {
  for (const [name, [what, test]] of Object.entries(types)) {
    const value = input[name] ?? undefined;
    if (value !== undefined && !test(value)) throw new AwsError('SerializationException', `${name} must be ${what}.`);
  }
}

/** @throws AwsError for a name that SQS refuses */
export function refuseQueueName(name: unknown): void {
  if (typeof name === 'string' && name.length <= 80 && /^[\w-]+(\.fifo)?$/.test(name)) return;
  const problem = 'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length';
  throw new AwsError('InvalidParameterValue', problem);
}

/** @throws AwsError for an attribute of CreateQueue or SetQueueAttributes that SQS does not know, or cannot read */
export function refuseAttributes(attributes: unknown): void {
  refuseUnknown(Object.keys(attributes ?? {}), settable);
  const { RedrivePolicy: policy = '' } = (attributes ?? {}) as Record<string, string>;
  if (policy !== '' && !isRedrivePolicy(policy)) {
    const reason = 'Reason: It must be JSON with a deadLetterTargetArn and a maxReceiveCount from 1 to 1000.';
    throw new AwsError('InvalidParameterValue', `Value ${policy} for parameter RedrivePolicy is invalid. ${reason}`);
  }
}

function isRedrivePolicy(text: string): boolean {
  try {
    const policy: unknown = JSON.parse(text);
    if (!isObject(policy)) return false;
    const count = Number(policy.maxReceiveCount);
    return typeof policy.deadLetterTargetArn === 'string' && Number.isInteger(count) && count >= 1 && count <= 1000;
  } catch {
    return false;
  }
}

/** @throws AwsError for an attribute of GetQueueAttributes that SQS does not know */
export function refuseUnknownAttributeNames(names: unknown): void {
  refuseUnknown(Array.isArray(names) ? names.map(textOf) : [], readable);
}

function refuseUnknown(names: string[], known: ReadonlySet<string>): void {
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) throw new AwsError('InvalidAttributeName', `Unknown Attribute ${unknown}.`);
}

/** @throws AwsError for a text that no ReceiveMessage returned; the handle of a deleted message is accepted */
export function refuseReceiptHandle(handle: unknown): void {
  if (handle === undefined || handle === null || handle === '')
    throw new AwsError('MissingParameter', 'The request must contain the parameter ReceiptHandle.');
  if (typeof handle === 'string' && receiptHandle.test(handle)) return;
  const problem = `The input receipt handle "${textOf(handle)}" is not a valid receipt handle.`;
  throw new AwsError('ReceiptHandleIsInvalid', problem, 404);
}

/**
 * A page of ListQueues. A response has a NextToken only when the request has MaxResults; without it, SQS returns the
 * first 1,000 queues.
 * @throws AwsError
 */
export function pageOfQueues(urls: readonly string[], { MaxResults: limit, NextToken: token }: Input): Input {
  if (
    limit !== undefined &&
    limit !== null &&
    !(Number.isInteger(limit) && Number(limit) >= 1 && Number(limit) <= MAX_QUEUES)
  ) {
    const reason = `Reason: Must be between 1 and ${MAX_QUEUES}, if provided.`;
    throw new AwsError(
      'InvalidParameterValue',
      `Value ${textOf(limit)} for parameter MaxResults is invalid. ${reason}`,
    );
  }
  let start = 0;
  if (typeof token === 'string' && token !== '') {
    if (limit === undefined || limit === null)
      throw new AwsError('InvalidParameterValue', 'The request must contain the parameter MaxResults with NextToken.');
    // The token names the last queue of the page before, so that queues which are created meanwhile change no page.
    start = urls.indexOf(Buffer.from(token, 'base64url').toString()) + 1;
    if (start === 0) throw new AwsError('InvalidParameterValue', 'Invalid or expired next token.');
  }
  const page = urls.slice(start, start + Number(limit ?? MAX_QUEUES));
  const hasMore = typeof limit === 'number' && start + page.length < urls.length;
  return { QueueUrls: page, ...(hasMore && { NextToken: Buffer.from(page.at(-1)!).toString('base64url') }) };
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

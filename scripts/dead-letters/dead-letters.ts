/** The dead-letter queues of an airline and the messages in them. */
import {
  ChangeMessageVisibilityBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  type MessageAttributeValue,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import { readBookingId } from '@airline/events-schemas/booking-id';
import type { Target } from '../airline/target.ts';
import { pc } from '../cli/colors.ts';
import { counted } from '../cli/format.ts';
import { asRefusal } from '../cli/refusal.ts';
import { UsageError } from '../cli/usage-error.ts';

/** Why a message is dead: its consumer could not handle it, or EventBridge could not deliver it. */
export type Kind = 'unhandled' | 'undelivered';

export const meaning: Readonly<Record<Kind, string>> = {
  unhandled: 'the consumer could not handle it',
  undelivered: 'EventBridge could not deliver it',
};

export interface DeadLetterQueue {
  service: string;
  kind: Kind;
  url: string;
  /** The URL of the service's own queue, to which a redrive moves the messages. */
  sourceUrl: string;
}

/** A message of a dead-letter queue, as an operator reads it. */
export interface DeadLetter {
  service: string;
  messageId: string;
  /** The id of the message that the consumer received, if this letter is a new message for it. */
  originalMessageId?: string;
  kind: Kind;
  /** E.g. `schema-violation`; `gave-up` when the consumer failed maxReceiveCount times. */
  reason: string;
  /** The error message, if one is known. */
  error?: string;
  /** RFC 3339 UTC. */
  firstSeen: string;
  receiveCount: number;
  detailType?: string;
  /** A booking's id in small letters, however the event has it. */
  correlationId?: string;
  body: string;
}

/**
 * A dead letter that this process has received. SQS hides it from other receivers until its visibility timeout ends.
 */
export interface ReceivedLetter extends DeadLetter {
  receiptHandle: string;
  attributes: Record<string, MessageAttributeValue>;
  /** X-Ray's trace header. SQS keeps it apart from the message attributes. */
  traceHeader?: string;
}

/** What a visitor did with the letters of a batch. */
export interface Visited {
  /** The messageIds of those that it deleted from the queue. */
  deleted: ReadonlySet<string>;
  /** Whether the walk ends here. @default false */
  isEnough?: boolean;
}

export interface Walked {
  seen: number;
  /** Messages that could not be made visible again at once. SQS does that within five minutes. */
  hidden: number;
}

const parameters: Record<string, Kind> = { 'dead-letters-url': 'unhandled', 'undelivered-url': 'undelivered' };
/** SQS takes at most ten messages in a request. */
export const batchSize = 10;
/** How long received letters are hidden at most. Unless this process is killed, they are made visible again sooner. */
const visibilitySeconds = 300;

/** A warning about hidden messages; none where there are none. */
export function hiddenWarnings(hidden: number): string[] {
  if (hidden === 0) return [];
  return [pc.yellow(`${counted(hidden, 'message')} could not be made visible again; SQS does it within five minutes.`)];
}

/** The dead-letter queues of all deployed services, or of one. @throws UsageError when there is no such service */
export async function deadLetterQueues(target: Target, service?: string, kind?: Kind): Promise<DeadLetterQueue[]> {
  const known = await target.parameters();
  const all = [...known].flatMap(([path, url]) => {
    const [owner, parameter] = path.split('/') as [string, string];
    const kind = parameters[parameter];
    return kind ? [{ service: owner, kind, url, sourceUrl: known.get(`${owner}/queue-url`)! }] : [];
  });
  all.sort((a, b) => a.service.localeCompare(b.service) || b.kind.localeCompare(a.kind));
  const chosen = service === undefined ? all : all.filter((queue) => queue.service === service);
  if (chosen.length === 0 && service !== undefined) {
    throw new UsageError(
      `No service is called ${service}. There are ${[...new Set(all.map((queue) => queue.service))].join(', ')}.`,
    );
  }
  return kind === undefined ? chosen : chosen.filter((queue) => queue.kind === kind);
}

/** The number of messages in a queue, including those that someone has received and not deleted. */
export async function countMessages(target: Target, { url }: DeadLetterQueue): Promise<number> {
  const { Attributes = {} } = await target.sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: url,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return Number(Attributes.ApproximateNumberOfMessages) + Number(Attributes.ApproximateNumberOfMessagesNotVisible);
}

export async function countAll(target: Target, queues: readonly DeadLetterQueue[]): Promise<number> {
  const counts = await Promise.all(queues.map((queue) => countMessages(target, queue)));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Reads up to `limit` messages for which `matches` is true, oldest first. They stay in the queue. */
export async function peek(
  target: Target,
  queue: DeadLetterQueue,
  limit: number,
  matches: (letter: DeadLetter) => boolean = () => true,
): Promise<DeadLetter[]> {
  return (await look(target, queue, { limit, matches })).letters;
}

interface LookOptions {
  /** @default all */
  limit?: number;
  matches?: (letter: DeadLetter) => boolean;
  /** Ends the look after the current messages. */
  signal?: AbortSignal;
}

/** As {@link peek}, and says how many letters were read for it, and how many of them stay hidden. */
async function look(
  target: Target,
  queue: DeadLetterQueue,
  { limit = Infinity, matches = () => true, signal }: LookOptions,
): Promise<Walked & { letters: DeadLetter[] }> {
  const found: DeadLetter[] = [];
  const walked = await walk(
    target,
    queue,
    async (letters) => {
      for (const { receiptHandle: _, attributes: __, traceHeader: ___, ...letter } of letters.filter(matches))
        found.push(letter);
      return { deleted: new Set(), isEnough: found.length >= limit };
    },
    signal,
  );
  const letters = found.slice(0, limit).sort((a, b) => a.firstSeen.localeCompare(b.firstSeen));
  return { ...walked, letters };
}

/** A dead-letter queue, as far as it was looked through. */
export interface LookedAt extends Walked {
  service: string;
  kind: Kind;
  /** About how many messages it has, with those that somebody else has received. */
  messages: number;
  /** Why it was not looked through. */
  unread?: string;
  /** Why it was looked through in part only: the rest was hidden by another receiver, or enough was found. */
  rest?: 'hidden' | 'not-needed';
}

/**
 * Looks through queues side by side. A queue that cannot be read does not hide the others.
 * @param limit for each queue
 * @returns the letters that match, queue by queue, oldest first
 */
export async function lookThrough(
  target: Target,
  queues: readonly DeadLetterQueue[],
  options: LookOptions = {},
): Promise<{ queues: LookedAt[]; letters: DeadLetter[] }> {
  const looks = queues.map(async (queue): Promise<{ queue: LookedAt; letters: DeadLetter[] }> => {
    const { service, kind } = queue;
    const looked = { service, kind, messages: 0, seen: 0, hidden: 0 };
    try {
      looked.messages = await countMessages(target, queue);
      // A look hides the messages from other receivers for a moment, so an empty queue is left alone.
      if (looked.messages === 0) return { queue: looked, letters: [] };
      const { letters, seen, hidden } = await look(target, queue, options);
      const isCut = options.signal?.aborted === true || letters.length >= (options.limit ?? Infinity);
      const rest = seen < looked.messages && ({ rest: isCut ? 'not-needed' : 'hidden' } as const);
      return { queue: { ...looked, seen, hidden, ...rest }, letters };
    } catch (error) {
      const why = asRefusal(error) ?? error;
      return { queue: { ...looked, unread: why instanceof Error ? why.message : String(why) }, letters: [] };
    }
  });
  const looked = await Promise.all(looks);
  return { queues: looked.map(({ queue }) => queue), letters: looked.flatMap(({ letters }) => letters) };
}

/** Sentences about queues that were not looked through as wanted, and about letters that stay hidden. */
export function lookWarnings(queues: readonly LookedAt[]): string[] {
  return queues.flatMap(({ service, kind, messages, seen, hidden, unread, rest }) => {
    const name = `${service} (${kind})`;
    if (unread !== undefined) return [pc.red(`${name} could not be looked through: ${unread}`)];
    const part =
      `${name}: ${seen.toLocaleString('en')} of about ${counted(messages, 'message')} looked at; the rest is hidden ` +
      'for up to five minutes, because another command reads it or was killed.';
    return [
      ...(rest === 'hidden' ? [pc.yellow(part)] : []),
      ...hiddenWarnings(hidden).map((warning) => `${pc.yellow(`${name}:`)} ${warning}`),
    ];
  });
}

/**
 * Receives every letter of a queue once, ten at a time, and passes each batch to `visit`. Received letters stay
 * hidden until the end, so that each receive brings new ones. Those that `visit` did not delete are then made visible
 * again, also after an error.
 * @param signal ends the walk before the next batch
 */
export async function walk(
  target: Target,
  queue: DeadLetterQueue,
  visit: (letters: ReceivedLetter[]) => Promise<Visited>,
  signal?: AbortSignal,
): Promise<Walked> {
  const seen = new Set<string>();
  const received = new Map<string, string>();
  let hidden = 0;
  try {
    for (let isEnough: boolean | undefined = false; !isEnough && !signal?.aborted;) {
      // Not abortable: letters of an aborted receive would stay hidden without having been read.
      const { Messages = [] } = await target.sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: queue.url,
          MaxNumberOfMessages: batchSize,
          VisibilityTimeout: visibilitySeconds,
          // A long poll asks all of SQS's servers, so an empty answer means an empty queue. The local cloud has one.
          WaitTimeSeconds: target.endpoint === undefined ? 1 : 0,
          MessageSystemAttributeNames: ['All'],
          MessageAttributeNames: ['All'],
        }),
      );
      if (Messages.length === 0) break;
      for (const { MessageId, ReceiptHandle } of Messages) received.set(MessageId!, ReceiptHandle!);
      // On a walk of more than five minutes, letters become visible and are received again. They are not visited twice.
      const fresh = Messages.filter(({ MessageId }) => !seen.has(MessageId!));
      for (const { MessageId } of fresh) seen.add(MessageId!);
      const visited: Visited =
        fresh.length > 0 ? await visit(fresh.map((message) => toLetter(queue, message))) : { deleted: new Set() };
      for (const messageId of visited.deleted) received.delete(messageId);
      isEnough = visited.isEnough;
    }
  } finally {
    hidden = await makeVisible(target, queue, [...received.values()]);
  }
  return { seen: seen.size, hidden };
}

/** @returns how many letters stay hidden until their visibility timeout ends */
async function makeVisible(target: Target, { url }: DeadLetterQueue, receiptHandles: string[]): Promise<number> {
  let hidden = 0;
  for (let index = 0; index < receiptHandles.length; index += batchSize) {
    const Entries = receiptHandles
      .slice(index, index + batchSize)
      .map((ReceiptHandle, id) => ({ Id: String(id), ReceiptHandle, VisibilityTimeout: 0 }));
    try {
      const { Failed = [] } = await target.sqs.send(
        new ChangeMessageVisibilityBatchCommand({ QueueUrl: url, Entries }),
      );
      hidden += Failed.length;
    } catch {
      // Only counted: an error thrown here would replace the error that ended the walk.
      hidden += Entries.length;
    }
  }
  return hidden;
}

function toLetter(
  { service, kind }: DeadLetterQueue,
  { MessageId, ReceiptHandle, Body = '', Attributes = {}, MessageAttributes = {} }: Message,
): ReceivedLetter {
  const attribute = (name: string): string | undefined => MessageAttributes[name]?.StringValue;
  const error = attribute('error') ?? attribute('ERROR_MESSAGE');
  const { detailType, correlationId } = describe(Body);
  const originalMessageId = attribute('originalMessageId');
  return {
    service,
    messageId: MessageId!,
    ...(originalMessageId !== undefined && { originalMessageId }),
    kind,
    reason: attribute('reason') ?? attribute('ERROR_CODE') ?? 'gave-up',
    ...(error !== undefined && { error }),
    // Whoever sent the message may have set these attributes to anything.
    firstSeen: timeIn(attribute('firstReceivedAt')) ?? new Date(Number(Attributes.SentTimestamp)).toISOString(),
    receiveCount: Number(attribute('receiveCount')) || Number(Attributes.ApproximateReceiveCount),
    ...(detailType !== undefined && { detailType }),
    ...(correlationId !== undefined && { correlationId }),
    body: Body,
    receiptHandle: ReceiptHandle!,
    attributes: MessageAttributes,
    ...(Attributes.AWSTraceHeader !== undefined && { traceHeader: Attributes.AWSTraceHeader }),
  };
}

function timeIn(text = ''): string | undefined {
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

/** Detail-type and booking of a body, if it is an event. A body may be any text. */
function describe(body: string): { detailType?: string; correlationId?: string } {
  try {
    const event = JSON.parse(body) as {
      'detail-type'?: unknown;
      detail?: { metadata?: { correlationId?: unknown }; data?: { bookingId?: unknown } };
    } | null;
    const detailType = event?.['detail-type'];
    const correlationId = event?.detail?.data?.bookingId ?? event?.detail?.metadata?.correlationId;
    return {
      ...(typeof detailType === 'string' && { detailType }),
      ...(typeof correlationId === 'string' && { correlationId: readBookingId(correlationId) ?? correlationId }),
    };
  } catch {
    return {};
  }
}

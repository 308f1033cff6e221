/** The dead-letter queues of an airline and what stands in them. */
import {
  ChangeMessageVisibilityBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  type MessageAttributeValue,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import type { Target } from '../airline/target.ts';
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
  /** The queue that its messages belong into. */
  home: string;
}

/** One dead letter, as an operator reads it. */
export interface DeadLetter {
  messageId: string;
  kind: Kind;
  /** A word, e.g. `schema-violation`; `gave-up` when the consumer failed as often as the queue allows. */
  reason: string;
  /** A sentence, where one is known. */
  error?: string;
  /** RFC 3339 UTC. */
  firstSeen: string;
  receiveCount: number;
  detailType?: string;
  correlationId?: string;
  body: string;
}

/** A dead letter in hand: nobody else sees it until it is put back. */
export interface LetterInHand extends DeadLetter {
  receiptHandle: string;
  attributes: Record<string, MessageAttributeValue>;
  /** X-Ray's, which SQS keeps apart from the other attributes. */
  traceHeader?: string;
}

/** What became of the letters that a visitor was given. */
export interface Visited {
  /** Those that have left the queue, by messageId. */
  gone: ReadonlySet<string>;
  /** The walk ends here. */
  enough?: boolean;
}

export interface Walked {
  seen: number;
  /** Could not be shown to others again at once; SQS does it by itself within five minutes. */
  hidden: number;
}

const parameters: Record<string, Kind> = { 'dead-letters-url': 'unhandled', 'undelivered-url': 'undelivered' };
/** SQS's own limit for one request. */
export const batchSize = 10;
/** How long letters in hand are hidden. They are put back sooner, unless this process is killed. */
const handSeconds = 300;

/** The dead-letter queues of every deployed service, or of one. @throws UsageError when there is no such service */
export async function deadLetterQueues(target: Target, service?: string, kind?: Kind): Promise<DeadLetterQueue[]> {
  const known = await target.parameters();
  const all = [...known].flatMap(([path, url]) => {
    const [owner, parameter] = path.split('/') as [string, string];
    const kind = parameters[parameter];
    return kind ? [{ service: owner, kind, url, home: known.get(`${owner}/queue-url`)! }] : [];
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

/** How many messages a queue holds, those that someone looks at right now included. */
export async function countMessages(target: Target, { url }: DeadLetterQueue): Promise<number> {
  const { Attributes = {} } = await target.sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: url,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return Number(Attributes.ApproximateNumberOfMessages) + Number(Attributes.ApproximateNumberOfMessagesNotVisible);
}

/** Looks at up to `limit` messages that `matches` and leaves them where they are. */
export async function peek(
  target: Target,
  queue: DeadLetterQueue,
  limit: number,
  matches: (letter: DeadLetter) => boolean = () => true,
): Promise<DeadLetter[]> {
  const found: DeadLetter[] = [];
  await walk(target, queue, async (letters) => {
    for (const { receiptHandle: _, attributes: __, traceHeader: ___, ...letter } of letters.filter(matches))
      found.push(letter);
    return { gone: new Set(), enough: found.length >= limit };
  });
  return found.slice(0, limit).sort((a, b) => a.firstSeen.localeCompare(b.firstSeen));
}

/**
 * Takes every letter of a queue into hand, once, ten at a time, and lets `visit` decide. Letters are hidden until the end, so
 * that the next receive brings others; those that are not gone by then are put back, also after an error.
 * @param signal ends the walk before the next batch
 */
export async function walk(
  target: Target,
  queue: DeadLetterQueue,
  visit: (letters: LetterInHand[]) => Promise<Visited>,
  signal?: AbortSignal,
): Promise<Walked> {
  const seen = new Set<string>();
  const inHand = new Map<string, string>();
  let hidden = 0;
  try {
    for (let enough: boolean | undefined = false; !enough && !signal?.aborted;) {
      // Not abortable: SQS would have hidden letters that nobody has in hand.
      const { Messages = [] } = await target.sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: queue.url,
          MaxNumberOfMessages: batchSize,
          VisibilityTimeout: handSeconds,
          // A long poll asks all of SQS's servers: an empty answer then means an empty queue. The local cloud is one server.
          WaitTimeSeconds: target.endpoint === undefined ? 1 : 0,
          MessageSystemAttributeNames: ['All'],
          MessageAttributeNames: ['All'],
        }),
      );
      if (Messages.length === 0) break;
      for (const { MessageId, ReceiptHandle } of Messages) inHand.set(MessageId!, ReceiptHandle!);
      // A long walk meets a letter again when its time in hand is over: that is no reason to stop, nor to visit it twice.
      const fresh = Messages.filter(({ MessageId }) => !seen.has(MessageId!));
      for (const { MessageId } of fresh) seen.add(MessageId!);
      const visited: Visited =
        fresh.length > 0 ? await visit(fresh.map((message) => toLetter(queue.kind, message))) : { gone: new Set() };
      for (const messageId of visited.gone) inHand.delete(messageId);
      enough = visited.enough;
    }
  } finally {
    hidden = await putBack(target, queue, [...inHand.values()]);
  }
  return { seen: seen.size, hidden };
}

/** @returns how many stay hidden until their time in hand is over */
async function putBack(target: Target, { url }: DeadLetterQueue, receiptHandles: string[]): Promise<number> {
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
      // Told by its number: an error thrown here would hide the one that ended the walk.
      hidden += Entries.length;
    }
  }
  return hidden;
}

function toLetter(
  kind: Kind,
  { MessageId, ReceiptHandle, Body = '', Attributes = {}, MessageAttributes = {} }: Message,
): LetterInHand {
  const attribute = (name: string): string | undefined => MessageAttributes[name]?.StringValue;
  const error = attribute('error') ?? attribute('ERROR_MESSAGE');
  const { detailType, correlationId } = describe(Body);
  return {
    messageId: MessageId!,
    kind,
    reason: attribute('reason') ?? attribute('ERROR_CODE') ?? 'gave-up',
    ...(error !== undefined && { error }),
    firstSeen: attribute('firstReceivedAt') ?? new Date(Number(Attributes.SentTimestamp)).toISOString(),
    receiveCount: Number(attribute('receiveCount') ?? Attributes.ApproximateReceiveCount),
    ...(detailType !== undefined && { detailType }),
    ...(correlationId !== undefined && { correlationId }),
    body: Body,
    receiptHandle: ReceiptHandle!,
    attributes: MessageAttributes,
    ...(Attributes.AWSTraceHeader !== undefined && { traceHeader: Attributes.AWSTraceHeader }),
  };
}

/** What a body says of itself, as far as it can be read: it may be anything. */
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
      ...(typeof correlationId === 'string' && { correlationId }),
    };
  } catch {
    return {};
  }
}

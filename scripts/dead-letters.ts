import {
  ChangeMessageVisibilityBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import type { Target } from './target.ts';
import { UsageError } from './usage-error.ts';

/** Why a message is dead: its consumer could not handle it, or EventBridge could not deliver it. */
export type Kind = 'unhandled' | 'undelivered';

export interface DeadLetterQueue {
  service: string;
  kind: Kind;
  url: string;
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

const parameters: Record<string, Kind> = { 'dead-letters-url': 'unhandled', 'undelivered-url': 'undelivered' };
/** While one reader looks, others do not see the messages; long enough to read them all, short enough not to hide them. */
const lookSeconds = 20;

/** The dead-letter queues of every deployed service, or of one. @throws UsageError when there is no such service */
export async function deadLetterQueues(target: Target, service?: string): Promise<DeadLetterQueue[]> {
  const all = [...(await target.parameters())].flatMap(([path, url]) => {
    const [owner, parameter] = path.split('/') as [string, string];
    const kind = parameters[parameter];
    return kind ? [{ service: owner, kind, url }] : [];
  });
  all.sort((a, b) => a.service.localeCompare(b.service) || b.kind.localeCompare(a.kind));
  const chosen = service === undefined ? all : all.filter((queue) => queue.service === service);
  if (chosen.length === 0 && service !== undefined) {
    throw new UsageError(`No service is called ${service}. There are ${[...new Set(all.map((queue) => queue.service))].join(', ')}.`);
  }
  return chosen;
}

/** How many messages a queue holds, those that someone looks at right now included. */
export async function countMessages(target: Target, { url }: DeadLetterQueue): Promise<number> {
  const { Attributes = {} } = await target.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] }),
  );
  return Number(Attributes.ApproximateNumberOfMessages) + Number(Attributes.ApproximateNumberOfMessagesNotVisible);
}

/** Looks at up to `limit` messages and leaves them where they are. */
export async function peek(target: Target, queue: DeadLetterQueue, limit: number): Promise<DeadLetter[]> {
  const seen = new Map<string, Message>();
  try {
    while (seen.size < limit) {
      const { Messages = [] } = await target.sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: queue.url,
          MaxNumberOfMessages: Math.min(10, limit - seen.size),
          VisibilityTimeout: lookSeconds,
          WaitTimeSeconds: 1,
          MessageSystemAttributeNames: ['All'],
          MessageAttributeNames: ['All'],
        }),
      );
      const fresh = Messages.filter(({ MessageId }) => !seen.has(MessageId!));
      for (const message of fresh) seen.set(message.MessageId!, message);
      if (fresh.length === 0) break;
    }
  } finally {
    await putBack(target, queue, [...seen.values()]);
  }
  return [...seen.values()].map((message) => toDeadLetter(queue.kind, message)).sort((a, b) => a.firstSeen.localeCompare(b.firstSeen));
}

async function putBack(target: Target, { url }: DeadLetterQueue, messages: Message[]): Promise<void> {
  for (let index = 0; index < messages.length; index += 10) {
    const entries = messages.slice(index, index + 10).map(({ ReceiptHandle }, id) => ({ Id: String(id), ReceiptHandle, VisibilityTimeout: 0 }));
    await target.sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: url, Entries: entries }));
  }
}

function toDeadLetter(kind: Kind, { MessageId, Body = '', Attributes = {}, MessageAttributes = {} }: Message): DeadLetter {
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
  };
}

/** What a body says of itself, as far as it can be read: it may be anything. */
function describe(body: string): { detailType?: string; correlationId?: string } {
  try {
    const event = JSON.parse(body) as { 'detail-type'?: unknown; detail?: { metadata?: { correlationId?: unknown }; data?: { bookingId?: unknown } } } | null;
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

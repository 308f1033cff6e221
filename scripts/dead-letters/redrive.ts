/** Brings dead letters back to the queue that they belong into. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type DeadLetter, type DeadLetterQueue, type Kind, type LetterInHand, walk } from './dead-letters.ts';
import { deleteAll, sendAll } from './sqs-batch.ts';
import type { Target } from '../airline/target.ts';

export interface RedriveOptions {
  matches?: (letter: DeadLetter) => boolean;
  /** @default all */
  max?: number | undefined;
  /** Messages a second. @default as fast as SQS takes them */
  rate?: number | undefined;
  /** Ends it after the messages in hand. */
  signal?: AbortSignal;
  onProgress?: (redriven: number) => void;
}

interface LetterFailure {
  messageId: string;
  kind: Kind;
  error: string;
}

export interface Redriven {
  /** Back in their queue. */
  redriven: number;
  /** Could not be sent; still dead letters. */
  failed: LetterFailure[];
  /** Back in their queue, but could not be deleted here: both places have them. Handling an event twice changes nothing. */
  doubled: LetterFailure[];
  /** Redriven, and dead again while the redrive went on. */
  cameBack: number;
  /** Did not match, or came after --max. */
  left: number;
  /** In nobody's hand, but hidden from others for up to five minutes. */
  hidden: number;
  /** By the signal, or because a whole batch failed. */
  stopped: boolean;
}

/** What the way to a dead-letter queue added to a message: by its consumer, and by EventBridge. */
const deadLetterAttributes = new Set([
  ...['reason', 'error', 'originalMessageId', 'firstReceivedAt', 'receiveCount'],
  ...['RULE_ARN', 'TARGET_ARN', 'ERROR_CODE', 'ERROR_MESSAGE', 'EXHAUSTED_RETRY_CONDITION', 'RETRY_ATTEMPTS'],
]);

/**
 * Redrives what matches: receive, send to the queue with the original attributes, and only then delete here. An event that
 * EventBridge could not deliver goes to the queue that missed it, not to the bus, where other services would hear it again.
 *
 * Written with receive, send and delete rather than StartMessageMoveTask: that serves no dead-letter queue of EventBridge,
 * filters nothing, and leaves the old reason on a message that dies again for another.
 */
export async function redrive(
  target: Target,
  queues: readonly DeadLetterQueue[],
  options: RedriveOptions = {},
): Promise<Redriven> {
  const { matches = () => true, max = Infinity, rate, signal, onProgress = () => {} } = options;
  const result: Redriven = { redriven: 0, failed: [], doubled: [], cameBack: 0, left: 0, hidden: 0, stopped: false };
  const pace = createPace(rate, signal);
  /** By these a message is recognized that dies again at once: without them, poison would be redriven for ever. */
  const sentIds = new Set<string>();

  async function bringBack(queue: DeadLetterQueue, letters: LetterInHand[]): Promise<Set<string>> {
    const misplaced = queue.kind === 'undelivered' ? letters.filter((letter) => !missed(queue, letter)) : [];
    const placed = letters.filter((letter) => !misplaced.includes(letter));
    const sent = await sendAll(target, queue.home, placed.map(toOutgoing));
    const back = placed.filter((letter, index) => {
      const outcome = sent[index]!;
      if ('messageId' in outcome) return sentIds.add(outcome.messageId);
      result.failed.push({ messageId: letter.messageId, kind: letter.kind, error: outcome.error });
      return false;
    });
    for (const { messageId, kind, attributes } of misplaced) {
      result.failed.push({ messageId, kind, error: `it missed another target, ${attributes.TARGET_ARN?.StringValue}` });
    }
    const errors = await deleteAll(
      target,
      queue.url,
      back.map(({ receiptHandle }) => receiptHandle),
    );
    result.redriven += back.length;
    onProgress(result.redriven);
    for (const [index, error] of errors.entries()) {
      const { messageId, kind } = back[index]!;
      if (error !== undefined) result.doubled.push({ messageId, kind, error });
    }
    if (placed.length > 0 && back.length === 0) result.stopped = true;
    return new Set(back.filter((_, index) => errors[index] === undefined).map(({ messageId }) => messageId));
  }

  for (const queue of queues) {
    if (signal?.aborted || result.stopped || result.redriven >= max) break;
    const walked = await walk(
      target,
      queue,
      async (letters) => {
        const fresh = letters.filter(({ messageId, attributes }) => {
          const again = sentIds.has(messageId) || sentIds.has(attributes.originalMessageId?.StringValue ?? '');
          if (again) result.cameBack += 1;
          return !again;
        });
        const chosen = fresh.filter(matches).slice(0, max - result.redriven);
        result.left += fresh.length - chosen.length;
        const gone = new Set<string>();
        // In small steps, so that a slow rate neither bursts nor keeps many in hand.
        for (const step of inSteps(chosen, rate)) {
          await pace(step.length);
          if (signal?.aborted || result.stopped) {
            result.left += step.length;
            continue;
          }
          for (const messageId of await bringBack(queue, step)) gone.add(messageId);
        }
        return { gone, enough: result.stopped || result.redriven >= max };
      },
      signal,
    );
    result.hidden += walked.hidden;
  }
  result.stopped ||= signal?.aborted === true;
  return result;
}

/** The consumer said why it can never handle such a message, so it will say so again, until it is deployed anew. */
export function willComeBack({ kind, reason }: DeadLetter): boolean {
  return kind === 'unhandled' && reason !== 'gave-up';
}

function toOutgoing({ body, attributes, traceHeader }: LetterInHand) {
  const original = Object.fromEntries(Object.entries(attributes).filter(([name]) => !deadLetterAttributes.has(name)));
  return { body, attributes: original, ...(traceHeader !== undefined && { traceHeader }) };
}

/** Whether the queue that EventBridge could not reach is the service's own. */
function missed({ home }: DeadLetterQueue, { attributes }: LetterInHand): boolean {
  const arn = attributes.TARGET_ARN?.StringValue;
  return arn === undefined || arn.slice(arn.lastIndexOf(':') + 1) === home.slice(home.lastIndexOf('/') + 1);
}

function inSteps<T>(items: T[], rate = Infinity): T[][] {
  const size = Math.max(1, Math.min(items.length, Math.floor(rate)));
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

/** Waits until so many more messages keep within the rate; an abort ends the wait. */
function createPace(rate: number | undefined, signal: AbortSignal | undefined): (messages: number) => Promise<void> {
  let next = performance.now();
  return async (messages) => {
    if (rate === undefined) return;
    const now = performance.now();
    const wait = next - now;
    next = Math.max(next, now) + (messages / rate) * 1000;
    if (wait > 0) await sleep(wait, undefined, signal && { signal }).catch(() => {});
  };
}

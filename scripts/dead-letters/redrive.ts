/** Moves dead letters back to the queue of their service. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type DeadLetter, type DeadLetterQueue, type Kind, type ReceivedLetter, walk } from './dead-letters.ts';
import { deleteAll, sendAll } from './sqs-batch.ts';
import type { Target } from '../airline/target.ts';

export interface RedriveOptions {
  matches?: (letter: DeadLetter) => boolean;
  /** @default all */
  max?: number | undefined;
  /** Messages a second. @default as fast as SQS takes them */
  rate?: number | undefined;
  /** Ends the redrive after the current messages. */
  signal?: AbortSignal;
  onProgress?: (redriven: number) => void;
}

interface LetterFailure {
  messageId: string;
  kind: Kind;
  error: string;
}

export interface Redriven {
  /** Messages that were sent to their queue. */
  redriven: number;
  /** Messages that could not be sent and are still dead letters. */
  failed: LetterFailure[];
  /** Messages that were sent but not deleted, so both queues have them. Handling an event twice changes nothing. */
  doubled: LetterFailure[];
  /** Redriven messages that became dead letters again during this redrive. */
  cameBack: number;
  /** Messages that do not match, or are beyond `max`. */
  left: number;
  /** Messages that stay hidden from receivers for up to five minutes. */
  hidden: number;
  /** Whether it ended early: by the signal, or because a whole batch failed. */
  stopped: boolean;
}

/**
 * Attributes that were added on the way to a dead-letter queue: by the consumer, when it postponed the message, and by
 * EventBridge.
 */
const deadLetterAttributes = new Set([
  ...['reason', 'error', 'originalMessageId', 'firstReceivedAt', 'receiveCount'],
  ...['waitingSince', 'postponements'],
  ...['RULE_ARN', 'TARGET_ARN', 'ERROR_CODE', 'ERROR_MESSAGE', 'EXHAUSTED_RETRY_CONDITION', 'RETRY_ATTEMPTS'],
]);

/**
 * Redrives the letters that match: receives each, sends it to its service's queue with its original attributes, and
 * only then deletes it. An event that EventBridge could not deliver goes to that queue, too. Published on the bus, it
 * would reach every other service again.
 *
 * SQS's StartMessageMoveTask does not serve dead-letter queues of EventBridge and has no filters. It also keeps the
 * attributes with the old reason, which would be wrong if the message failed again for another.
 */
export async function redrive(
  target: Target,
  queues: readonly DeadLetterQueue[],
  options: RedriveOptions = {},
): Promise<Redriven> {
  const { matches = () => true, max = Infinity, rate, signal, onProgress = () => {} } = options;
  const result: Redriven = { redriven: 0, failed: [], doubled: [], cameBack: 0, left: 0, hidden: 0, stopped: false };
  const waitForRate = createRateLimit(rate, signal);
  /** New ids of redriven messages. By them, a message that comes back at once is recognized and not redriven again. */
  const sentIds = new Set<string>();

  /** @returns the messageIds of the letters that were deleted */
  async function moveToSource(queue: DeadLetterQueue, letters: ReceivedLetter[]): Promise<Set<string>> {
    const misplaced = queue.kind === 'undelivered' ? letters.filter((letter) => !isForSource(queue, letter)) : [];
    const placed = letters.filter((letter) => !misplaced.includes(letter));
    const sent = await sendAll(target, queue.sourceUrl, placed.map(toOutgoing));
    const moved = placed.filter((letter, index) => {
      const outcome = sent[index]!;
      if ('messageId' in outcome) return sentIds.add(outcome.messageId);
      result.failed.push({ messageId: letter.messageId, kind: letter.kind, error: outcome.error });
      return false;
    });
    for (const { messageId, kind, attributes } of misplaced) {
      result.failed.push({
        messageId,
        kind,
        error: `it was meant for another target, ${attributes.TARGET_ARN?.StringValue}`,
      });
    }
    const errors = await deleteAll(
      target,
      queue.url,
      moved.map(({ receiptHandle }) => receiptHandle),
      // They were sent, so a refusal is an error of each: both queues have it.
    ).catch((refusal: Error) => moved.map(() => refusal.message));
    result.redriven += moved.length;
    onProgress(result.redriven);
    for (const [index, error] of errors.entries()) {
      const { messageId, kind } = moved[index]!;
      if (error !== undefined) result.doubled.push({ messageId, kind, error });
    }
    if (placed.length > 0 && moved.length === 0) result.stopped = true;
    return new Set(moved.filter((_, index) => errors[index] === undefined).map(({ messageId }) => messageId));
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
        const deleted = new Set<string>();
        // In small steps, so that a low rate does not send bursts.
        for (const step of inSteps(chosen, rate)) {
          await waitForRate(step.length);
          if (signal?.aborted || result.stopped) {
            result.left += step.length;
            continue;
          }
          for (const messageId of await moveToSource(queue, step)) deleted.add(messageId);
        }
        return { deleted, isEnough: result.stopped || result.redriven >= max };
      },
      signal,
    );
    result.hidden += walked.hidden;
  }
  result.stopped ||= signal?.aborted === true;
  return result;
}

/** Whether this version of the consumer can never handle the message, and would dead-letter it again. */
export function willComeBack({ kind, reason }: DeadLetter): boolean {
  return kind === 'unhandled' && reason !== 'gave-up';
}

function toOutgoing({ body, attributes, traceHeader }: ReceivedLetter) {
  const original = Object.fromEntries(Object.entries(attributes).filter(([name]) => !deadLetterAttributes.has(name)));
  return { body, attributes: original, ...(traceHeader !== undefined && { traceHeader }) };
}

/** Whether the target that EventBridge could not reach is the service's own queue. */
function isForSource({ sourceUrl }: DeadLetterQueue, { attributes }: ReceivedLetter): boolean {
  const arn = attributes.TARGET_ARN?.StringValue;
  return arn === undefined || arn.slice(arn.lastIndexOf(':') + 1) === sourceUrl.slice(sourceUrl.lastIndexOf('/') + 1);
}

function inSteps<T>(items: T[], rate = Infinity): T[][] {
  const size = Math.max(1, Math.min(items.length, Math.floor(rate)));
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

/** Returns a function that waits until so many more messages are within the rate. An abort ends the wait. */
function createRateLimit(
  rate: number | undefined,
  signal: AbortSignal | undefined,
): (messages: number) => Promise<void> {
  let next = performance.now();
  return async (messages) => {
    if (rate === undefined) return;
    const now = performance.now();
    const wait = next - now;
    next = Math.max(next, now) + (messages / rate) * 1000;
    if (wait > 0) await sleep(wait, undefined, signal && { signal }).catch(() => {});
  };
}

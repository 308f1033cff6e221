/** The one message that no service can handle, and its way out of the dead-letter queue. */
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { Target } from '../airline/target.ts';
import {
  type DeadLetter,
  type DeadLetterQueue,
  countMessages,
  deadLetterQueues,
  walk,
} from '../dead-letters/dead-letters.ts';
import { deleteAll } from '../dead-letters/sqs-batch.ts';
import { type Check, readUntil, Skipped, Unmet } from './check.ts';

const prefix = 'Not JSON. Sent by `pnpm smoke`, which drops it again: ';
/** Longer queues are not searched: to look at letters hides them from others for a moment. */
const mostLetters = 100;

/**
 * Sends a message that is no event to a service without dead letters, waits until it is a dead letter, and drops it.
 * @param run names this run
 */
export function checkPoison(target: Target, run: string, signal: AbortSignal): Check {
  return {
    name: 'poison',
    expected: 'a message that is not JSON becomes a dead letter with the reason not-json, and can be dropped',
    next: '`pnpm dlq list`; runbook, "A dead-letter queue is not empty"',
    async run() {
      const queue = await emptyQueue(target);
      if (!queue) throw new Skipped('every service has dead letters already; `pnpm dlq list` shows them');
      const { service, sourceUrl } = queue;
      await target.sqs.send(new SendMessageCommand({ QueueUrl: sourceUrl, MessageBody: prefix + run }));
      const isOwn = ({ body }: DeadLetter): boolean => body === prefix + run;
      // Looks all the time, so that the letter is visible, and an alarm can see it, only for a moment.
      const { answer: dropped, isAwaited } = await readUntil(
        () => dropOwn(target, queue, isOwn),
        (letters) => letters.length > 0,
        { atMost: 60, signal, pause: 200 },
      );
      if (!isAwaited)
        throw new Unmet(
          `no dead letter of ${service} after 60 s`,
          `\`pnpm dlq show ${service}\`; runbook, "The oldest message of a queue is old"`,
        );
      const { reason } = dropped[0]!;
      if (reason !== 'not-json') throw new Unmet(`its reason is ${reason}`);
      return `${service} put it away as ${reason}; dropped`;
    },
  };
}

/** Drops the poison of runs that were broken off. @returns how many letters */
export async function dropOldPoison(target: Target, olderThan: Date): Promise<number> {
  let dropped = 0;
  for (const queue of await deadLetterQueues(target, undefined, 'unhandled')) {
    const count = await countMessages(target, queue);
    if (count === 0 || count > mostLetters) continue;
    const isOld = ({ body, firstSeen }: DeadLetter): boolean =>
      body.startsWith(prefix) && Date.parse(firstSeen) < olderThan.getTime();
    dropped += (await dropOwn(target, queue, isOld)).length;
  }
  return dropped;
}

/** Drops the poison of this run, wherever it lies. @returns how many letters */
export async function dropPoison(target: Target, run: string): Promise<number> {
  let dropped = 0;
  for (const queue of await deadLetterQueues(target, undefined, 'unhandled')) {
    if ((await countMessages(target, queue)) > mostLetters) continue;
    dropped += (await dropOwn(target, queue, ({ body }) => body === prefix + run)).length;
  }
  return dropped;
}

async function emptyQueue(target: Target): Promise<DeadLetterQueue | undefined> {
  for (const queue of await deadLetterQueues(target, undefined, 'unhandled'))
    if ((await countMessages(target, queue)) === 0) return queue;
  return undefined;
}

async function dropOwn(
  target: Target,
  queue: DeadLetterQueue,
  isOwn: (letter: DeadLetter) => boolean,
): Promise<DeadLetter[]> {
  const dropped: DeadLetter[] = [];
  await walk(target, queue, async (letters) => {
    const own = letters.filter(isOwn);
    const errors = await deleteAll(
      target,
      queue.url,
      own.map(({ receiptHandle }) => receiptHandle),
    );
    const failed = errors.find((error) => error !== undefined);
    if (failed !== undefined) throw new Error(`A dead letter of ${queue.service} could not be deleted: ${failed}`);
    dropped.push(...own);
    return { deleted: new Set(own.map(({ messageId }) => messageId)) };
  });
  return dropped;
}

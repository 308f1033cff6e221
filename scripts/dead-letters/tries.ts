/** What the consumers' logs say about dead letters: the tries that failed. */
import { type MessageLine, readFailures } from '../airline/message-log.ts';
import type { Target } from '../airline/target.ts';
import type { DeadLetter } from './dead-letters.ts';
import { maskedError } from './masked-letter.ts';

/** A try to handle a message that failed, and other lines about what became of it. */
export type Try = Pick<
  MessageLine,
  'kind' | 'at' | 'receiveCount' | 'error' | 'reason' | 'nextTryAt' | 'queueWaitMs' | 'durationMs'
>;

/** A letter with the tries that its service logged, oldest first. */
export interface TriedLetter extends DeadLetter {
  tries: Try[];
}

export interface UnreadLog {
  service: string;
  why: string;
}

export interface TriedLetters {
  letters: TriedLetter[];
  /** Logs that were not read to their end, so that tries may be missing. */
  unread: UnreadLog[];
}

/** The clock of the queue and that of the log may differ. */
const marginMilliseconds = 60_000;

/**
 * Adds the failed tries from the log of each letter's service, and the last error to letters that have none: SQS moves
 * a message that failed too often without its reason. What EventBridge could not deliver was never tried.
 */
export async function withTries(target: Target, letters: readonly DeadLetter[]): Promise<TriedLetters> {
  const tried = letters.filter(({ kind }) => kind === 'unhandled');
  const services = [...new Set(tried.map(({ service }) => service))];
  const unread: UnreadLog[] = [];
  const tries = new Map<string, Try[]>();
  await Promise.all(
    services.map(async (service) => {
      const times = tried.filter((letter) => letter.service === service).map(({ firstSeen }) => Date.parse(firstSeen));
      const oldest = times.reduce((first, time) => Math.min(first, time), Infinity);
      const log = await readFailures(target, service, new Date(Math.max(0, oldest - marginMilliseconds)));
      if (log.unread !== undefined) unread.push({ service, why: log.unread });
      for (const {
        messageId,
        kind,
        at,
        receiveCount,
        error,
        reason,
        nextTryAt,
        queueWaitMs,
        durationMs,
      } of log.lines) {
        const line = {
          kind,
          at,
          ...(receiveCount !== undefined && { receiveCount }),
          ...(error !== undefined && { error }),
          ...(reason !== undefined && { reason }),
          ...(nextTryAt !== undefined && { nextTryAt }),
          ...(queueWaitMs !== undefined && { queueWaitMs }),
          ...(durationMs !== undefined && { durationMs }),
        };
        const key = `${service} ${messageId}`;
        const known = tries.get(key);
        if (known) known.push(line);
        else tries.set(key, [line]);
      }
    }),
  );
  const logged = (letter: DeadLetter): Try[] =>
    [letter.messageId, letter.originalMessageId].flatMap((id) => {
      const lines = tries.get(`${letter.service} ${id}`) ?? [];
      return lines.map((line) =>
        line.error === undefined ? line : { ...line, error: maskedError(letter, line.error) },
      );
    });
  return {
    letters: letters.map((letter) => {
      const own = logged(letter);
      const error = letter.error ?? own.findLast((line) => line.error !== undefined)?.error;
      return { ...letter, ...(error !== undefined && { error }), tries: own };
    }),
    unread: unread.sort((a, b) => a.service.localeCompare(b.service)),
  };
}

/** Adds the last logged error to the letters that have none. Only the logs of their services are read. */
export async function withLoggedErrors(
  target: Target,
  letters: readonly DeadLetter[],
): Promise<{ letters: DeadLetter[]; unread: UnreadLog[] }> {
  const { letters: tried, unread } = await withTries(
    target,
    letters.filter(({ error }) => error === undefined),
  );
  const explained = tried.map(({ tries: _, ...letter }) => letter);
  return { letters: [...letters.filter(({ error }) => error !== undefined), ...explained], unread };
}

import type { Target } from '../airline/target.ts';
import { deadLetterQueues, type LookedAt, lookThrough } from './dead-letters.ts';
import { groupLetters, type LetterGroup } from './groups.ts';
import { type LostEvent, lostEvents } from './lost-events.ts';
import { type UnreadLog, withLoggedErrors } from './tries.ts';

/** Everything that is stuck. It has no personal data. */
export interface DeadLetters {
  queues: LookedAt[];
  groups: LetterGroup[];
  /** Events that no queue took; null on AWS, which only counts them. */
  lost: LostEvent[] | null;
  unreadLogs: UnreadLog[];
}

/** More of one queue would take minutes. */
const mostLetters = 2000;

/** Looks through all dead-letter queues, and groups what is in them. @param signal ends the look early */
export async function readDeadLetters(target: Target, signal?: AbortSignal): Promise<DeadLetters> {
  const all = await deadLetterQueues(target);
  const [{ queues, letters }, lost] = await Promise.all([
    lookThrough(target, all, { limit: mostLetters, ...(signal && { signal }) }),
    lostEvents(target),
  ]);
  const { letters: explained, unread } = await withLoggedErrors(target, letters);
  return { queues, groups: groupLetters(explained), lost: lost ?? null, unreadLogs: unread };
}

import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Target } from '../airline/target.ts';
import { age, bookingId } from '../cli/option-values.ts';
import { UsageError } from '../cli/usage-error.ts';
import { type DeadLetter, type DeadLetterQueue, deadLetterQueues, type Kind, lookThrough } from './dead-letters.ts';
import { groupKey } from './groups.ts';
import { withLoggedErrors } from './tries.ts';

export interface Filters {
  kind?: Kind;
  detailType?: string;
  /** In small letters. */
  booking?: string;
  /** Milliseconds. */
  olderThan?: number;
  /** The key of a group of `pnpm dlq list`. */
  group?: string;
}

export function kindOption(): Option {
  return new Option(
    '--kind <kind>',
    'only messages that the consumer could not handle, or only those that EventBridge could not deliver',
  ).choices(['unhandled', 'undelivered']);
}

/** Adds the options that select dead letters. */
export function withFilters(command: Command): Command {
  return command
    .addOption(kindOption())
    .option('--detail-type <type>', 'only this event, e.g. PaymentOk')
    .option('--booking <id>', 'only messages about this booking', bookingId)
    .option('--group <key>', 'only the letters of a group of `pnpm dlq list`, of all services or of one', groupOption)
    .option('--older-than <age>', 'only messages first seen longer ago, e.g. 90s, 10m, 2h, 1d', age);
}

/** The filters that are given, for the record of what an operator changed. */
export function filterRecord({ kind, detailType, booking, olderThan, group }: Filters): Record<string, string> {
  return {
    ...(group !== undefined && { group }),
    ...(kind !== undefined && { kind }),
    ...(detailType !== undefined && { detailType }),
    ...(booking !== undefined && { booking }),
    ...(olderThan !== undefined && { olderThan: `${olderThan / 1000}s` }),
  };
}

function groupOption(text: string): string {
  if (!/^[0-9a-f]{6}$/.test(text))
    throw new InvalidArgumentError('It must be a key of six characters that `pnpm dlq list` shows, like 7f3a21.');
  return text;
}

/** What a command works on. */
export interface Selection {
  queues: DeadLetterQueue[];
  matches: (letter: DeadLetter) => boolean;
  /** How many letters the group has, if one was chosen. */
  groupSize?: number;
}

/**
 * The queues of one service or, for a group, of all, and the letters in them that match the filters.
 * @throws UsageError when neither a service nor a group is given, and when no letter is in the group
 */
export async function selectLetters(
  target: Target,
  service: string | undefined,
  filters: Filters,
  signal?: AbortSignal,
): Promise<Selection> {
  const { group, kind } = filters;
  if (service === undefined && group === undefined)
    throw new UsageError('Name a service, e.g. seats, or a group of `pnpm dlq list`: --group KEY.');
  const queues = await deadLetterQueues(target, service, kind);
  const matches = matcher(filters);
  if (group === undefined) return { queues, matches };
  // The error of a letter may be in the log only, so the group is looked up before anything is done with it.
  const { letters, queues: looked } = await lookThrough(target, queues, { ...(signal && { signal }) });
  const tried = await withLoggedErrors(target, letters);
  const members = tried.letters.filter((letter) => groupKey(letter) === group);
  if (members.length === 0) {
    const unread = [
      ...looked.filter((queue) => queue.unread !== undefined || queue.rest !== undefined).map((queue) => queue.service),
      ...tried.unread.map((log) => `the log of ${log.service}`),
    ];
    const part = unread.length > 0 ? ` These could not be read in full: ${[...new Set(unread)].join(', ')}.` : '';
    throw new UsageError(
      `No dead letter${service === undefined ? '' : ` of ${service}`} is in the group ${group}.${part} ` +
        '`pnpm dlq list` shows the groups.',
    );
  }
  const ids = new Set(members.map(idOf));
  return { queues, matches: (letter) => ids.has(idOf(letter)) && matches(letter), groupSize: members.length };
}

/** SQS gives a message its id once for all queues, but a letter is chosen in one queue. */
function idOf({ service, kind, messageId }: DeadLetter): string {
  return `${service} ${kind} ${messageId}`;
}

/** Whether a letter matches all filters that are given. `kind` is not checked here, since it selects queues. */
export function matcher(
  { detailType, booking, olderThan }: Pick<Filters, 'detailType' | 'booking' | 'olderThan'>,
  now = Date.now(),
): (letter: DeadLetter) => boolean {
  return (letter) =>
    (detailType === undefined || letter.detailType === detailType) &&
    (booking === undefined || letter.correlationId === booking) &&
    (olderThan === undefined || now - Date.parse(letter.firstSeen) > olderThan);
}

/** The output of `pnpm dlq list`, and of a dry run, for a person. */
import { pc } from '../cli/colors.ts';
import { ago, counted, table } from '../cli/format.ts';
import { wrapped } from '../cli/wrap.ts';
import { type LookedAt, lookWarnings } from './dead-letters.ts';
import type { LetterGroup } from './groups.ts';
import { describeLostEvent, lostEventsOnAws } from './lost-events.ts';
import type { DeadLetters } from './read-dead-letters.ts';
import type { UnreadLog } from './tries.ts';

export interface Display {
  /** Milliseconds since the epoch. */
  now: number;
  /** Of the terminal, in columns. */
  width: number;
  /** What commands need, e.g. ` --target aws`. */
  target: string;
  /** Leaves out what to type next. @default false */
  isDryRun?: boolean;
}

const longestList = 20;
const longestLostList = 10;
const shownTypes = 3;
/** Of the key and the spaces after it. */
const indent = 8;

export function describeDeadLetters({ queues, groups, lost, unreadLogs }: DeadLetters, display: Display): string {
  const messages = queues.reduce((sum, queue) => sum + queue.messages, 0);
  const lostMore = (lost?.length ?? 0) - longestLostList;
  const isAllRead = queues.every(({ unread }) => unread === undefined);
  return [
    countsOf(queues, lost),
    ...(messages === 0 && isAllRead && !lost?.length ? [pc.green('\nNothing is stuck.')] : []),
    ...(groups.length === 0 ? [] : [`\n${describeGroups(groups, display)}`]),
    ...(lost ?? []).slice(0, longestLostList).map((event) => pc.red(`\nLOST: ${describeLostEvent(event)}`)),
    ...(lostMore > 0 ? [pc.red(`\n… and ${lostMore} more; --json shows all.`)] : []),
    ...spaced([...lookWarnings(queues), ...queues.flatMap(notNeeded), ...describeUnreadLogs(unreadLogs)]),
    ...(lost === null ? [pc.dim(`\n${wrapped(lostEventsOnAws, display.width)}`)] : []),
  ].join('\n');
}

/** A row for each service, so that what is stuck stands out. */
function countsOf(queues: readonly LookedAt[], lost: DeadLetters['lost']): string {
  const services = [...new Set([...queues, ...(lost ?? [])].map(({ service }) => service))].sort();
  const count = (number: number): string =>
    number > 0 ? pc.red(pc.bold(number.toLocaleString('en'))) : pc.green(String(number));
  const rows = services.map((service) => {
    const cell = (kind: LookedAt['kind']): string => {
      const queue = queues.find((each) => each.service === service && each.kind === kind);
      return queue === undefined ? '' : queue.unread === undefined ? count(queue.messages) : pc.red('?');
    };
    const lostCell = lost === null ? [] : [count(lost.filter((event) => event.service === service).length)];
    return [service, cell('unhandled'), cell('undelivered'), ...lostCell];
  });
  return table(['Service', 'Unhandled', 'Undelivered', ...(lost === null ? [] : ['Lost'])], rows);
}

/** Each group in a paragraph, with what to type next. */
export function describeGroups(groups: readonly LetterGroup[], display: Display): string {
  const shown = groups.slice(0, longestList);
  const more = groups.length - shown.length;
  const messages = groups.reduce((sum, group) => sum + group.messages, 0);
  return [
    pc.dim(`${counted(messages, 'message')} in ${counted(groups.length, 'group')} of one cause, largest first.`),
    ...shown.map((group) => describeGroup(group, display)),
    ...(more > 0 ? [pc.dim(`… and ${counted(more, 'smaller group')}; --json shows all.`)] : []),
  ].join('\n\n');
}

function describeGroup(group: LetterGroup, { now, width, target, isDryRun = false }: Display): string {
  const { key, reason, error, kinds, messages, oldest, newest, bookings, someBookings, services, detailTypes } = group;
  const age = (at: string): string => `${ago(now - Date.parse(at))} ago`;
  const times = age(oldest) === age(newest) ? age(newest) : `${age(oldest)} to ${age(newest)}`;
  const places = services.map(({ name, messages: share }) =>
    services.length === 1 ? name : `${name} ${share.toLocaleString('en')}`,
  );
  const types = detailTypes.slice(0, shownTypes).map(({ name }) => name);
  const moreTypes = detailTypes.length - types.length;
  const moreBookings = bookings - someBookings.length;
  const plain = (text: string): string => wrapped(text, width, indent);
  return [
    `${pc.bold(key)}  ${pc.red(pc.bold(plain(`${reason}${error === undefined ? '' : `: ${error}`}`)))}`,
    plain(
      [
        `${counted(messages, 'message')} (${kinds.join(', ')})`,
        ...(bookings > 0 ? [counted(bookings, 'booking')] : []),
        times,
      ].join(' · '),
    ),
    plain(
      `${places.join(', ')} · ${types.join(', ')}${moreTypes > 0 ? ` and ${counted(moreTypes, 'other type')}` : ''}`,
    ),
    ...(someBookings.length === 0
      ? []
      : [
          pc.dim(
            plain(
              `e.g. ${someBookings.join(', ')}${moreBookings > 0 ? ` and ${moreBookings.toLocaleString('en')} more` : ''}`,
            ),
          ),
        ]),
    ...(group.willComeBack ? [pc.yellow(plain('A redrive brings them back: docs/runbook.md says what to do.'))] : []),
    ...(isDryRun ? [] : [pc.cyan(`pnpm dlq show --group ${key}${target}`)]),
    ...(isDryRun || group.willComeBack ? [] : [pc.cyan(`pnpm dlq redrive --group ${key}${target}`)]),
  ].join(`\n${' '.repeat(indent)}`);
}

/** What the list leaves out of a long queue, on purpose. */
function notNeeded({ service, kind, messages, seen, rest }: LookedAt): string[] {
  if (rest !== 'not-needed') return [];
  const about = `${seen.toLocaleString('en')} of about ${counted(messages, 'message')}`;
  return [pc.yellow(`${service} (${kind}): ${about} looked at; the groups are of these.`)];
}

export function describeUnreadLogs(unread: readonly UnreadLog[]): string[] {
  return unread.map(({ service, why }) =>
    pc.yellow(`The log of ${service} was not read to its end, so errors and tries may be missing: ${why}`),
  );
}

function spaced(lines: string[]): string[] {
  return lines.length === 0 ? [] : ['', ...lines];
}

/** One letter of `pnpm dlq show` for a person. */
import { pc } from '../cli/colors.ts';
import { ago, clock } from '../cli/format.ts';
import { wrapped } from '../cli/wrap.ts';
import { meaning } from './dead-letters.ts';
import type { Try, TriedLetter } from './tries.ts';

type Shown = Omit<TriedLetter, 'body' | 'error'> & { error: string | undefined };

/** The last lines of the log are those that ended in this letter. */
const mostTries = 8;

/** @param width of the terminal, in columns @param body undefined if it is not shown */
export function describeLetter(
  letter: Shown,
  { now, width, body }: { now: number; width: number; body: string | undefined },
): string {
  const { service, reason, error, detailType, correlationId, firstSeen, receiveCount, kind, messageId } = letter;
  const booking = correlationId ? pc.dim(`  ${correlationId}`) : '';
  const age = ago(now - Date.parse(firstSeen));
  const facts =
    `${service}, ${kind}: ${meaning[kind]} · first seen ${firstSeen} (${age} ago) · ` +
    `received ${receiveCount} times · message ${messageId}`;
  return [
    `${pc.red(pc.bold(reason))}  ${detailType ?? 'not an event'}${booking}`,
    ...(error ? [`  ${wrapped(error, width, 2)}`] : []),
    pc.dim(`  ${wrapped(facts, width, 2)}`),
    ...describeTries(letter, width),
    ...(body === undefined ? [] : [body.replaceAll(/^/gm, '  ')]),
  ].join('\n');
}

function describeTries({ kind, tries, error }: Shown, width: number): string[] {
  if (kind === 'undelivered') return [];
  if (tries.length === 0) return [pc.dim('  The log has no line about it.')];
  const last = tries.slice(-mostTries);
  const left = tries.length - last.length;
  return [
    ...(left > 0 ? [pc.dim(`  … ${left} earlier lines of the log`)] : []),
    ...last.map((line, index) => {
      // The same error in every try is told once.
      const known = index === 0 ? error : (last[index - 1]!.error ?? error);
      return `  ${wrapped(describeTry(line, line.error === known), width, 4)}`;
    }),
  ];
}

const ends: Readonly<Record<Try['kind'], string>> = {
  handling: 'is being handled',
  handled: 'handled',
  failed: 'failed',
  tooEarly: 'too early',
  postponed: 'waits for something outside',
  buried: 'put into the dead-letter queue',
};

function describeTry(line: Try, isSameError: boolean): string {
  const { kind, at, receiveCount, error, reason, nextTryAt, queueWaitMs, durationMs } = line;
  const parts = [
    `${ends[kind]}${reason === undefined ? '' : ` as ${reason}`}`,
    ...(error === undefined || isSameError ? [] : [error]),
    ...(queueWaitMs === undefined ? [] : [`waited ${milliseconds(queueWaitMs)}`]),
    ...(durationMs === undefined ? [] : [`ran ${milliseconds(durationMs)}`]),
    ...(nextTryAt === undefined ? [] : [`next try ${clock(nextTryAt)}`]),
  ];
  const which = receiveCount === undefined ? 'log  ' : `try ${receiveCount}`;
  return `${pc.cyan(which)}  ${clock(at)}  ${parts.join(' · ')}`;
}

function milliseconds(duration: number): string {
  return duration < 10_000 ? `${duration} ms` : ago(duration);
}

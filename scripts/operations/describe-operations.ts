/** The output of `pnpm operations` for a person. */
import { pc } from '../cli/colors.ts';
import { ago, counted } from '../cli/format.ts';
import { wrapped } from '../cli/wrap.ts';
import type { RecordedOperation } from './operation.ts';
import type { Operations } from './read-operations.ts';

const outcomes = {
  done: pc.green('done'.padEnd(10)),
  stopped: pc.yellow('STOPPED'.padEnd(10)),
  failed: pc.red('FAILED'.padEnd(10)),
  unfinished: pc.red('UNFINISHED'),
};
const indent = ' '.repeat(21);

/** Each operation in two lines: when, how it ended and what was typed; then who, for how long, and the counts. */
export function describeOperations(
  { operations, otherLines, unread }: Operations,
  { since, width }: { since: Date; width: number },
): string {
  const from = `${since.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return [
    ...(unread === undefined ? [] : [pc.yellow(`The record was not read to its end: ${unread}.\n`)]),
    ...(operations.length === 0 ? [`Nobody has redriven, dropped or replayed anything since ${from}.`] : []),
    ...operations.map((operation) => describeOne(operation, width)),
    ...(operations.length === 0
      ? []
      : [pc.dim(`\n${counted(operations.length, 'operation')} since ${from}, newest first. Times are UTC.`)]),
    ...(otherLines > 0 ? [pc.yellow(`${counted(otherLines, 'line')} of the log group are no record.`)] : []),
  ].join('\n');
}

function describeOne(operation: RecordedOperation, width: number): string {
  const { startedAt, who, end } = operation;
  const when = new Date(startedAt).toISOString().slice(0, 19).replace('T', ' ');
  const detail = end === undefined ? whatToCheck(operation) : [resultOf(operation, end)];
  return [
    `${when}  ${outcomes[end?.outcome ?? 'unfinished']}  ${pc.bold(wrapped(commandLineOf(operation), width, 33))}`,
    ...[`by ${nameOf(who)}: ${detail[0]}`, ...detail.slice(1)].map((line) => indent + wrapped(line, width, 21)),
  ].join('\n');
}

/** The command as it was typed, without `--confirm`. */
function commandLineOf({ command, filter }: Pick<RecordedOperation, 'command' | 'filter'>): string {
  const { service, file, ...options } = filter;
  const parts = Object.entries(options).flatMap(([name, value]) =>
    [value].flat().map((each) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} ${each}`),
  );
  return ['pnpm', command, service, file, ...parts].filter((part) => part !== undefined).join(' ');
}

function resultOf({ startedAt }: RecordedOperation, end: NonNullable<RecordedOperation['end']>): string {
  const counts = Object.entries(end.counts).filter(([, count]) => count > 0);
  const words = counts.map(([name, count]) => `${count.toLocaleString('en')} ${wordsOf(name)}`);
  const took = ago(Date.parse(end.endedAt) - Date.parse(startedAt));
  return `${[...words, ...(end.note === undefined ? [] : [end.note])].join(', ') || 'nothing to do'} (${took})`;
}

function whatToCheck({ command, replay }: RecordedOperation): string[] {
  const unfinished = 'it still runs, or was killed.';
  if (command === 'replay')
    return [
      unfinished,
      `EventBridge goes on without it. Its state: \`aws events describe-replay --replay-name ${replay}\``,
    ];
  const next = command === 'dlq drop' ? 'the same command with the same file' : 'the same command';
  return [unfinished, `\`pnpm dlq list\` shows what is left; ${next} continues.`];
}

/** `cameBack` → `came back`. */
function wordsOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** `ada (role airline-operator)` for an ARN of an assumed role, `ada` for one of a user. */
function nameOf(who: string): string {
  const [, role, session] = /^arn:[^:]+:sts::\d+:assumed-role\/([^/]+)\/(.+)$/.exec(who) ?? [];
  if (session !== undefined) return `${session} (role ${role})`;
  const [, user] = /^arn:[^:]+:iam::\d+:user\/(?:.*\/)?([^/]+)$/.exec(who) ?? [];
  return user ?? who;
}

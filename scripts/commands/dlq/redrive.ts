import type { Command } from 'commander';
import { openTarget, type Target } from '../../airline/target.ts';
import { answer, printableData, printJson } from '../../cli/answer.ts';
import { command, type CommonOptions, exitCode } from '../../cli/command.ts';
import { positiveInteger, positiveNumber } from '../../cli/option-values.ts';
import { withProgressBar } from '../../cli/progress-bar.ts';
import { stopOnSignal } from '../../cli/stop-on-signal.ts';
import { terminalWidth } from '../../cli/wrap.ts';
import { countAll, lookThrough } from '../../dead-letters/dead-letters.ts';
import { filterRecord, type Filters, type Selection, selectLetters, withFilters } from '../../dead-letters/filters.ts';
import { groupLetters } from '../../dead-letters/groups.ts';
import { redrive, type Redriven } from '../../dead-letters/redrive.ts';
import { describeDryRun, describeRedriven } from '../../dead-letters/redrive-report.ts';
import { withLoggedErrors } from '../../dead-letters/tries.ts';
import { recordOperation } from '../../operations/record-operation.ts';
import { type Unrecorded, unrecordedOption } from '../../operations/unrecorded-option.ts';

type RedriveOptions = CommonOptions & Filters & Unrecorded & { confirm?: true; max?: number; rate?: number };

/** In characters. */
const longestText = 200;

/** `pnpm dlq redrive [SERVICE]` */
export function redriveCommand(): Command {
  return withFilters(
    command('redrive', "Move one service's dead letters, or those of a group, back to their queues.").argument(
      '[service]',
      'e.g. seats; not needed with --group',
    ),
  )
    .option('--max <number>', 'at most this many messages', positiveInteger)
    .option('--rate <number>', 'at most this many messages a second', positiveNumber)
    .option('--confirm', 'do it; without this option, only show what would be done')
    .addOption(unrecordedOption())
    .addHelpText(
      'after',
      '\nA message leaves the dead-letter queue only after it was sent to its queue. ' +
        'Ctrl-C stops after the current messages.',
    )
    .action(async (service: string | undefined, options: RedriveOptions) => {
      const target = openTarget(options.target);
      const { signal, release } = stopOnSignal('Stopping after the current messages …');
      try {
        const selection = await selectLetters(target, service, options, signal);
        await (options.confirm ? move : dryRun)(target, service, selection, options, signal);
      } finally {
        release();
      }
    });
}

async function dryRun(
  target: Target,
  service: string | undefined,
  { queues, matches }: Selection,
  { json, max = Infinity }: RedriveOptions,
  signal: AbortSignal,
) {
  const { letters: matching, queues: looked } = await lookThrough(target, queues, { limit: max, matches, signal });
  const { letters, unread } = await withLoggedErrors(target, matching.slice(0, max));
  const groups = groupLetters(letters);
  if (looked.some((queue) => queue.unread !== undefined)) process.exitCode = exitCode.error;
  const returning = groups.reduce((sum, group) => sum + (group.willComeBack ? group.messages : 0), 0);
  const found = { service, confirmed: false, matching: letters.length, willComeBack: returning, groups };
  if (json) return printJson({ ...found, queues: looked, unreadLogs: unread });
  const display = { now: Date.now(), width: terminalWidth(), target: '', isDryRun: true };
  const shown = { service, groups, queues: looked, unreadLogs: unread };
  console.log(describeDryRun(printableData(shown, longestText), display));
}

async function move(
  target: Target,
  service: string | undefined,
  { queues, matches }: Selection,
  options: RedriveOptions,
  signal: AbortSignal,
) {
  const { json, max, rate, unrecorded } = options;
  const total = Math.min(await countAll(target, queues), max ?? Infinity);
  const progress = { format: 'Redriving {bar} {value}/{total}', total, isShown: !json };
  const filter = {
    ...(service !== undefined && { service }),
    ...filterRecord(options),
    ...(max !== undefined && { max }),
    ...(rate !== undefined && { rate }),
  };
  const result = await recordOperation(
    target,
    { command: 'dlq redrive', filter },
    {
      unrecorded,
      work: (report) =>
        withProgressBar(progress, (showProgress) =>
          redrive(target, queues, {
            matches,
            max,
            rate,
            signal,
            onProgress: (redriven) => {
              report({ redriven });
              showProgress(redriven);
            },
          }),
        ),
      endOf: ({ stopped, ...counts }) => ({ outcome: stopped ? 'stopped' : 'done', counts: countsOf(counts) }),
    },
  );
  answer({ service, confirmed: true, ...result }, { json }, describeRedriven);
  if (result.failed.length > 0 || result.stopped) process.exitCode = exitCode.error;
}

function countsOf({ redriven, failed, doubled, cameBack, left, hidden }: Omit<Redriven, 'stopped'>) {
  return { redriven, failed: failed.length, doubled: doubled.length, cameBack, left, hidden };
}

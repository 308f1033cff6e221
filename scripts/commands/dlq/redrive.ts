import type { Command } from 'commander';
import { openTarget, type Target } from '../../airline/target.ts';
import { answer, printableData, printJson } from '../../cli/answer.ts';
import { command, type CommonOptions, exitCode } from '../../cli/command.ts';
import { positiveInteger, positiveNumber } from '../../cli/option-values.ts';
import { withProgressBar } from '../../cli/progress-bar.ts';
import { stopOnSignal } from '../../cli/stop-on-signal.ts';
import {
  countAll,
  type DeadLetter,
  type DeadLetterQueue,
  deadLetterQueues,
  peek,
} from '../../dead-letters/dead-letters.ts';
import { type Filters, matcher, withFilters } from '../../dead-letters/filters.ts';
import { redrive, willComeBack } from '../../dead-letters/redrive.ts';
import { describeDryRun, describeRedriven, groupsOf } from '../../dead-letters/redrive-report.ts';

type RedriveOptions = CommonOptions & Filters & { confirm?: true; max?: number; rate?: number };

/** In characters: one long text would make every row of a table as wide. */
const longestCell = 100;

/** `pnpm dlq redrive SERVICE` */
export function redriveCommand(): Command {
  return withFilters(
    command('redrive', "Move one service's dead letters back to its queue.").argument('<service>', 'e.g. seats'),
  )
    .option('--max <number>', 'at most this many messages', positiveInteger)
    .option('--rate <number>', 'at most this many messages a second', positiveNumber)
    .option('--confirm', 'do it; without this option, only show what would be done')
    .addHelpText(
      'after',
      '\nA message leaves the dead-letter queue only after it was sent to its queue. ' +
        'Ctrl-C stops after the current messages.',
    )
    .action(async (service: string, options: RedriveOptions) => {
      const target = openTarget(options.target);
      const queues = await deadLetterQueues(target, service, options.kind);
      await (options.confirm ? move : dryRun)(target, service, queues, options);
    });
}

async function dryRun(target: Target, service: string, queues: DeadLetterQueue[], options: RedriveOptions) {
  const { json, max = Infinity } = options;
  const letters: DeadLetter[] = [];
  for (const queue of queues) letters.push(...(await peek(target, queue, max - letters.length, matcher(options))));
  const groups = groupsOf(letters);
  if (!json) return console.log(describeDryRun(service, printableData(groups, longestCell)));
  const returning = letters.filter(willComeBack).length;
  printJson({ service, confirmed: false, matching: letters.length, willComeBack: returning, groups });
}

async function move(target: Target, service: string, queues: DeadLetterQueue[], options: RedriveOptions) {
  const { json, max, rate } = options;
  const total = Math.min(await countAll(target, queues), max ?? Infinity);
  const { signal, release } = stopOnSignal('Stopping after the current messages …');
  const progress = { format: 'Redriving {bar} {value}/{total}', total, isShown: !json };
  const result = await withProgressBar(progress, (onProgress) =>
    redrive(target, queues, { matches: matcher(options), max, rate, signal, onProgress }),
  ).finally(release);
  answer({ service, confirmed: true, ...result }, { json }, describeRedriven);
  if (result.failed.length > 0 || result.stopped) process.exitCode = exitCode.error;
}

import type { Command } from 'commander';
import { SingleBar } from 'cli-progress';
import { pc } from '../../cli/colors.ts';
import { command, type CommonOptions, exitCode, positiveInteger } from '../../cli/command.ts';
import {
  countMessages,
  type DeadLetter,
  type DeadLetterQueue,
  deadLetterQueues,
  peek,
} from '../../dead-letters/dead-letters.ts';
import { ago, table } from '../../cli/format.ts';
import { redrive, type Redriven, willComeBack } from '../../dead-letters/redrive.ts';
import { counted } from '../../airline/schedule.ts';
import { openTarget, type Target } from '../../airline/target.ts';
import { type Filters, matcher, positiveNumber, withFilters } from '../../dead-letters/filters.ts';
import { stopOnSignal } from '../../cli/stop-on-signal.ts';

type RedriveOptions = CommonOptions & Filters & { confirm?: true; max?: number; rate?: number };

/** `pnpm dlq redrive SERVICE` */
export function redriveCommand(): Command {
  return withFilters(
    command('redrive', 'bring dead letters back to the queue that they belong into').argument(
      '<service>',
      'e.g. seats',
    ),
  )
    .option('--max <number>', 'at most so many messages', positiveInteger)
    .option('--rate <number>', 'at most so many messages a second', positiveNumber)
    .option('--confirm', 'do it; without this it only tells what it would do')
    .addHelpText(
      'after',
      '\nA message leaves the dead-letter queue only after it is back in its queue. Ctrl-C stops after those in hand.',
    )
    .action(async (service: string, options: RedriveOptions) => {
      const target = openTarget(options.target);
      const queues = await deadLetterQueues(target, service, options.kind);
      return options.confirm ? confirmed(target, service, queues, options) : dryRun(target, service, queues, options);
    });
}

async function dryRun(
  target: Target,
  service: string,
  queues: DeadLetterQueue[],
  options: RedriveOptions,
): Promise<void> {
  const { json, max = Infinity } = options;
  const letters: DeadLetter[] = [];
  for (const queue of queues) letters.push(...(await peek(target, queue, max - letters.length, matcher(options))));
  const returning = letters.filter(willComeBack).length;
  if (json)
    return console.log(
      JSON.stringify({
        service,
        confirmed: false,
        matching: letters.length,
        willComeBack: returning,
        groups: groupsOf(letters),
      }),
    );
  if (letters.length === 0) return console.log(`Nothing to redrive in ${service}.`);
  const rows = groupsOf(letters).map(({ kind, reason, detailType, messages, oldest, willComeBack }) => [
    String(messages),
    detailType ?? 'not an event',
    reason,
    kind,
    `${ago(Date.now() - Date.parse(oldest))} ago`,
    willComeBack ? pc.yellow('will come back') : '',
  ]);
  console.log(table(['Messages', 'Event', 'Reason', 'Queue', 'Oldest', ''], rows));
  if (returning > 0) {
    console.log(
      pc.yellow(
        `\n${counted(returning, 'message')} will come back: ` +
          'the consumer knows why it can never handle them, until it is deployed anew.',
      ),
    );
    console.log(
      pc.yellow(`\`pnpm dlq export ${service} FILE\` and \`pnpm dlq drop ${service} FILE\` put such messages away.`),
    );
  }
  console.log(
    `\nNothing was moved. With --confirm, ${counted(letters.length, 'message')} would go back to the queue of ${service}.`,
  );
}

async function confirmed(
  target: Target,
  service: string,
  queues: DeadLetterQueue[],
  options: RedriveOptions,
): Promise<void> {
  const { json, max, rate } = options;
  const total = (await Promise.all(queues.map((queue) => countMessages(target, queue)))).reduce(
    (sum, count) => sum + count,
    0,
  );
  const bar = new SingleBar({
    format: `Redriving {bar} {value}/{total}`,
    barsize: 30,
    hideCursor: true,
    clearOnComplete: true,
  });
  if (!json) bar.start(Math.min(total, max ?? Infinity), 0);
  const { signal, release } = stopOnSignal();
  const result = await redrive(target, queues, {
    matches: matcher(options),
    max,
    rate,
    signal,
    onProgress: (redriven) => bar.update(redriven),
  }).finally(() => {
    bar.stop();
    release();
  });
  console.log(json ? JSON.stringify({ service, confirmed: true, ...result }) : report(service, result));
  if (result.failed.length > 0 || result.stopped) process.exitCode = exitCode.error;
}

function report(service: string, { redriven, failed, doubled, cameBack, left, hidden, stopped }: Redriven): string {
  const failures = failed.slice(0, 5).map(({ messageId, error }) => `  ${messageId}: ${error}`);
  return [
    `${stopped ? pc.yellow('Stopped. ') : ''}${counted(redriven, 'message')} ` +
      `${redriven === 1 ? 'is' : 'are'} back in the queue of ${service}.`,
    ...(left > 0 && !stopped ? [`${counted(left, 'message')} did not match or came after the last, and stayed.`] : []),
    ...(failed.length > 0
      ? [pc.red(`${counted(failed.length, 'message')} could not be sent and stayed:`), ...failures]
      : []),
    ...(doubled.length > 0
      ? [
          pc.yellow(
            `${counted(doubled.length, 'message')} of these could not be deleted and may be redriven again, which is harmless.`,
          ),
        ]
      : []),
    ...(cameBack > 0
      ? [pc.yellow(`${counted(cameBack, 'message')} died again at once. \`pnpm dlq show ${service}\` tells why.`)]
      : []),
    ...(hidden > 0
      ? [pc.yellow(`${counted(hidden, 'message')} could not be put back and will be seen again within five minutes.`)]
      : []),
    ...(stopped ? ['Type the same again to go on.'] : []),
    pc.dim('`pnpm dlq list` shows what is stuck now.'),
  ].join('\n');
}

interface Group extends Pick<DeadLetter, 'kind' | 'reason' | 'detailType'> {
  messages: number;
  oldest: string;
  willComeBack: boolean;
}

function groupsOf(letters: readonly DeadLetter[]): Group[] {
  const groups = new Map<string, Group>();
  for (const letter of letters) {
    const { kind, reason, detailType, firstSeen } = letter;
    const key = JSON.stringify([kind, reason, detailType]);
    const group = groups.get(key) ?? {
      kind,
      reason,
      ...(detailType !== undefined && { detailType }),
      messages: 0,
      oldest: firstSeen,
      willComeBack: willComeBack(letter),
    };
    group.messages += 1;
    if (firstSeen < group.oldest) group.oldest = firstSeen;
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => b.messages - a.messages);
}

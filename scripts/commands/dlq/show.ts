import type { Command } from 'commander';
import { openTarget } from '../../airline/target.ts';
import { printableJson, printableLines } from '@airline/events-schemas/printable';
import { printableData, printJson } from '../../cli/answer.ts';
import { pc } from '../../cli/colors.ts';
import { command, type CommonOptions, exitCode } from '../../cli/command.ts';
import { counted } from '../../cli/format.ts';
import { positiveInteger } from '../../cli/option-values.ts';
import { stopOnSignal } from '../../cli/stop-on-signal.ts';
import { terminalWidth, wrapped } from '../../cli/wrap.ts';
import { lookThrough, lookWarnings } from '../../dead-letters/dead-letters.ts';
import { describeUnreadLogs } from '../../dead-letters/describe-groups.ts';
import { describeLetter } from '../../dead-letters/describe-letter.ts';
import { type Filters, selectLetters, withFilters } from '../../dead-letters/filters.ts';
import { maskedLetter } from '../../dead-letters/masked-letter.ts';
import { withTries } from '../../dead-letters/tries.ts';

/** Of a detail-type, a reason or an id, in characters. */
const longestId = 200;

type ShowOptions = CommonOptions & Filters & { max: number; body?: true; reveal?: true };

/** `pnpm dlq show [SERVICE]` */
export function showCommand(): Command {
  return withFilters(
    command(
      'show',
      "Show one service's dead letters, or those of a group: reason, age, event, booking, and the failed tries from " +
        "the service's log. Personal data is masked.",
    ).argument('[service]', 'e.g. seats; not needed with --group'),
  )
    .option('--max <number>', 'show at most this many of each queue', positiveInteger, 20)
    .option('--body', 'show the whole messages, with personal data masked')
    .option('--reveal', 'show the whole messages, with the names and addresses in them')
    .action(show);
}

async function show(service: string | undefined, options: ShowOptions): Promise<void> {
  const { target: name, json, max, reveal } = options;
  const target = openTarget(name);
  const { signal, release } = stopOnSignal('Stopping after the current messages …');
  const { queues, letters, groupSize } = await selectLetters(target, service, options, signal)
    .then(async ({ queues, matches, groupSize }) => ({
      groupSize,
      ...(await lookThrough(target, queues, { limit: max, matches, signal })),
    }))
    .finally(release);
  const { letters: tried, unread } = await withTries(target, letters);
  const shown = tried.map((letter) => (reveal ? letter : maskedLetter(letter)));
  const warnings = [...lookWarnings(queues), ...describeUnreadLogs(unread)];
  if (signal.aborted || queues.some((queue) => queue.unread !== undefined)) process.exitCode = exitCode.error;
  if (json) {
    for (const warning of warnings) console.error(warning);
    return printJson(shown);
  }

  const total = groupSize ?? queues.reduce((sum, { messages }) => sum + messages, 0);
  const where = service === undefined ? `the group ${options.group}` : service;
  if (shown.length === 0) {
    const isAllRead = queues.every((queue) => queue.unread === undefined);
    const nothing = total > 0 ? `None of ${counted(total, 'message')} matches.` : `Nothing is stuck in ${where}.`;
    console.log([...(isAllRead ? [nothing] : []), ...warnings].join('\n'));
    return;
  }
  for (const { body, error, tries, ...letter } of shown) {
    const printable = { ...printableData(letter, longestId), ...printableData({ error, tries }) };
    const text = reveal || options.body ? printableBody(body) : undefined;
    console.log(`${describeLetter(printable, { now: Date.now(), width: terminalWidth(), body: text })}\n`);
  }
  const selected = service === undefined ? `--group ${options.group}` : service;
  console.log(
    [
      ...warnings,
      pc.dim(
        wrapped(
          `${counted(shown.length, 'message')} of ${total.toLocaleString('en')}; all stay in their queue. ` +
            `\`pnpm dlq redrive ${selected}\` shows what a redrive would do.`,
          terminalWidth(),
        ),
      ),
    ].join('\n'),
  );
}

/** The whole body: JSON on several lines, or a text as it is, with its line feeds. */
function printableBody(body: unknown): string {
  if (typeof body !== 'string') return printableJson(body, 2);
  try {
    return printableJson(JSON.parse(body), 2);
  } catch {
    return printableLines(body, Infinity);
  }
}

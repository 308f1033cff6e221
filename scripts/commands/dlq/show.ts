import type { Command } from 'commander';
import { openTarget } from '../../airline/target.ts';
import { pc } from '../../cli/colors.ts';
import { command, type CommonOptions } from '../../cli/command.ts';
import { ago, counted } from '../../cli/format.ts';
import { positiveInteger } from '../../cli/option-values.ts';
import { countAll, type DeadLetter, deadLetterQueues, meaning, peek } from '../../dead-letters/dead-letters.ts';
import { type Filters, matcher, withFilters } from '../../dead-letters/filters.ts';
import { maskedLetter } from '../../dead-letters/masked-letter.ts';

type ShowOptions = CommonOptions & Filters & { max: number; body?: true; reveal?: true };

/** `pnpm dlq show SERVICE` */
export function showCommand(): Command {
  return withFilters(
    command('show', "Show one service's dead letters: reason, age, event, booking. Personal data is masked.").argument(
      '<service>',
      'e.g. seats',
    ),
  )
    .option('--max <number>', 'show at most this many of each queue', positiveInteger, 20)
    .option('--body', 'show the whole messages, with personal data masked')
    .option('--reveal', 'show the whole messages, with the names and addresses in them')
    .action(show);
}

async function show(service: string, options: ShowOptions): Promise<void> {
  const { target: name, json, max, reveal } = options;
  const target = openTarget(name);
  const queues = await deadLetterQueues(target, service, options.kind);
  const letters: DeadLetter[] = [];
  for (const queue of queues) letters.push(...(await peek(target, queue, max, matcher(options))));
  const shown = letters.map((letter) => (reveal ? letter : maskedLetter(letter)));
  if (json) return console.log(JSON.stringify(shown));

  const total = await countAll(target, queues);
  if (letters.length === 0)
    return console.log(
      total === 0 ? `Nothing is stuck in ${service}.` : `None of ${counted(total, 'message')} matches.`,
    );
  for (const letter of shown) print(letter, reveal || options.body ? letter.body : undefined);
  console.log(
    pc.dim(
      `${counted(letters.length, 'message')} of ${total.toLocaleString('en')}; all stay in their queue. ` +
        `\`pnpm dlq redrive ${service}\` shows what a redrive would do.`,
    ),
  );
}

function print(letter: Omit<DeadLetter, 'body'>, body: unknown): void {
  const { reason, error, detailType, correlationId, firstSeen, receiveCount, kind, messageId } = letter;
  const booking = correlationId ? pc.dim(`  ${correlationId}`) : '';
  console.log(`${pc.red(pc.bold(reason))}  ${detailType ?? 'not an event'}${booking}`);
  if (error) console.log(`  ${error}`);
  console.log(
    pc.dim(
      `  ${kind}: ${meaning[kind]} · first seen ${firstSeen} (${ago(Date.now() - Date.parse(firstSeen))} ago) · ` +
        `received ${receiveCount} times · message ${messageId}`,
    ),
  );
  if (body !== undefined) console.log(indent(readable(body)));
  console.log();
}

/** JSON on several lines. Text that is not JSON stays as it is. */
function readable(body: unknown): string {
  if (typeof body !== 'string') return JSON.stringify(body, undefined, 2);
  try {
    return JSON.stringify(JSON.parse(body), undefined, 2);
  } catch {
    return body;
  }
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}

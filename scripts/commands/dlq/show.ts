import type { Command } from 'commander';
import { openTarget } from '../../airline/target.ts';
import { printableJson, printableLines } from '@airline/events-schemas/printable';
import { printableData, printJson } from '../../cli/answer.ts';
import { pc } from '../../cli/colors.ts';
import { command, type CommonOptions } from '../../cli/command.ts';
import { ago, counted } from '../../cli/format.ts';
import { positiveInteger } from '../../cli/option-values.ts';
import { countAll, type DeadLetter, deadLetterQueues, meaning, peek } from '../../dead-letters/dead-letters.ts';
import { type Filters, matcher, withFilters } from '../../dead-letters/filters.ts';
import { maskedLetter } from '../../dead-letters/masked-letter.ts';

/** Of a detail-type, a reason or an id, in characters. */
const longestId = 200;

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
  if (json) return printJson(shown);

  const total = await countAll(target, queues);
  if (letters.length === 0)
    return console.log(
      total === 0 ? `Nothing is stuck in ${service}.` : `None of ${counted(total, 'message')} matches.`,
    );
  for (const { body, error, ...letter } of shown) {
    const printable = { ...printableData(letter, longestId), ...printableData({ error }) };
    console.log(describe(printable, reveal || options.body ? printableBody(body) : undefined));
  }
  console.log(
    pc.dim(
      `${counted(letters.length, 'message')} of ${total.toLocaleString('en')}; all stay in their queue. ` +
        `\`pnpm dlq redrive ${service}\` shows what a redrive would do.`,
    ),
  );
}

function describe(
  letter: Omit<DeadLetter, 'body' | 'error'> & { error: string | undefined },
  body: string | undefined,
): string {
  const { reason, error, detailType, correlationId, firstSeen, receiveCount, kind, messageId } = letter;
  const booking = correlationId ? pc.dim(`  ${correlationId}`) : '';
  return [
    `${pc.red(pc.bold(reason))}  ${detailType ?? 'not an event'}${booking}`,
    ...(error ? [`  ${error}`] : []),
    pc.dim(
      `  ${kind}: ${meaning[kind]} · first seen ${firstSeen} (${ago(Date.now() - Date.parse(firstSeen))} ago) · ` +
        `received ${receiveCount} times · message ${messageId}`,
    ),
    ...(body === undefined ? [] : [body.replaceAll(/^/gm, '  ')]),
    '',
  ].join('\n');
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

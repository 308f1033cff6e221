import { maskPersonalData } from '@airline/events-schemas/personal-data';
import type { Command } from 'commander';
import { pc } from '../../cli/colors.ts';
import { command, type CommonOptions, positiveInteger } from '../../cli/command.ts';
import { countMessages, type DeadLetter, deadLetterQueues, meaning, peek } from '../../dead-letters/dead-letters.ts';
import { ago } from '../../cli/format.ts';
import { counted } from '../../airline/schedule.ts';
import { openTarget } from '../../airline/target.ts';
import { type Filters, matcher, withFilters } from '../../dead-letters/filters.ts';

type ShowOptions = CommonOptions & Filters & { max: number; body?: true; reveal?: true };

/** `pnpm dlq show SERVICE` */
export function showCommand(): Command {
  return withFilters(
    command('show', "one service's dead letters: reason, age, event, booking; personal fields are masked").argument(
      '<service>',
      'e.g. seats',
    ),
  )
    .option('--max <number>', 'how many to show of each queue', positiveInteger, 20)
    .option('--body', 'show the messages whole')
    .option('--reveal', 'show the messages whole, with the names and addresses in them')
    .action(show);
}

async function show(service: string, options: ShowOptions): Promise<void> {
  const { target: name, json, max, reveal } = options;
  const target = openTarget(name);
  const queues = await deadLetterQueues(target, service, options.kind);
  const letters: DeadLetter[] = [];
  for (const queue of queues) letters.push(...(await peek(target, queue, max, matcher(options))));
  if (json) return console.log(JSON.stringify(letters.map((letter) => (reveal ? letter : maskedLetter(letter)))));
  const total = (await Promise.all(queues.map((queue) => countMessages(target, queue)))).reduce(
    (sum, count) => sum + count,
    0,
  );
  if (letters.length === 0)
    return console.log(
      total === 0 ? `Nothing is stuck in ${service}.` : `None of ${counted(total, 'message')} matches.`,
    );
  for (const letter of letters)
    print(reveal ? letter : maskedLetter(letter), reveal ? readable(letter.body) : options.body && masked(letter.body));
  console.log(
    pc.dim(
      `${counted(letters.length, 'message')} of ${total.toLocaleString('en')}, left where they are. ` +
        `\`pnpm dlq redrive ${service}\` tells what a redrive would do.`,
    ),
  );
}

function print(letter: Omit<DeadLetter, 'body'>, body: unknown): void {
  const { reason, error, detailType, correlationId, firstSeen, receiveCount, kind, messageId } = letter;
  console.log(
    `${pc.red(pc.bold(reason))}  ${detailType ?? 'not an event'}${correlationId ? pc.dim(`  ${correlationId}`) : ''}`,
  );
  if (error) console.log(`  ${error}`);
  console.log(
    pc.dim(
      `  ${kind}: ${meaning[kind]} · first seen ${firstSeen} (${ago(Date.now() - Date.parse(firstSeen))} ago) · ` +
        `received ${receiveCount} times · message ${messageId}`,
    ),
  );
  if (body !== undefined && body !== false)
    console.log(indent(typeof body === 'string' ? body : JSON.stringify(body, undefined, 2)));
  console.log();
}

function maskedLetter(letter: DeadLetter): Omit<DeadLetter, 'body'> & { body: unknown } {
  const { error, body } = letter;
  return { ...letter, ...(error !== undefined && { error: maskedError(letter.reason, error) }), body: masked(body) };
}

/** A parser quotes what it could not read, and a mail server names the address that it refused. */
function maskedError(reason: string, error: string): string {
  const quotedOut = reason === 'not-json' ? error.replace(/"[^]*"/, '"***"') : error;
  return quotedOut.replaceAll(/[^\s<>"',;:]+@[^\s<>"',;:]+/g, '***');
}

/** The body as JSON without personal data; what is not JSON is shown by its length alone, since nothing can be masked in it. */
function masked(body: string): unknown {
  try {
    return maskPersonalData(JSON.parse(body));
  } catch {
    return `(not JSON, ${body.length} characters; not shown: it could hold personal data, --reveal shows it)`;
  }
}

function readable(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}

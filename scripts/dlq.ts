/** `pnpm dlq list` and `pnpm dlq show SERVICE`: what is stuck, and why. */
import { maskPersonalData } from '@airline/events-schemas/personal-data';
import { Command, InvalidArgumentError } from 'commander';
import pc from 'picocolors';
import { command, type CommonOptions, run } from './command.ts';
import { countMessages, type DeadLetter, deadLetterQueues, peek } from './dead-letters.ts';
import { ago, table } from './format.ts';
import { counted } from './schedule.ts';
import { openTarget } from './target.ts';

const meaning = { unhandled: 'the consumer could not handle it', undelivered: 'EventBridge could not deliver it' };

const program = new Command('pnpm dlq').description('Dead-letter queues: what is stuck, and why.');

program.addCommand(
  command('list', 'how many messages are stuck, service by service').action(async ({ target: name, json }: CommonOptions) => {
    const target = openTarget(name);
    const queues = await deadLetterQueues(target);
    const counts = await Promise.all(queues.map((queue) => countMessages(target, queue)));
    if (json) return console.log(JSON.stringify(queues.map(({ service, kind }, index) => ({ service, kind, messages: counts[index] }))));
    const rows = queues.map(({ service, kind }, index) => {
      const count = counts[index]!;
      return [service, kind, count > 0 ? pc.red(pc.bold(String(count))) : pc.green('0'), pc.dim(meaning[kind])];
    });
    console.log(table(['Service', 'Queue', 'Messages', 'Why messages are there'], rows));
    const stuck = queues.find((_, index) => counts[index]! > 0);
    console.log(stuck ? `\n\`pnpm dlq show ${stuck.service}\` shows them.` : pc.dim('\nNothing is stuck.'));
  }),
);

program.addCommand(
  command('show', "one service's dead letters: reason, age, event, booking; personal fields are masked")
    .argument('<service>', 'e.g. seats')
    .option('--max <number>', 'how many to show of each queue', positive, 20)
    .option('--body', 'show the messages whole')
    .action(async (service: string, { target: name, json, max, body }: CommonOptions & { max: number; body?: true }) => {
      const target = openTarget(name);
      const queues = await deadLetterQueues(target, service);
      const letters: DeadLetter[] = [];
      for (const queue of queues) letters.push(...(await peek(target, queue, max)));
      if (json) return console.log(JSON.stringify(letters.map((letter) => ({ ...letter, body: masked(letter.body) }))));
      if (letters.length === 0) return console.log(`Nothing is stuck in ${service}.`);
      for (const letter of letters) print(letter, body === true);
      console.log(pc.dim(`${counted(letters.length, 'message')}, left where they are.`));
    }),
);

await run(program);

function print(letter: DeadLetter, whole: boolean): void {
  const { reason, error, detailType, correlationId, firstSeen, receiveCount, kind, messageId, body } = letter;
  console.log(`${pc.red(pc.bold(reason))}  ${detailType ?? 'not an event'}${correlationId ? pc.dim(`  ${correlationId}`) : ''}`);
  if (error) console.log(`  ${error}`);
  console.log(pc.dim(`  ${kind}: ${meaning[kind]} · first seen ${firstSeen} (${ago(Date.now() - Date.parse(firstSeen))} ago) · received ${receiveCount} times · message ${messageId}`));
  if (whole) console.log(indent(JSON.stringify(masked(body), undefined, 2)));
  console.log();
}

/** The body as JSON without personal data; what is not JSON is shown by its length alone, since nothing can be masked in it. */
function masked(body: string): unknown {
  try {
    return maskPersonalData(JSON.parse(body));
  } catch {
    return `(not JSON, ${body.length} characters; not shown: it could hold personal data)`;
  }
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}

function positive(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('It must be a whole number above 0.');
  return number;
}

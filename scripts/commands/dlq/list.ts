import type { Command } from 'commander';
import { openTarget } from '../../airline/target.ts';
import { pc } from '../../cli/colors.ts';
import { command, type CommonOptions } from '../../cli/command.ts';
import { table } from '../../cli/format.ts';
import { countMessages, deadLetterQueues, meaning } from '../../dead-letters/dead-letters.ts';

/** `pnpm dlq list` */
export function listCommand(): Command {
  return command('list', 'Show the number of dead letters of each service.').action(list);
}

async function list({ target: name, json }: CommonOptions): Promise<void> {
  const target = openTarget(name);
  const queues = await deadLetterQueues(target);
  const counts = await Promise.all(queues.map((queue) => countMessages(target, queue)));
  if (json) {
    const rows = queues.map(({ service, kind }, index) => ({ service, kind, messages: counts[index] }));
    return console.log(JSON.stringify(rows));
  }
  const rows = queues.map(({ service, kind }, index) => {
    const count = counts[index]!;
    return [service, kind, count > 0 ? pc.red(pc.bold(String(count))) : pc.green('0'), pc.dim(meaning[kind])];
  });
  console.log(table(['Service', 'Queue', 'Messages', 'Why messages are there'], rows));
  const stuck = queues.find((_, index) => counts[index]! > 0);
  console.log(stuck ? `\n\`pnpm dlq show ${stuck.service}\` shows them.` : pc.dim('\nNothing is stuck.'));
}

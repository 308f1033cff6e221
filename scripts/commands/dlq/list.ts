import type { Command } from 'commander';
import { openTarget } from '../../airline/target.ts';
import { answer } from '../../cli/answer.ts';
import { pc } from '../../cli/colors.ts';
import { command, type CommonOptions } from '../../cli/command.ts';
import { table } from '../../cli/format.ts';
import { countMessages, type DeadLetterQueue, deadLetterQueues, meaning } from '../../dead-letters/dead-letters.ts';

/** `pnpm dlq list` */
export function listCommand(): Command {
  return command('list', 'Show the number of dead letters of each service.').action(list);
}

interface Row extends Pick<DeadLetterQueue, 'service' | 'kind'> {
  messages: number;
}

async function list({ target: name, json }: CommonOptions): Promise<void> {
  const target = openTarget(name);
  const queues = await deadLetterQueues(target);
  const counts = await Promise.all(queues.map((queue) => countMessages(target, queue)));
  const rows = queues.map(({ service, kind }, index) => ({ service, kind, messages: counts[index]! }));
  answer(rows, { json }, describe);
}

function describe(rows: Row[]): string {
  const cells = rows.map(({ service, kind, messages }) => [
    service,
    kind,
    messages > 0 ? pc.red(pc.bold(String(messages))) : pc.green('0'),
    pc.dim(meaning[kind]),
  ]);
  const stuck = rows.find(({ messages }) => messages > 0);
  return [
    table(['Service', 'Queue', 'Messages', 'Why messages are there'], cells),
    stuck ? `\n\`pnpm dlq show ${stuck.service}\` shows them.` : pc.dim('\nNothing is stuck.'),
  ].join('\n');
}

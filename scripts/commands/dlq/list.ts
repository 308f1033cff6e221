import type { Command } from 'commander';
import { openTarget } from '../../airline/target.ts';
import { answer } from '../../cli/answer.ts';
import { pc } from '../../cli/colors.ts';
import { command, type CommonOptions } from '../../cli/command.ts';
import { table } from '../../cli/format.ts';
import { countMessages, type DeadLetterQueue, deadLetterQueues, meaning } from '../../dead-letters/dead-letters.ts';
import { describeLostEvent, type LostEvent, lostEvents, lostEventsOnAws } from '../../dead-letters/lost-events.ts';

/** `pnpm dlq list` */
export function listCommand(): Command {
  return command('list', 'Show the number of dead letters of each service, and the events that no queue took.').action(
    list,
  );
}

interface Row {
  service: string;
  kind: DeadLetterQueue['kind'] | 'lost';
  messages: number;
  /** Only of lost events: nothing else can show them. */
  events?: LostEvent[];
}

async function list({ target: name, json }: CommonOptions): Promise<void> {
  const target = openTarget(name);
  const [queues, lost] = await Promise.all([deadLetterQueues(target), lostEvents(target)]);
  const counts = await Promise.all(queues.map((queue) => countMessages(target, queue)));
  const rows: Row[] = queues.map(({ service, kind }, index) => ({ service, kind, messages: counts[index]! }));
  for (const service of [...new Set(lost?.map(({ service }) => service))].sort()) {
    const events = lost!.filter((event) => event.service === service);
    rows.push({ service, kind: 'lost', messages: events.length, events });
  }
  answer(rows, { json }, (printableRows) => describe(printableRows, lost !== undefined));
}

const longestList = 10;

function describe(rows: Row[], isLocal: boolean): string {
  const cells = rows.map(({ service, kind, messages }) => [
    service,
    kind,
    messages > 0 ? pc.red(pc.bold(String(messages))) : pc.green('0'),
    pc.dim(kind === 'lost' ? 'no queue took it' : meaning[kind]),
  ]);
  const stuck = rows.find(({ kind, messages }) => kind !== 'lost' && messages > 0);
  const lost = rows.flatMap(({ events = [] }) => events);
  const isWell = !stuck && lost.length === 0;
  return [
    table(['Service', 'Queue', 'Messages', 'Why messages are there'], cells),
    ...(stuck ? [`\n\`pnpm dlq show ${stuck.service}\` shows them.`] : []),
    ...(isWell ? [pc.dim('\nNothing is stuck.')] : []),
    ...(isLocal ? [] : [pc.dim(lostEventsOnAws)]),
    ...lost.slice(0, longestList).map((event) => pc.red(`\nLOST: ${describeLostEvent(event)}`)),
    ...(lost.length > longestList ? [pc.red(`\n… and ${lost.length - longestList} more; --json shows all.`)] : []),
  ].join('\n');
}

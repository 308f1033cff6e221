import type { Command } from 'commander';
import { openTarget } from '../../airline/target.ts';
import { printableData, printJson } from '../../cli/answer.ts';
import { pc } from '../../cli/colors.ts';
import { command, type CommonOptions } from '../../cli/command.ts';
import { table } from '../../cli/format.ts';
import { countMessages, deadLetterQueues, type Kind, meaning } from '../../dead-letters/dead-letters.ts';
import { describeLostEvent, type LostEvent, lostEvents, lostEventsOnAws } from '../../dead-letters/lost-events.ts';

interface Row {
  service: string;
  kind: Kind | 'lost';
  messages: number;
}

const longestList = 10;

/** `pnpm dlq list` */
export function listCommand(): Command {
  return command('list', 'Show the number of dead letters of each service, and the events that no queue took.').action(
    list,
  );
}

async function list({ target: name, json }: CommonOptions): Promise<void> {
  const target = openTarget(name);
  const [queues, lost] = await Promise.all([deadLetterQueues(target), lostEvents(target)]);
  const counts = await Promise.all(queues.map((queue) => countMessages(target, queue)));
  const losers = [...new Set(lost?.map(({ service }) => service))].sort();
  const rows = [
    ...queues.map(({ service, kind }, index) => ({ service, kind, messages: counts[index]! })),
    ...losers.map((service) => {
      const events = lost!.filter((event) => event.service === service);
      return { service, kind: 'lost' as const, messages: events.length, events };
    }),
  ];
  if (json) printJson(rows);
  else console.log(describe(printableData(rows), printableData(lost)));
}

/** @param lost undefined for an airline on AWS, which only counts them */
function describe(rows: Row[], lost: LostEvent[] | undefined): string {
  const cells = rows.map(({ service, kind, messages }) => [
    service,
    kind,
    messages > 0 ? pc.red(pc.bold(String(messages))) : pc.green('0'),
    pc.dim(kind === 'lost' ? 'no queue took it' : meaning[kind]),
  ]);
  const stuck = rows.find(({ kind, messages }) => kind !== 'lost' && messages > 0);
  const more = (lost?.length ?? 0) - longestList;
  return [
    table(['Service', 'Queue', 'Messages', 'Why messages are there'], cells),
    ...(stuck ? [`\n\`pnpm dlq show ${stuck.service}\` shows them.`] : []),
    ...(stuck || lost?.length ? [] : [pc.dim('\nNothing is stuck.')]),
    ...(lost === undefined ? [pc.dim(lostEventsOnAws)] : []),
    ...(lost ?? []).slice(0, longestList).map((event) => pc.red(`\nLOST: ${describeLostEvent(event)}`)),
    ...(more > 0 ? [pc.red(`\n… and ${more} more; --json shows all.`)] : []),
  ].join('\n');
}

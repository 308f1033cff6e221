import type { Command } from 'commander';
import { openTarget } from '../../airline/target.ts';
import { pc } from '../../cli/colors.ts';
import { command, type CommonOptions } from '../../cli/command.ts';
import { table } from '../../cli/format.ts';
import { countMessages, deadLetterQueues, meaning } from '../../dead-letters/dead-letters.ts';
import { describeLostEvent, type LostEvent, lostEvents, lostEventsOnAws } from '../../dead-letters/lost-events.ts';

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
  const lostBy = (service: string): LostEvent[] => lost?.filter((event) => event.service === service) ?? [];
  if (json) {
    const rows = queues.map(({ service, kind }, index) => ({ service, kind, messages: counts[index] }));
    const lostRows = losers.map((service) => {
      const events = lostBy(service);
      return { service, kind: 'lost', messages: events.length, events };
    });
    return console.log(JSON.stringify([...rows, ...lostRows]));
  }
  const rows = queues.map(({ service, kind }, index) => {
    const count = counts[index]!;
    return [service, kind, count > 0 ? pc.red(pc.bold(String(count))) : pc.green('0'), pc.dim(meaning[kind])];
  });
  for (const service of losers)
    rows.push([service, 'lost', pc.red(pc.bold(String(lostBy(service).length))), pc.dim('no queue took it')]);
  console.log(table(['Service', 'Queue', 'Messages', 'Why messages are there'], rows));
  const stuck = queues.find((_, index) => counts[index]! > 0);
  if (stuck) console.log(`\n\`pnpm dlq show ${stuck.service}\` shows them.`);
  else if (losers.length === 0) console.log(pc.dim('\nNothing is stuck.'));
  if (lost === undefined) return console.log(pc.dim(lostEventsOnAws));
  for (const event of lost.slice(0, longestList)) console.log(pc.red(`\nLOST: ${describeLostEvent(event)}`));
  if (lost.length > longestList) console.log(pc.red(`\n… and ${lost.length - longestList} more; --json shows all.`));
}

const longestList = 10;

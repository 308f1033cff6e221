import { type EventType, sourceOf } from '@airline/events-schemas/events';
import { catalogue } from '@airline/events-schemas/generated/catalogue';
import type { SubscriptionsOfServices } from '../protocol/subscriptions.ts';

/** The table of events in Markdown, as Prettier formats it: from whom each comes, and which services hear it. */
export function whoHearsTable(subscriptions: SubscriptionsOfServices): string {
  const rows = inOrderOfFlow(subscriptions).map((type) => [
    `\`${type}\``,
    `\`${sourceOf(type)}\``,
    hearersOf(type, subscriptions).join(', ') || 'nobody',
  ]);
  const head = ['event', 'from', 'heard by'];
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)));
  const line = (cells: string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** Status hears every fact of a booking, and lists them in the order of the flow. Other events come before these. */
function inOrderOfFlow({ status = {} }: SubscriptionsOfServices): EventType[] {
  const flow: readonly EventType[] = Object.values(status).flatMap(({ detailTypes }) => [...detailTypes]);
  return (Object.keys(catalogue) as EventType[]).sort((a, b) => flow.indexOf(a) - flow.indexOf(b));
}

/** The services that hear an event. One that hears only some of them is followed by the words of its subscription. */
function hearersOf(type: EventType, services: SubscriptionsOfServices): string[] {
  return Object.entries(services).flatMap(([service, subscriptions]) => {
    const hearing = Object.values(subscriptions).filter(({ detailTypes }) =>
      (detailTypes as readonly EventType[]).includes(type),
    );
    if (hearing.length === 0) return [];
    if (hearing.some(({ when }) => when === undefined)) return [service];
    return [`${service} (${hearing.map(({ when }) => when).join(' or ')})`];
  });
}

import type { Flow, FlowEvent } from './flow.ts';

/** The table of events in Markdown, as Prettier formats it: from whom each comes, and which services hear it. */
export function whoHearsTable({ events }: Pick<Flow, 'events'>): string {
  const rows = events.map((event) => [`\`${event.detailType}\``, `\`${event.source}\``, hearersOf(event)]);
  return table(['event', 'from', 'heard by'], rows);
}

/** The services that hear an event, in the order of their names. One that hears only some has words behind it. */
export function hearersOf({ heardBy }: Pick<FlowEvent, 'heardBy'>): string {
  const named = heardBy.map(({ service, when }) => (when === undefined ? service : `${service} (${when})`));
  return named.sort().join(', ') || 'nobody';
}

/** A table in Markdown whose columns are as wide as Prettier makes them. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(3, ...[head, ...cells].map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n');
}

/** The output of `pnpm trace` for a person: a line for each event, try and call, with its time as a bar. */
import { pc } from '../cli/colors.ts';
import { ago, clock } from '../cli/format.ts';
import { wrapped } from '../cli/wrap.ts';
import type { Place } from '../explain/deliveries.ts';
import { foldColumns, type TimeScale, timeScale } from './time-scale.ts';
import type { Trace, TracedDelivery, TracedEvent, Try } from './trace-booking.ts';

interface Bar {
  /** Milliseconds since the epoch. */
  from: number;
  to: number;
  character: string;
  paint: (text: string) => string;
}

interface Row {
  label: string;
  paint: (text: string) => string;
  bars: Bar[];
  /** After the bars. */
  text: string;
}

/** A longer label is cut. */
const mostLabelColumns = 40;
const leastLabelColumns = 22;
const textColumns = 20;
/** Of the bars, where the output is no terminal. */
const pipedBarColumns = 60;
const leastBarColumns = 16;
const longestError = 300;

const plain = (text: string): string => text;
const outcomes: Record<Try['outcome'], { words: string; paint: (text: string) => string }> = {
  handled: { words: 'handled', paint: pc.green },
  handling: { words: 'is being handled', paint: pc.cyan },
  failed: { words: 'failed', paint: pc.red },
  tooEarly: { words: 'came too early', paint: pc.yellow },
  postponed: { words: 'waits for something outside', paint: pc.yellow },
  buried: { words: 'can never be handled: a dead letter', paint: pc.red },
  killed: { words: 'the worker was killed', paint: pc.red },
};
const places: Record<Place['kind'], string> = {
  done: 'handled; its line is not in the log',
  'dead-letter': 'a dead letter',
  lost: 'EventBridge lost it',
  'on-its-way': 'on its way',
  queued: 'waits in the queue',
  'never-got': 'never got it',
  unseen: 'not known: its log or queue was not read',
  handling: 'is being handled',
  'run-died': 'its worker was killed',
  dropped: 'its dead letter was dropped',
  retrying: 'is tried again',
  postponed: 'waits for something outside',
};

const legend = '◆ published, · in the bus, ░ waits, █ is handled, ▒ a call; at the right: wait + handling';

/** @param width of the window, in columns; Infinity where the output is none */
export function describeTrace(trace: Trace, width: number): string {
  const rows = trace.events.flatMap(rowsOf);
  const longest = Math.max(...rows.map((row) => ('bars' in row ? row.label.length : 0)));
  const room = Number.isFinite(width) ? width - textColumns - 2 : Infinity;
  // In a narrow window the bars come before whole names.
  const labels = Math.max(leastLabelColumns, Math.min(longest, mostLabelColumns, Math.floor(room / 2)));
  const columns = Number.isFinite(room) ? Math.max(leastBarColumns, room - labels) : pipedBarColumns;
  const scale = timeScale(
    rows.flatMap((row) => ('bars' in row ? row.bars.flatMap(({ from, to }) => [from, to]) : [])),
    columns,
  );
  const total = Date.parse(trace.endedAt) - Date.parse(trace.startedAt);
  const folds = scale.folds.map(({ milliseconds }) => ago(milliseconds));
  return [
    `${trace.bookingId}  ${clock(trace.startedAt)} UTC, ${duration(total)}`,
    note(legend + (folds.length > 0 ? `; ≈ left out: ${folds.join(', ')}` : ''), width, pc.dim),
    '',
    ...rows.map((row) => ('bars' in row ? draw(row, scale, labels, columns) : note(row.note, width, row.paint))),
  ].join('\n');
}

interface Note {
  note: string;
  paint: (text: string) => string;
}

function rowsOf(event: TracedEvent): (Row | Note)[] {
  const at = event.at === undefined ? [] : [Date.parse(event.at)];
  return [
    {
      label: `${' '.repeat(Math.min(event.depth, 4))}${event.type}`,
      paint: event.isTimer ? pc.dim : pc.bold,
      bars: at.map((time) => ({ from: time, to: time, character: '◆', paint: pc.cyan })),
      text: event.isTimer ? 'a timer' : `by ${event.by}`,
    },
    ...event.deliveries.flatMap((delivery) => rowsOfDelivery(event, delivery)),
  ];
}

function rowsOfDelivery(
  { depth, at }: TracedEvent,
  { service, isDuplicate, tries, place }: TracedDelivery,
): (Row | Note)[] {
  const indent = ' '.repeat(Math.min(depth, 4) + 2);
  const rows = tries.flatMap((one, index): (Row | Note)[] => {
    const { waitedSince, receivedAt, endedAt = receivedAt, outcome, error, nextTryAt, calls, receiveCount } = one;
    const [since, received, ended] = [waitedSince, receivedAt, endedAt].map((time) => Date.parse(time)) as [
      number,
      number,
      number,
    ];
    // What passed before the message was in the queue, was inside the bus. Clocks differ, so it may seem negative.
    const inBus = index === 0 && at !== undefined && !isDuplicate ? Math.max(0, since - Date.parse(at)) : 0;
    const { words, paint } = outcomes[outcome];
    const count = receiveCount > 1 || tries.length > 1 ? ` (try ${receiveCount})` : '';
    const row: Row = {
      label: `${indent}${service}${count}${isDuplicate && index === 0 ? ' (duplicate)' : ''}`,
      paint: plain,
      bars: [
        { from: since - inBus, to: since, character: '·', paint: pc.dim },
        { from: since, to: received, character: '░', paint: pc.yellow },
        { from: received, to: ended, character: '█', paint },
      ],
      text: `${duration(received - since)} + ${one.endedAt === undefined ? '…' : duration(ended - received)}`,
    };
    const next = nextTryAt === undefined ? '' : `; next try ${clock(nextTryAt)}`;
    const why = error === undefined ? '' : `: ${error.slice(0, longestError)}`;
    return [
      row,
      ...calls.map(({ name, afterMs, ms, failed }): Row => {
        const from = received + afterMs;
        return {
          label: `${indent}  ${name}`,
          paint: pc.dim,
          bars: [{ from, to: from + (ms ?? ended - from), character: '▒', paint: failed ? pc.red : pc.dim }],
          text: `${ms === undefined ? 'had not ended' : duration(ms)}${failed ? ', failed' : ''}`,
        };
      }),
      ...(outcome === 'handled' ? [] : [{ note: `${indent}  ${words}${why}${next}`, paint }]),
    ];
  });
  if (!place || tries.at(-1)?.outcome === 'handling') return rows;
  return [
    ...rows,
    { note: `${indent}${tries.length > 0 ? '  ' : `${service}: `}now: ${places[place.kind]}`, paint: pc.yellow },
  ];
}

function draw({ label, paint, bars, text }: Row, scale: TimeScale, labels: number, columns: number): string {
  const cells = Array.from({ length: columns }, () => ' ');
  for (const { from, to, character, paint: paintBar } of bars) {
    const first = scale.columnOf(from);
    // What took no time is nothing, but a run and a call are seen even so.
    const last = Math.max(scale.columnOf(to), character === '·' || character === '░' ? first : first + 1);
    for (let column = first; column < Math.min(last, columns); column += 1) {
      const isFold = scale.folds.some((fold) => column >= fold.column && column < fold.column + foldColumns);
      cells[column] = isFold ? pc.dim('≈') : paintBar(character);
    }
  }
  return `${paint(cut(label, labels).padEnd(labels))} ${cells.join('')} ${pc.dim(text)}`.trimEnd();
}

function note(text: string, width: number, paint: (text: string) => string): string {
  const [indent = ''] = /^ */.exec(text) ?? [];
  return indent + paint(wrapped(text.trimStart(), width - indent.length, indent.length + 2));
}

function cut(label: string, columns: number): string {
  return label.length > columns ? `${label.slice(0, columns - 1)}…` : label;
}

/** 45 ms, 1.25 s, 10 min. */
function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  return milliseconds < 120_000 ? `${(milliseconds / 1000).toFixed(2)} s` : ago(milliseconds);
}

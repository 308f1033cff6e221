import type { Flow, FlowEvent, FlowService } from './flow.ts';

// Pixels. Text has no fixed width, since every machine has another font: columns leave room for a wide one.
const margin = 24;
const column = { width: 224, gap: 12 };
const line = 18;
const row = 46;

/** Where the parts of a picture lead to when it is in a page. */
export interface PictureLinks {
  service: (name: string) => string;
  event: (detailType: string) => string;
}

/**
 * The flow as a picture: a column for each service, a line for each event. The line leaves the service that says the
 * event and has an arrow at each one that hears it. It follows the reader's light or dark setting and uses the fonts of
 * the reader's system.
 * @param links for a picture inside a page: its parts are links, and its colours come from the style sheet of the page
 */
export function svgOf(flow: Flow, links?: PictureLinks): string {
  const { services, events } = flow;
  const hasOutside = events.some(({ saidBy }) => saidBy.length === 0);
  const columns = [...(hasOutside ? [undefined] : []), ...services];
  const left = (index: number): number => margin + index * (column.width + column.gap);
  const middle = (name: string | undefined): number =>
    left(columns.findIndex((service) => service?.name === name)) + column.width / 2;

  const heads = columns.map((service) =>
    service ? [service.name, ...headOf(service)] : ['other producers', 'outside the airline'],
  );
  const feet = columns.map((service) => (service ? footOf(flow, service) : []));
  const headHeight = heightOf(heads);
  const footHeight = heightOf(feet);
  const top = margin + headHeight;
  const bottom = top + events.length * row + 14;
  const width = left(columns.length) - column.gap + margin;
  const notes = [...new Set(events.flatMap(({ heardBy }) => heardBy.flatMap(({ when }) => when ?? [])))];
  const height = bottom + footHeight + margin + (notes.length > 0 ? notes.length * line + 8 : 0);

  const parts = [
    ...(links
      ? [
          `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="group" aria-labelledby="title">`,
        ]
      : [
          `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">`,
        ]),
    `<title id="title">Which service says which event, and which services hear it</title>`,
    ...(links ? [] : [`<style>${style}</style>`]),
    `<rect class="page" width="${width}" height="${height}" rx="10"/>`,
    ...columns.flatMap((service, index) => [
      `<path class="lane" d="M${middle(service?.name)} ${top}V${bottom}"/>`,
      ...linked(service && links?.service(service.name), [
        box(left(index), margin, headHeight, heads[index]!, 'head'),
        ...(feet[index]!.length > 0 ? [box(left(index), bottom, footHeight, feet[index]!, 'foot')] : []),
      ]),
    ]),
    ...events.flatMap((event, index) =>
      linked(links?.event(event.detailType), eventLine(event, top + index * row + row - 10, middle, notes)),
    ),
    ...notes.map((note, index) =>
      text(
        margin,
        bottom + footHeight + 26 + index * line,
        `${mark(index)} only some: ${note.replaceAll('`', '')}`,
        'small',
      ),
    ),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

const light = { page: '#fff', ink: '#1f2328', soft: '#59636e', edge: '#c8d1da', box: '#f6f8fa', event: '#0550ae' };
const dark = { page: '#0d1117', ink: '#f0f6fc', soft: '#9198a1', edge: '#3d444d', box: '#151b23', event: '#79c0ff' };

/** Without CSS variables: many programs that show SVG outside a browser do not know them, and would draw all black. */
const style = [
  'text{font:13px system-ui,sans-serif}.name{font-weight:600;font-size:15px}.small{font-size:12px}',
  '.event{font-weight:600}.lane{stroke-dasharray:2 4;fill:none}.line{stroke-width:1.5;fill:none}',
  '.back{stroke-width:5;stroke-linejoin:round;paint-order:stroke}',
  colored(light),
  `@media(prefers-color-scheme:dark){${colored(dark)}}`,
].join('');

function colored({ page, ink, soft, edge, box, event }: typeof light): string {
  return (
    `text{fill:${ink}}.small{fill:${soft}}.event{fill:${event}}.page{fill:${page}}.box{fill:${box};stroke:${edge}}` +
    `.lane{stroke:${edge}}.line{stroke:${event}}.dot,.arrow{fill:${event}}.back{stroke:${page}}`
  );
}

function headOf({ routes, timers, calls }: FlowService): string[] {
  return [
    ...routes.map(({ route }) => route),
    ...timers.map((timer) => (timer.kind === 'schedule' ? `timer: ${timer.expression}` : 'timer: a message to itself')),
    ...calls.map((outsider) => (outsider === 'mail' ? 'sends mail' : `calls the ${outsider}`)),
  ];
}

function footOf({ airline }: Flow, { queues, tables }: FlowService): string[] {
  const short = (name: string): string => (name.startsWith(`${airline}-`) ? name.slice(airline.length + 1) : name);
  const read = queues.filter(({ reader }) => reader !== undefined);
  const others = queues.filter(({ reader }) => reader === undefined);
  return [
    ...read.map(({ name }) => `queue ${short(name)}`),
    ...others.map(({ name }) => `+ ${short(name)}`),
    ...tables.map(({ name }) => `table ${short(name)}`),
  ];
}

function linked(href: string | undefined, parts: string[]): string[] {
  return href === undefined ? parts : [`<a href="${escape(href)}">`, ...parts, '</a>'];
}

function heightOf(boxes: readonly (readonly string[])[]): number {
  return Math.max(...boxes.map(({ length }) => length)) * line + 20;
}

function box(x: number, y: number, height: number, lines: readonly string[], kind: 'head' | 'foot'): string {
  const texts = lines.map((content, index) =>
    text(x + 12, y + 24 + index * line, content, kind === 'head' && index === 0 ? 'name' : 'small'),
  );
  return [`<rect class="box" x="${x}" y="${y}" width="${column.width}" height="${height}" rx="8"/>`, ...texts].join(
    '\n',
  );
}

function eventLine(
  { detailType, saidBy, heardBy }: FlowEvent,
  y: number,
  middle: (name: string | undefined) => number,
  notes: readonly string[],
): string[] {
  const speakers = (saidBy.length > 0 ? saidBy : [undefined]).map(middle);
  const start = speakers[0]!;
  const listeners = heardBy.map(({ service, when }) => ({ x: middle(service), when }));
  const ends = [...speakers, ...listeners.map(({ x }) => x)];
  const label = `<text class="event back" x="${start + 10}" y="${y - 7}">${escape(detailType)}</text>`;
  return [
    `<path class="line" d="M${Math.min(...ends)} ${y}H${Math.max(...ends)}"/>`,
    ...speakers.map((x) => `<circle class="dot" cx="${x}" cy="${y}" r="5"/>`),
    ...listeners.flatMap(({ x, when }) => {
      const sign = x < start ? 1 : -1;
      return [
        `<path class="arrow" d="M${x} ${y}l${sign * 10} -5v10z"/>`,
        ...(when === undefined
          ? []
          : [
              `<text class="back" x="${x - sign * 6}" y="${y + 5}"${sign < 0 ? '' : ' text-anchor="end"'}>${mark(notes.indexOf(when))}</text>`,
            ]),
      ];
    }),
    label,
  ];
}

/** `*`, `**`, … */
function mark(index: number): string {
  return '*'.repeat(index + 1);
}

function text(x: number, y: number, content: string, kind: string): string {
  return `<text class="${kind}" x="${x}" y="${y}">${escape(content)}</text>`;
}

function escape(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

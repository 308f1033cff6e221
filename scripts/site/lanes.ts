/** A sequence as rows: beside each sentence, a lane for each participant and an arrow between two of them. */
import { markup, type Markup, type Part } from './markup.ts';

export interface LaneRow {
  kind: 'event' | 'call' | 'timer' | 'state' | 'failure' | 'remark';
  from?: string;
  to: readonly string[];
  /** Drawn dashed. */
  isAgain?: boolean;
  text: Part;
}

/** Positions across are shares of the width, so the same drawing fits a phone and a wide window. */
export function lanes(names: readonly { name: string; shown: Part }[], rows: readonly LaneRow[]): Markup {
  const center = (name: string): number => {
    const index = names.findIndex((each) => each.name === name);
    return Math.round(((index + 0.5) / names.length) * 10_000) / 100;
  };
  const lines = names.map(({ name }) => {
    const x = center(name);
    return markup`<line class="lane" x1="${x}%" x2="${x}%" y1="0" y2="100%"/>`;
  });
  return markup`<div class="lanes">
<div class="lane-head"><div class="lane-names">${names.map(({ shown }) => markup`<span>${shown}</span>`)}</div></div>
<ol class="steps">
${rows.map(
  (
    row,
  ) => markup`<li class="step of-${row.kind}"><div class="track"><svg aria-hidden="true" focusable="false">${lines}${drawing(row, center)}</svg></div><div class="said">${row.text}</div></li>
`,
)}</ol>
</div>
`;
}

// In pixels, from the top of a row to the middle of its first line of text.
const y = 18;

function drawing({ kind, from, to, isAgain }: LaneRow, center: (name: string) => number): Part[] {
  const line = isAgain ? 'line again' : 'line';
  if (kind === 'state' || kind === 'failure')
    return to.map((name) => markup`<circle class="mark" cx="${center(name)}%" cy="${y}" r="5"/>`);
  if (kind === 'timer' || (from !== undefined && to.length === 1 && to[0] === from))
    return to.map(
      (name) =>
        markup`<svg class="over" x="${center(name)}%" y="${y}"><path class="${line}" d="M0-6C16-10 16 10 4 6"/><path class="arrow" d="M0 5l7-3.500v7z"/></svg>`,
    );
  if (from === undefined) return [];
  const start = center(from);
  const ends = to.map(center);
  const left = Math.min(start, ...ends);
  const right = Math.max(start, ...ends);
  return [
    markup`<line class="${line}" x1="${left}%" x2="${right}%" y1="${y}" y2="${y}"/><circle class="dot" cx="${start}%" cy="${y}" r="4"/>`,
    ...ends.map((x) => {
      const tip = x > start ? 'M0 0l-8-4.500v9z' : 'M0 0l8-4.500v9z';
      return markup`<svg class="over" x="${x}%" y="${y}"><path class="arrow" d="${tip}"/></svg>`;
    }),
  ];
}

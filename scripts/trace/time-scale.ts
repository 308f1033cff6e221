/** Maps times to columns. Long times in which nothing happens are folded, so that short ones stay visible. Pure. */

interface Fold {
  /** Its first column. */
  column: number;
  milliseconds: number;
}

export interface TimeScale {
  /** @param time milliseconds since the epoch @returns a column, from 0 */
  columnOf: (time: number) => number;
  folds: readonly Fold[];
}

export const foldColumns = 3;
/** A gap is folded if it takes more than this part of the time that is left. */
const foldShare = 0.6;
const mostFolds = 6;
/** Shorter gaps stay as they are, in milliseconds. */
const shortestFold = 2000;

/** @param instants the times at which something begins or ends, in milliseconds since the epoch */
export function timeScale(instants: readonly number[], columns: number): TimeScale {
  const times = [...new Set(instants)].sort((a, b) => a - b);
  const gaps = times.slice(1).map((time, index) => ({ from: times[index]!, milliseconds: time - times[index]! }));
  const folded = new Set<number>();
  let left = gaps.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  for (const { from, milliseconds } of gaps.toSorted((a, b) => b.milliseconds - a.milliseconds)) {
    const isRoom = folded.size < Math.min(mostFolds, Math.floor(columns / (4 * foldColumns)));
    if (!isRoom || milliseconds < shortestFold || milliseconds < foldShare * left) break;
    folded.add(from);
    left -= milliseconds;
  }
  const room = Math.max(1, columns - 1 - folded.size * foldColumns);
  const perMillisecond = left === 0 ? 0 : room / left;
  const starts = new Map<number, number>();
  const folds: Fold[] = [];
  let column = 0;
  for (const { from, milliseconds } of gaps) {
    starts.set(from, column);
    if (folded.has(from)) folds.push({ column: Math.round(column), milliseconds });
    column += folded.has(from) ? foldColumns : milliseconds * perMillisecond;
  }
  function columnOf(time: number): number {
    const gap = gaps.findLast(({ from }) => from <= time);
    if (!gap) return 0;
    const start = starts.get(gap.from)!;
    const inside = Math.min(time - gap.from, gap.milliseconds);
    const width = folded.has(gap.from) ? (inside / gap.milliseconds) * foldColumns : inside * perMillisecond;
    return Math.min(columns - 1, Math.round(start + width));
  }
  return { columnOf, folds };
}

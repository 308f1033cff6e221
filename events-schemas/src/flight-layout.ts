import type { FlightScheduled } from './generated/types.ts';
import type { Mistake } from './mistake.ts';

type Flight = FlightScheduled['data'];

/** Mistakes in a flight's cabins that the schema cannot express. Paths are JSON pointers into the flight. */
export function findLayoutMistakes({ cabins }: Pick<Flight, 'cabins'>): Mistake[] {
  const mistakes: Mistake[] = [];
  cabins.forEach(({ rows, fare }, index) => {
    const path = `/cabins/${index}`;
    if (rows.first > rows.last) {
      mistakes.push({ path: `${path}/rows`, message: `must not begin (${rows.first}) after they end (${rows.last})` });
    }
    const overlapping = cabins
      .slice(0, index)
      .find((other) => rows.first <= other.rows.last && other.rows.first <= rows.last);
    if (overlapping) {
      const { first, last } = overlapping.rows;
      mistakes.push({
        path: `${path}/rows`,
        message: `must not overlap rows ${first}–${last} of ${overlapping.cabin}`,
      });
    }
    const currency = cabins[0]!.fare.currency;
    if (fare.currency !== currency) {
      mistakes.push({
        path: `${path}/fare/currency`,
        message: `must be ${currency} like the first cabin's: one flight, one currency`,
      });
    }
  });
  return mistakes;
}

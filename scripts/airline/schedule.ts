import type { EventData } from '@airline/events-schemas/events';
import { isCalendarDay } from '@airline/events-schemas/calendar-day';
import { formatMoney } from '@airline/events-schemas/currency';
import { findDataMistakes } from '@airline/events-schemas/find-mistakes';
import { printable } from '@airline/events-schemas/printable';
import { toStripeAmount } from '../../packages/payments/src/stripe-amount.ts';
import { counted, isoDay } from '../cli/format.ts';
import { readTextFile } from '../cli/read-text-file.ts';
import { UsageError } from '../cli/usage-error.ts';

export type Flight = EventData<'FlightScheduled'>;

const shownMistakes = 20;
/** In characters. */
const longestQuote = 300;
const dayMilliseconds = 24 * 3600 * 1000;

/**
 * Reads a schedule file: a JSON array whose elements are the data of FlightScheduled events.
 * @throws UsageError that names each mistake by its path in the file, e.g. `[3].cabins[0].rows`
 */
export async function readSchedule(file: string): Promise<Flight[]> {
  const text = await readTextFile(file);
  let schedule: unknown;
  try {
    schedule = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${file} is not JSON: ${printable((error as Error).message, longestQuote)}.`, {
      cause: error,
    });
  }
  if (!Array.isArray(schedule)) throw new UsageError(`${file} must hold a JSON array of flights.`);
  const mistakes = findScheduleMistakes(schedule);
  if (mistakes.length > 0) {
    const more = mistakes.length > shownMistakes ? [`  … and ${mistakes.length - shownMistakes} more`] : [];
    const lines = mistakes
      .slice(0, shownMistakes)
      .map(({ path, message }) => `  ${path} ${printable(message, longestQuote)}`);
    throw new UsageError(
      [`${file} has ${counted(mistakes.length, 'mistake')}; nothing was published:`, ...lines, ...more].join('\n'),
    );
  }
  return schedule as Flight[];
}

/** What is wrong with a schedule: each mistake with its path, e.g. `[3].cabins[0].rows`. */
export function findScheduleMistakes(schedule: unknown[]): { path: string; message: string }[] {
  const firstIndex = new Map<unknown, number>();
  return schedule.flatMap((flight, index) => {
    const mistakes = findDataMistakes('FlightScheduled', flight, `/${index}`).map(({ path, message }) => ({
      path: readablePath(path),
      message,
    }));
    if (mistakes.length === 0) mistakes.push(...findUnpayableFares(flight as Flight, index));
    const id = (flight as Partial<Flight> | null)?.flightId;
    const first = firstIndex.get(id);
    if (id !== undefined && first !== undefined)
      mistakes.push({ path: `[${index}].flightId`, message: `must not repeat ${id} of [${first}]` });
    if (first === undefined) firstIndex.set(id, index);
    return mistakes;
  });
}

/** Fares that payments cannot charge exactly. Every booking of such a seat would be declined. */
function findUnpayableFares({ flightId, cabins }: Flight, index: number): { path: string; message: string }[] {
  return cabins.flatMap(({ cabin, fare }, position) => {
    const amount = toStripeAmount(fare.amountMinor, fare.currency);
    if (typeof amount === 'number') return [];
    const message = `cannot be charged: the fare of ${flightId} ${cabin}, ${formatMoney(fare.amountMinor, fare.currency)}, ${amount.message}`;
    return [{ path: `[${index}].cabins[${position}].fare`, message }];
  });
}

/**
 * Moves a whole schedule, ids and times, so that its first departure is on `day` (YYYY-MM-DD, UTC).
 * @throws UsageError when the contract does not admit a time of the moved schedule
 */
export function moveSchedule(flights: readonly Flight[], day: string): Flight[] {
  if (flights.length === 0) return [];
  const first = Math.min(...flights.map(({ departureTime }) => startOfDay(departureTime)));
  const shift = startOfDay(`${day}T00:00:00Z`) - first;
  const moved = flights.map((flight) => ({
    ...flight,
    flightId: flight.flightId.replace(/\d{8}$/, (date) => {
      const old = Date.parse(`${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T00:00:00Z`);
      return isoDay(old + shift).replaceAll('-', '');
    }),
    departureTime: new Date(Date.parse(flight.departureTime) + shift).toISOString().replace('.000Z', 'Z'),
  }));
  const [mistake] = findScheduleMistakes(moved);
  if (mistake) throw new UsageError(`The schedule cannot begin on ${day}: ${mistake.path} ${mistake.message}.`);
  return moved;
}

/** Checks the value of `--first-day`. @throws UsageError when it is not a day of the calendar */
export function parseDay(text: string): string {
  if (!isCalendarDay(text)) {
    throw new UsageError(`--first-day takes a date like 2027-01-31, not ${JSON.stringify(text)}.`);
  }
  return text;
}

function startOfDay(time: string): number {
  return Math.floor(Date.parse(time) / dayMilliseconds) * dayMilliseconds;
}

/** From a JSON pointer, `/3/cabins/0/rows`, to `[3].cabins[0].rows`. */
function readablePath(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((part, index) => (/^\d+$/.test(part) ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('');
}

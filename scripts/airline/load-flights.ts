import { createHash } from 'node:crypto';
import { newEvent } from '@airline/events-schemas/events';
import { createPublisher, publishOrThrow } from '@airline/messaging/publish';
import { counted, isoDay } from '../cli/format.ts';
import { UsageError } from '../cli/usage-error.ts';
import { listFlights } from './list-flights.ts';
import type { Flight } from './schedule.ts';
import type { Target } from './target.ts';

/** Enough to keep every consumer busy, few enough to show progress. */
const publishedAtOnce = 50;
/** How long no further flight may come on sale. A large schedule takes longer than that in all. */
const onSaleTimeoutMilliseconds = 60_000;
const pollMilliseconds = 250;

/**
 * Publishes FlightScheduled for each flight. Returns once all flights that have not departed are on sale.
 * @param onProgress gets the number of flights published so far
 * @throws UsageError when none of those that are missing comes on sale within a minute
 */
export async function loadFlights(
  target: Target,
  flights: readonly Flight[],
  onProgress: (published: number) => void = () => {},
): Promise<void> {
  const busName = (await target.parameters()).get('bus/name')!;
  const publish = createPublisher({ client: target.eventBridge, busName });
  const occurredAt = new Date().toISOString();
  for (let index = 0; index < flights.length; index += publishedAtOnce) {
    const some = flights.slice(index, index + publishedAtOnce);
    await publishOrThrow(
      publish,
      // A flight may be scheduled again with changes. The step makes that another event, while loading the same
      // schedule twice publishes the same event.
      some.map((flight) => newEvent('FlightScheduled', flight, { occurredAt, step: fingerprint(flight) })),
    );
    onProgress(index + some.length);
  }
  await untilOnSale(target, flights);
}

/** Asks, day by day, for the flights of the schedule and not for all that are on sale. */
async function untilOnSale(target: Target, flights: readonly Flight[]): Promise<void> {
  const dayOf = ({ departureTime }: Flight): string => isoDay(Date.parse(departureTime));
  for (const date of new Set(flights.map(dayOf))) {
    const ofDay = flights.filter((flight) => dayOf(flight) === date);
    let deadline = Date.now() + onSaleTimeoutMilliseconds;
    let fewest = ofDay.length;
    for (;;) {
      const { length } = await missingOn(target, date, ofDay);
      if (length === 0) break;
      if (length < fewest) {
        fewest = length;
        deadline = Date.now() + onSaleTimeoutMilliseconds;
      } else if (Date.now() > deadline) {
        throw new UsageError(
          `${counted(length, 'flight')} of ${ofDay.length} on ${date} did not come on sale within a minute. ` +
            '`pnpm dlq list` shows whether messages are stuck.',
        );
      }
      await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
    }
  }
}

/** Those flights of a day that are not on sale and have not departed. */
async function missingOn(target: Target, date: string, flights: readonly Flight[]): Promise<Flight[]> {
  const [flightNumber, ...others] = new Set(flights.map((flight) => flight.flightNumber));
  const filters = others.length === 0 ? { date, flightNumber: flightNumber! } : { date };
  return stillMissing(flights, await listFlights(target, filters), Date.now());
}

/** Flights that are not on sale yet. Those that have departed never will be. @param now milliseconds since the epoch */
export function stillMissing(
  flights: readonly Flight[],
  onSale: readonly Pick<Flight, 'flightId'>[],
  now: number,
): Flight[] {
  const known = new Set(onSale.map(({ flightId }) => flightId));
  // Compared as times, not as texts: a departure may have an offset.
  return flights.filter(({ flightId, departureTime }) => !known.has(flightId) && Date.parse(departureTime) > now);
}

function fingerprint(flight: Flight): string {
  return createHash('sha256').update(JSON.stringify(flight)).digest('hex').slice(0, 12);
}

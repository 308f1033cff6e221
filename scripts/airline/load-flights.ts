import { createHash } from 'node:crypto';
import { newEvent } from '@airline/events-schemas/events';
import { createPublisher, publishOrThrow } from '@airline/messaging/publish';
import { counted } from '../cli/format.ts';
import { UsageError } from '../cli/usage-error.ts';
import type { Flight } from './schedule.ts';
import { jsonOf, type Target } from './target.ts';

/** Enough to keep every consumer busy, few enough to show progress. */
const publishedAtOnce = 50;
const onSaleTimeoutMilliseconds = 60_000;
/** Each poll reads the whole list of flights, so they are not too frequent. */
const pollMilliseconds = 250;

/**
 * Publishes FlightScheduled for each flight. Returns once all flights that have not departed are on sale.
 * @param onProgress gets the number of flights published so far
 * @throws UsageError when they are not on sale within a minute
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

async function untilOnSale(target: Target, flights: readonly Flight[]): Promise<void> {
  const deadline = Date.now() + onSaleTimeoutMilliseconds;
  for (;;) {
    const { flights: onSale } = await jsonOf<{ flights: Flight[] }>(await target.fetch('/flights'));
    const missing = stillMissing(flights, onSale, Date.now());
    if (missing.length === 0) return;
    if (Date.now() > deadline) {
      throw new UsageError(
        `${counted(missing.length, 'flight')} of ${flights.length} did not come on sale within a minute. ` +
          '`pnpm dlq list` shows whether messages are stuck.',
      );
    }
    await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
  }
}

/** Flights that are not on sale yet. Those that have departed never will be. @param now milliseconds since the epoch */
export function stillMissing(flights: readonly Flight[], onSale: readonly Flight[], now: number): Flight[] {
  const known = new Set(onSale.map(({ flightId }) => flightId));
  // Compared as times, not as texts: a departure may have an offset.
  return flights.filter(({ flightId, departureTime }) => !known.has(flightId) && Date.parse(departureTime) > now);
}

function fingerprint(flight: Flight): string {
  return createHash('sha256').update(JSON.stringify(flight)).digest('hex').slice(0, 12);
}

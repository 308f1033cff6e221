import { createHash } from 'node:crypto';
import { newEvent } from '@airline/events-schemas/events';
import { createPublisher, publishOrThrow } from '@airline/messaging/publish';
import { counted, type Flight } from './schedule.ts';
import { jsonOf, type Target } from './target.ts';
import { UsageError } from '../cli/usage-error.ts';

/** Enough to keep every consumer busy, few enough to show progress. */
const publishedAtOnce = 50;
const patienceMilliseconds = 60_000;
/** The whole list is asked for each time, so not too often. */
const lookMilliseconds = 250;

/**
 * Publishes FlightScheduled for each flight and waits until those still to depart are on sale.
 * @param onProgress is told how many flights are published so far
 * @throws UsageError when they do not appear in time
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
      // A flight may be scheduled anew: the step tells its versions apart, and the same schedule loaded twice is the same event.
      some.map((flight) => newEvent('FlightScheduled', flight, { occurredAt, step: fingerprint(flight) })),
    );
    onProgress(index + some.length);
  }
  await untilOnSale(
    target,
    flights.filter(({ departureTime }) => departureTime > occurredAt),
  );
}

async function untilOnSale(target: Target, flights: readonly Flight[]): Promise<void> {
  const deadline = Date.now() + patienceMilliseconds;
  for (;;) {
    const { flights: onSale } = await jsonOf<{ flights: Flight[] }>(await target.fetch('/flights'));
    const known = new Set(onSale.map(({ flightId }) => flightId));
    const missing = flights.filter(({ flightId }) => !known.has(flightId));
    if (missing.length === 0) return;
    if (Date.now() > deadline) {
      throw new UsageError(
        `${counted(missing.length, 'flight')} of ${flights.length} did not come on sale within a minute. \`pnpm dlq list\` shows whether messages are stuck.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, lookMilliseconds));
  }
}

function fingerprint(flight: Flight): string {
  return createHash('sha256').update(JSON.stringify(flight)).digest('hex').slice(0, 12);
}

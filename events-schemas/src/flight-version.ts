import { createHash } from 'node:crypto';

/**
 * The version of a flight that a `FlightScheduled` announces: `2026-12-01T09:30:00.000Z#9f86d081884c7d65`. Versions
 * compare as text. The later one is the flight that counts, and of two from the same millisecond it is the one with the
 * greater digest of its data. So all consumers choose the same flight, in whatever order the events arrive. The
 * `eventId` does not take part: a producer may give two events the same one.
 * @param event as it was received: every field of `data` counts, also one that this consumer does not declare
 */
export function flightVersionOf({ metadata, data }: { metadata: { occurredAt: string }; data: object }): string {
  const digest = createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 16);
  return `${new Date(metadata.occurredAt).toISOString()}#${digest}`;
}

import type { EventRead, Reads } from '@airline/events-schemas/reads';

/** The fields that bookings reads, by detail-type. A handler that reads another field does not compile. */
export const reads = {
  FlightScheduled: [
    'metadata.occurredAt',
    'data.flightId',
    'data.departureTime',
    'data.cabins[].rows.first',
    'data.cabins[].rows.last',
    'data.cabins[].letters',
    'data.cabins[].fare.amountMinor',
    'data.cabins[].fare.currency',
  ],
} as const satisfies Reads;

export type Heard<T extends keyof typeof reads = keyof typeof reads> = EventRead<typeof reads, T>;

import type { EventRead, Reads } from '@airline/events-schemas/reads';

/** What bookings reads of the events that it hears, and all that it can: what prices a request. */
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

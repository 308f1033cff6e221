import type { HandlersOf } from '@airline/events-schemas/reads';
import type { FlightStore } from './flight-store.ts';
import type { reads } from './reads.ts';

export interface Dependencies {
  flights: FlightStore;
}

/** The desk hears of flights, and of nothing else: what becomes of a booking is not its business. */
export function createHandlers({ flights }: Dependencies) {
  return {
    async FlightScheduled({ data: { flightId, departureTime, cabins }, metadata }) {
      // Field by field: what is not declared is not kept.
      const fares = cabins.map(({ rows, letters, fare }) => ({ rows, letters, fare }));
      await flights.scheduleFlight({ flightId, departureTime, cabins: fares }, metadata.occurredAt);
      return [];
    },
  } satisfies HandlersOf<typeof reads>;
}

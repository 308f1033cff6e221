import { flightVersionOf } from '@airline/events-schemas/flight-version';
import type { HandlersOf } from '@airline/events-schemas/reads';
import type { FlightStore } from './flight-store.ts';
import type { reads } from './reads.ts';

export interface Dependencies {
  flights: FlightStore;
}

/** Returns one handler for each event that bookings consumes: only `FlightScheduled`. It publishes nothing. */
export function createHandlers({ flights }: Dependencies) {
  return {
    async FlightScheduled(event) {
      const { flightId, departureTime, cabins } = event.data;
      // Lists the fields, so that only declared ones are stored.
      const fares = cabins.map(({ rows, letters, fare }) => ({ rows, letters, fare }));
      await flights.scheduleFlight({ flightId, departureTime, cabins: fares }, flightVersionOf(event));
      return [];
    },
  } satisfies HandlersOf<typeof reads>;
}

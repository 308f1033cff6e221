import type { Flight } from './domain.ts';
import type { FlightStore } from './flight-store.ts';

/** The flight store for tests. Like the DynamoDB store, it copies what it takes and returns. */
export function createInMemoryFlightStore(): FlightStore {
  const flights = new Map<string, { flight: Flight; occurredAt: number }>();

  return {
    scheduleFlight(flight, occurredAt) {
      const known = flights.get(flight.flightId);
      const milliseconds = Date.parse(occurredAt);
      if (!known || known.occurredAt <= milliseconds)
        flights.set(flight.flightId, { flight: structuredClone(flight), occurredAt: milliseconds });
      return Promise.resolve();
    },

    findFlight(flightId) {
      return Promise.resolve(structuredClone(flights.get(flightId)?.flight));
    },
  };
}

import type { Flight } from './domain.ts';
import type { FlightStore } from './flight-store.ts';

/** The flight store for tests. Like the DynamoDB store, it copies what it takes and returns. */
export function createInMemoryFlightStore(): FlightStore {
  const flights = new Map<string, { flight: Flight; version: string }>();

  return {
    scheduleFlight(flight, version) {
      const known = flights.get(flight.flightId);
      if (!known || known.version <= version)
        flights.set(flight.flightId, { flight: structuredClone(flight), version });
      return Promise.resolve();
    },

    findFlight(flightId) {
      return Promise.resolve(structuredClone(flights.get(flightId)?.flight));
    },
  };
}

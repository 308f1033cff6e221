import type { Flight } from './domain.ts';
import type { FlightStore } from './flight-store.ts';

/** The flight store of tests and simulations: it keeps the same contract as the DynamoDB one, copies included. */
export function createInMemoryFlightStore(): FlightStore {
  const flights = new Map<string, { flight: Flight; saidAt: number }>();

  return {
    scheduleFlight(flight, saidAt) {
      const known = flights.get(flight.flightId);
      const said = Date.parse(saidAt);
      if (!known || known.saidAt <= said)
        flights.set(flight.flightId, { flight: structuredClone(flight), saidAt: said });
      return Promise.resolve();
    },

    findFlight(flightId) {
      return Promise.resolve(structuredClone(flights.get(flightId)?.flight));
    },
  };
}

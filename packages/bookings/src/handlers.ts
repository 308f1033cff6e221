import type { Handlers } from '@airline/messaging/consume';
import type { FlightStore } from './flight-store.ts';

export interface Dependencies {
  flights: FlightStore;
}

/** The desk hears of flights, and of nothing else: what becomes of a booking is not its business. */
export function createHandlers({ flights }: Dependencies) {
  return {
    async FlightScheduled({ data: { flightId, departureTime, cabins }, metadata }) {
      await flights.scheduleFlight({ flightId, departureTime, cabins }, metadata.occurredAt);
      return [];
    },
  } satisfies Handlers;
}

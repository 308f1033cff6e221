import type { Flight } from './domain.ts';

/** Stores the flights that can be booked. Reads are strongly consistent. */
export interface FlightStore {
  /**
   * Stores the flight, unless a later version of it is stored.
   * @param occurredAt of the `FlightScheduled` (RFC 3339 UTC)
   */
  scheduleFlight(flight: Flight, occurredAt: string): Promise<void>;
  findFlight(flightId: string): Promise<Flight | undefined>;
}

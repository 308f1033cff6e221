import type { Flight } from './domain.ts';

/** Stores the flights that can be booked. Reads are strongly consistent. */
export interface FlightStore {
  /**
   * Stores the flight, unless a later version of it is stored.
   * @param version of its `FlightScheduled` (`flightVersionOf`); versions compare as text
   */
  scheduleFlight(flight: Flight, version: string): Promise<void>;
  findFlight(flightId: string): Promise<Flight | undefined>;
}

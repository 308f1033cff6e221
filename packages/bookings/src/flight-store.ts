import type { Flight } from './domain.ts';

/** The memory of the front desk: the flights that it can price. Reads see every write that was answered before them. */
export interface FlightStore {
  /** Keeps the flight unless a later word on it is known (`saidAt`, RFC 3339 UTC). */
  scheduleFlight(flight: Flight, saidAt: string): Promise<void>;
  findFlight(flightId: string): Promise<Flight | undefined>;
}

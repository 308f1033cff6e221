import type { BookingRequest, Flight, SeatsRecord } from './domain.ts';
import type { FlightFilters, FlightPage } from './flight-list.ts';

/** A record and its version. The next write succeeds only if the version is still the same. */
export interface Stored {
  record: SeatsRecord;
  version: number;
}

interface RequestView {
  stored: Stored | undefined;
  flight: Flight | undefined;
  /** Seat → bookingId of its holder. Contains only those of the requested seats that are not free. */
  holders: Map<string, string>;
}

interface SeatMap {
  flight: Flight;
  /** Seats that are not free. */
  claimed: Map<string, 'held' | 'sold'>;
}

/** Stores the flights, claims and records of seats. Reads are strongly consistent, except `listFlights`. */
export interface SeatStore {
  /**
   * Stores the flight, unless a later version of it is stored.
   * @param version of its `FlightScheduled` (`flightVersionOf`); versions compare as text
   */
  scheduleFlight(flight: Flight, version: string): Promise<void>;
  /** Reads the record of the booking, the flight, and the holders of the requested seats. */
  viewRequest(request: BookingRequest): Promise<RequestView>;
  load(bookingId: string): Promise<Stored | undefined>;
  /** Writes the record if the stored one is unchanged since `read`. @returns false if it has changed */
  save(bookingId: string, record: SeatsRecord, read: Stored | undefined): Promise<boolean>;
  /** Claims the seat. May be repeated. @returns false if another booking holds the seat */
  claimSeat(flightId: string, seat: string, bookingId: string): Promise<boolean>;
  /** Frees those of the seats that this booking holds. Seats of other bookings stay claimed. */
  freeSeats(flightId: string, seats: readonly string[], bookingId: string): Promise<void>;
  /**
   * Lists flights, soonest first.
   * @param after a position; only flights after it are listed
   * @param limit of the page, at least 1
   */
  listFlights(filters: FlightFilters, after: string, limit: number): Promise<FlightPage>;
  /** @returns undefined if the flight is not scheduled */
  seatMap(flightId: string): Promise<SeatMap | undefined>;
}

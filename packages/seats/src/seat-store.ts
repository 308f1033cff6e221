import type { BookingRequest, Flight, SeatsRecord } from './domain.ts';

/** A record with the version that a write of its successor is conditional on. */
export interface Stored {
  record: SeatsRecord;
  version: number;
}

interface RequestView {
  stored: Stored | undefined;
  flight: Flight | undefined;
  /** bookingId by seat, of those asked for that anyone holds. */
  holders: Map<string, string>;
}

interface SeatMap {
  flight: Flight;
  /** Seats that are not free. */
  claimed: Map<string, 'held' | 'sold'>;
}

/** The memory of seats. Reads see every write that was answered before them. */
export interface SeatStore {
  /** Keeps the flight unless a later word on it is known (`saidAt`, milliseconds since the epoch). */
  scheduleFlight(flight: Flight, saidAt: number): Promise<void>;
  /** Everything that a request comes upon. */
  viewRequest(request: BookingRequest): Promise<RequestView>;
  load(bookingId: string): Promise<Stored | undefined>;
  /** Writes the record if the stored one still is what `read` says. @returns false when it is not */
  save(bookingId: string, record: SeatsRecord, read: Stored | undefined): Promise<boolean>;
  /** @returns false when another booking has the seat */
  claimSeat(flightId: string, seat: string, bookingId: string): Promise<boolean>;
  /** Frees those of the seats that bear the booking; the others are left alone. */
  freeSeats(flightId: string, seats: readonly string[], bookingId: string): Promise<void>;
  /** Flights that depart later, soonest first. */
  listFlights(departingAfter: Date): Promise<Flight[]>;
  seatMap(flightId: string): Promise<SeatMap | undefined>;
}

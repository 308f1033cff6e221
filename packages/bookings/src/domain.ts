/** How this service checks and prices a booking request. Pure: no clock, no I/O. */
import type { EventData } from '@airline/events-schemas/events';
import type { Heard } from './reads.ts';

/** The part of a flight that determines the price of a booking. */
export type Flight = Heard<'FlightScheduled'>['data'];

export interface Amount {
  /** In the currency's minor unit (cents for EUR). */
  amountMinor: number;
  /** ISO 4217 code. */
  currency: string;
}

/** The request of a client. It has no amount, because the fares of the flight determine it. */
export interface BookingRequest {
  flightId: string;
  seats: string[];
  passenger: { name: string; email: string };
  payment: { method: string };
  customerId?: string;
}

/** What this service adds to a request. It has no personal data, because idempotency stores it for a day. */
export interface Assignment {
  bookingId: string;
  /** RFC 3339 UTC. */
  requestedAt: string;
  /** After this time no participant may start to process the booking (RFC 3339 UTC). */
  expiresAt: string;
  amount: Amount;
  /** W3C Trace Context. */
  traceparent: string;
}

/** The owner of a booking: the customer who was logged in when it was requested. */
export interface Ownership {
  bookingId: string;
  customerId: string;
  /** When the flight departs, as scheduled at the time of the request (RFC 3339 UTC). */
  departureTime: string;
}

/** The first cancellation of a booking. */
export interface Cancellation {
  bookingId: string;
  /** RFC 3339 UTC. */
  cancelledAt: string;
  /** W3C Trace Context. */
  traceparent: string;
}

/** Why a well-formed request cannot be booked. */
export type Refusal =
  | { reason: 'unknown-flight' }
  | { reason: 'departed'; departureTime: string }
  /** `position` is an index of the requested seats, from 0. */
  | { reason: 'unknown-seat'; position: number };

/** Returns all reasons why the schedule rules out a request. Does not check if a seat is free: seats decides that. */
export function findRefusals(
  { seats }: Pick<BookingRequest, 'seats'>,
  flight: Flight | undefined,
  now: Date,
): Refusal[] {
  if (!flight) return [{ reason: 'unknown-flight' }];
  const { departureTime } = flight;
  return [
    ...(Date.parse(departureTime) <= now.getTime() ? [{ reason: 'departed' as const, departureTime }] : []),
    ...seats.flatMap((seat, position) =>
      cabinOf(flight, seat) ? [] : [{ reason: 'unknown-seat' as const, position }],
    ),
  ];
}

/** Returns the sum of the fares of the seats. Every seat must exist. */
export function fareOf(flight: Flight, seats: readonly string[]): Amount {
  const fares = seats.map((seat) => cabinOf(flight, seat)!.fare);
  return { amountMinor: fares.reduce((sum, fare) => sum + fare.amountMinor, 0), currency: fares[0]!.currency };
}

/** Builds the `data` of the event. On a retry, the client sends the request again; the assignment is the stored one. */
export function bookingRequested(
  { flightId, seats, passenger, payment: { method }, customerId }: BookingRequest,
  { bookingId, requestedAt, expiresAt, amount }: Assignment,
): EventData<'BookingRequested'> {
  return {
    bookingId,
    flightId,
    seats,
    passenger,
    ...(customerId !== undefined && { customerId }),
    payment: { method, ...amount },
    requestedAt,
    expiresAt,
  };
}

function cabinOf(flight: Flight, seat: string): Flight['cabins'][number] | undefined {
  const row = Number(seat.slice(0, -1));
  const letter = seat.slice(-1);
  return flight.cabins.find(({ rows, letters }) => rows.first <= row && row <= rows.last && letters.includes(letter));
}

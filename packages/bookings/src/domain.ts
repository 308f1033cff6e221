/** What the front desk knows of a flight, and how it prices a request. Pure: no clock, no I/O. */
import type { EventData } from '@airline/events-schemas/events';
import type { Heard } from './reads.ts';

/** The part of a flight that prices a booking. */
export type Flight = Heard<'FlightScheduled'>['data'];

export interface Amount {
  /** In the currency's minor unit (cents for EUR). */
  amountMinor: number;
  /** ISO 4217 code. */
  currency: string;
}

/** What a client asks for. It does not say the amount: the fares do. */
export interface BookingRequest {
  flightId: string;
  seats: string[];
  passenger: { name: string; email: string };
  payment: { method: string };
  customerId?: string;
}

/** What the desk adds to a request; together they are the event. No personal data, since idempotency keeps it for a day. */
export interface Assignment {
  bookingId: string;
  /** RFC 3339 UTC. */
  requestedAt: string;
  /** When nobody needs to begin with the booking any more (RFC 3339 UTC). */
  expiresAt: string;
  amount: Amount;
  /** W3C Trace Context. */
  traceparent: string;
}

/** Whose booking it is: of the customer who was logged in when it was asked for. */
export interface Ownership {
  bookingId: string;
  customerId: string;
  /** Of its flight, as scheduled then (RFC 3339 UTC). */
  departureTime: string;
}

/** That a booking is not wanted any more, as it was said first. */
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
  /** `position` counts from 0 in the order asked for. */
  | { reason: 'unknown-seat'; position: number };

/** Every reason against a request, as far as the schedule can tell. Whether a seat is taken, seats decides. */
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

/** What the seats cost together: the sum of their fares. Every seat must exist. */
export function fareOf(flight: Flight, seats: readonly string[]): Amount {
  const fares = seats.map((seat) => cabinOf(flight, seat)!.fare);
  return { amountMinor: fares.reduce((sum, fare) => sum + fare.amountMinor, 0), currency: fares[0]!.currency };
}

/** The `data` of the event. The request comes from the client each time it repeats itself, the assignment from the first time. */
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

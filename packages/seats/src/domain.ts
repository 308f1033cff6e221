/** What seats remembers of a booking, and what it decides. Pure: no clock, no I/O. */
import type { Cause, EventData } from '@airline/events-schemas/events';

export type Flight = EventData<'FlightScheduled'>;
export type BookingRequest = EventData<'BookingRequested'>;
export type RefusalReason = EventData<'SeatUnavailable'>['reason'];
export type ReleaseReason = EventData<'SeatReleased'>['reason'];
/** A no from elsewhere, in the words that seats uses for it. */
export type NoFromElsewhere = Extract<RefusalReason, 'payment-failed' | 'expired' | 'cancelled'>;

/** What was asked and what was answered, kept so that it can be said again word for word. */
export interface Answer {
  flightId: string;
  seats: string[];
  amountMinor: number;
  currency: string;
  /** When seats answered (RFC 3339 UTC), and the event it answered. */
  at: string;
  causedBy: Cause;
}

export interface Refusal extends Answer {
  reason: RefusalReason;
  unavailableSeats: string[];
}

export interface Release {
  reason: ReleaseReason;
  at: string;
  causedBy: Cause;
}

/** The one record of a booking. No record at all is `undefined`. */
export type SeatsRecord =
  /** Paid before it was asked for: the request is still on its way. */
  | { state: 'PAID_EARLY' }
  /** A no from elsewhere came before the request; nothing is said until the request arrives. */
  | { state: 'TOMBSTONE'; reason: NoFromElsewhere }
  | ({ state: 'REFUSED' } & Refusal)
  | ({ state: 'HELD' } & Answer)
  | ({ state: 'SOLD' } & Answer)
  | ({ state: 'RELEASED'; release: Release } & Answer);

export type State = SeatsRecord['state'];

/** What a request comes upon: its flight, and who holds the seats it asks for. */
export interface Situation {
  flight: Flight | undefined;
  /** bookingId by seat, of those asked for that anyone holds. */
  holders: ReadonlyMap<string, string>;
  /** RFC 3339 UTC. */
  now: string;
}

export type Refused = { kind: 'refused'; reason: RefusalReason; unavailableSeats: string[] };
export type Admission = { kind: 'claim' } | Refused;

/** Whether the seats of a request may be claimed, as far as can be seen before claiming. */
export function admit(request: BookingRequest, paidEarly: boolean, { flight, holders, now }: Situation): Admission {
  const refused = (reason: RefusalReason, unavailableSeats: string[] = []): Admission => ({ kind: 'refused', reason, unavailableSeats });

  if (!flight) return refused('unknown-flight');
  const unknown = request.seats.filter((seat) => !cabinOf(flight, seat));
  if (unknown.length > 0) return refused('unknown-seat', unknown);
  if (!isAfter(flight.departureTime, now)) return refused('departed');
  // Early payment means that payments accepted the request in time.
  if (request.expiresAt !== undefined && !isAfter(request.expiresAt, now) && !paidEarly) return refused('expired');
  const fare = fareOf(flight, request.seats);
  if (fare.amountMinor !== request.payment.amountMinor || fare.currency !== request.payment.currency) return refused('fare-mismatch');
  const taken = request.seats.filter((seat) => holders.has(seat) && holders.get(seat) !== request.bookingId);
  if (taken.length > 0) return refused('taken', taken);
  return { kind: 'claim' };
}

/** RFC 3339 leaves the fraction of a second to the writer, so times are not compared as text. */
function isAfter(time: string, other: string): boolean {
  return Date.parse(time) > Date.parse(other);
}

/** The seats' no to a request. */
export function refuse(request: BookingRequest, { reason, unavailableSeats }: Pick<Refusal, 'reason' | 'unavailableSeats'>, at: string, causedBy: Cause): SeatsRecord {
  return { state: 'REFUSED', ...answer(request, at, causedBy), reason, unavailableSeats };
}

/** The seats' yes to a request whose seats are all claimed. */
export function hold(request: BookingRequest, paidEarly: boolean, at: string, causedBy: Cause): SeatsRecord {
  return { state: paidEarly ? 'SOLD' : 'HELD', ...answer(request, at, causedBy) };
}

function answer({ flightId, seats, payment }: BookingRequest, at: string, causedBy: Cause): Answer {
  return { flightId, seats, amountMinor: payment.amountMinor, currency: payment.currency, at, causedBy };
}

/** What becomes of a record when the booking failed elsewhere; `impossible` when that cannot have happened. */
export type NoDecision = { kind: 'write'; record: SeatsRecord } | { kind: 'nothing' } | { kind: 'say-again' } | { kind: 'impossible' };

export function decideOnNo(record: SeatsRecord | undefined, reason: NoFromElsewhere, at: string, causedBy: Cause): NoDecision {
  switch (record?.state) {
    case undefined:
      return { kind: 'write', record: { state: 'TOMBSTONE', reason } };
    case 'TOMBSTONE':
    case 'REFUSED':
      return { kind: 'nothing' };
    case 'HELD': {
      // Payments' refusals are all one to the seats: what payments refused, and why, stands in PaymentFailed.
      const released = reason === 'cancelled' ? 'cancelled' : 'payment-failed';
      return { kind: 'write', record: { ...record, state: 'RELEASED', release: { reason: released, at, causedBy } } };
    }
    case 'RELEASED':
      return { kind: 'say-again' };
    case 'PAID_EARLY':
    case 'SOLD':
      return { kind: 'impossible' };
  }
}

/** What a record becomes when the booking is paid; `undefined` when it stays as it is. */
export function decideOnPaid(record: SeatsRecord | undefined): SeatsRecord | undefined {
  if (!record) return { state: 'PAID_EARLY' };
  if (record.state === 'HELD') return { ...record, state: 'SOLD' };
  return undefined;
}

/** The reason that seats gives for a payment that failed: a no that only answers another no carries that no's reason. */
export function reasonForPaymentFailure(reason: EventData<'PaymentFailed'>['reason']): NoFromElsewhere {
  switch (reason) {
    case 'expired':
    case 'hold-expired':
      return 'expired';
    case 'cancelled':
      return 'cancelled';
    case 'declined':
    case 'seat-unavailable':
      return 'payment-failed';
  }
}

/** Whether a record lets its booking keep seats. Where it does not, every seat that still bears the booking is freed. */
export function keepsSeats(record: SeatsRecord): boolean {
  return record.state === 'HELD' || record.state === 'SOLD';
}

/** Whether a request with the same bookingId asks for what was answered. Where nothing was answered yet, it does. */
export function asksTheSame(record: SeatsRecord, { flightId, seats, payment }: BookingRequest): boolean {
  if (record.state === 'PAID_EARLY' || record.state === 'TOMBSTONE') return true;
  return (
    record.flightId === flightId &&
    record.seats.join() === seats.join() &&
    record.amountMinor === payment.amountMinor &&
    record.currency === payment.currency
  );
}

export function cabinOf(flight: Flight, seat: string): Flight['cabins'][number] | undefined {
  const row = Number(seat.slice(0, -1));
  const letter = seat.slice(-1);
  return flight.cabins.find(({ rows, letters }) => rows.first <= row && row <= rows.last && letters.includes(letter));
}

/** What the seats cost together. Every seat must exist. */
export function fareOf(flight: Flight, seats: readonly string[]): { amountMinor: number; currency: string } {
  const fares = seats.map((seat) => cabinOf(flight, seat)!.fare);
  return { amountMinor: fares.reduce((sum, fare) => sum + fare.amountMinor, 0), currency: fares[0]!.currency };
}

/** Every seat of a flight, front to back, with its cabin and fare. */
export function seatsOf(flight: Flight): { seat: string; cabin: string; fare: Flight['cabins'][number]['fare'] }[] {
  return [...flight.cabins]
    .sort((a, b) => a.rows.first - b.rows.first)
    .flatMap(({ cabin, rows, letters, fare }) =>
      Array.from({ length: rows.last - rows.first + 1 }, (_, index) => rows.first + index).flatMap((row) =>
        letters.map((letter) => ({ seat: `${row}${letter}`, cabin, fare })),
      ),
    );
}

/** What seats remembers of a booking, and what it decides. Pure: no clock, no I/O. */
import type { Cause, EventData } from '@airline/events-schemas/events';
import type { Heard } from './reads.ts';

export type Flight = Heard<'FlightScheduled'>['data'];
export type BookingRequest = Heard<'BookingRequested'>['data'];
type RefusalReason = EventData<'SeatUnavailable'>['reason'];
type ReleaseReason = EventData<'SeatReleased'>['reason'];
/** A no from elsewhere, in the words that seats uses for it. */
export type NoFromElsewhere = Extract<RefusalReason, 'payment-failed' | 'expired' | 'cancelled'>;

/** What was asked and what was answered, kept so that it can be said again word for word. */
interface Answer {
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

interface Release {
  reason: ReleaseReason;
  at: string;
  causedBy: Cause;
}

/** When the hold ends unless the booking is paid (RFC 3339 UTC). A booking that was paid before it was held has no such time. */
interface EndOfHold {
  holdExpiresAt: string;
}

/** The one record of a booking. No record at all is `undefined`. */
export type SeatsRecord =
  /** Paid before it was asked for: the request is still on its way. */
  | { state: 'PAID_EARLY' }
  /** A no from elsewhere came before the request; nothing is said until the request arrives. */
  | { state: 'TOMBSTONE'; reason: NoFromElsewhere }
  | ({ state: 'REFUSED' } & Refusal)
  | ({ state: 'HELD' } & Answer & EndOfHold)
  | ({ state: 'SOLD' } & Answer & Partial<EndOfHold>)
  | ({ state: 'RELEASED'; release: Release } & Answer & Partial<EndOfHold>);

export interface HoldRules {
  /** How long a request lives that does not say when it expires. */
  defaultSeconds: number;
  /** How much longer than the request the hold lives: time for a payment that was made in time to reach seats. */
  graceSeconds: number;
}

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
  const refused = (reason: RefusalReason, unavailableSeats: string[] = []): Admission => ({
    kind: 'refused',
    reason,
    unavailableSeats,
  });

  if (!flight) return refused('unknown-flight');
  const unknown = request.seats.filter((seat) => !cabinOf(flight, seat));
  if (unknown.length > 0) return refused('unknown-seat', unknown);
  if (!isAfter(flight.departureTime, now)) return refused('departed');
  // Early payment means that payments accepted the request in time.
  if (request.expiresAt !== undefined && !isAfter(request.expiresAt, now) && !paidEarly) return refused('expired');
  const fare = fareOf(flight, request.seats);
  if (fare.amountMinor !== request.payment.amountMinor || fare.currency !== request.payment.currency)
    return refused('fare-mismatch');
  const taken = request.seats.filter((seat) => holders.has(seat) && holders.get(seat) !== request.bookingId);
  if (taken.length > 0) return refused('taken', taken);
  return { kind: 'claim' };
}

/** RFC 3339 leaves the fraction of a second to the writer, so times are not compared as text. */
function isAfter(time: string, other: string): boolean {
  return Date.parse(time) > Date.parse(other);
}

/** The seats' no to a request. */
export function refuse(
  request: BookingRequest,
  { reason, unavailableSeats }: Pick<Refusal, 'reason' | 'unavailableSeats'>,
  at: string,
  causedBy: Cause,
): SeatsRecord {
  return { state: 'REFUSED', ...answer(request, at, causedBy), reason, unavailableSeats };
}

/** The seats' yes to a request whose seats are all claimed, and that waits for its payment. */
export function hold(request: BookingRequest, rules: HoldRules, at: string, causedBy: Cause): SeatsRecord {
  return { state: 'HELD', ...answer(request, at, causedBy), holdExpiresAt: holdExpiresAt(request, rules, at) };
}

/** The seats' yes to a request whose seats are all claimed, and that was paid before. */
export function sell(request: BookingRequest, at: string, causedBy: Cause): SeatsRecord {
  return { state: 'SOLD', ...answer(request, at, causedBy) };
}

/**
 * A request that does not say when it expires is held for the default time from now on, however old it is: counted from when it
 * was made, a request out of a dead-letter queue would expire in a race with its own payment.
 */
function holdExpiresAt({ expiresAt }: BookingRequest, { defaultSeconds, graceSeconds }: HoldRules, at: string): string {
  const expiry = expiresAt === undefined ? Date.parse(at) + defaultSeconds * 1000 : Date.parse(expiresAt);
  return new Date(expiry + graceSeconds * 1000).toISOString();
}

function answer({ flightId, seats, payment }: BookingRequest, at: string, causedBy: Cause): Answer {
  return { flightId, seats, amountMinor: payment.amountMinor, currency: payment.currency, at, causedBy };
}

/** What becomes of a record when the booking failed elsewhere; `impossible` when that cannot have happened. */
export type NoDecision =
  { kind: 'write'; record: SeatsRecord } | { kind: 'nothing' } | { kind: 'say-again' } | { kind: 'impossible' };

export function decideOnNo(
  record: SeatsRecord | undefined,
  reason: NoFromElsewhere,
  at: string,
  causedBy: Cause,
): NoDecision {
  switch (record?.state) {
    case undefined:
      return { kind: 'write', record: { state: 'TOMBSTONE', reason } };
    case 'TOMBSTONE':
    case 'REFUSED':
      return { kind: 'nothing' };
    case 'HELD':
      // Payments' refusals are all one to the seats: what payments refused, and why, stands in PaymentFailed.
      return {
        kind: 'write',
        record: release(record, reason === 'cancelled' ? 'cancelled' : 'payment-failed', at, causedBy),
      };
    case 'RELEASED':
      return { kind: 'say-again' };
    case 'PAID_EARLY':
    case 'SOLD':
      return { kind: 'impossible' };
  }
}

/** A cancellation may find what is paid: payments hears of it as well, and gives the money back. */
export function decideOnCancelled(record: SeatsRecord | undefined, at: string, causedBy: Cause): NoDecision {
  switch (record?.state) {
    case 'PAID_EARLY':
      return { kind: 'write', record: { state: 'TOMBSTONE', reason: 'cancelled' } };
    case 'SOLD':
      return { kind: 'write', record: release(record, 'cancelled', at, causedBy) };
    default:
      return decideOnNo(record, 'cancelled', at, causedBy);
  }
}

export type TimerDecision = Exclude<NoDecision, { kind: 'impossible' }> | { kind: 'too-early'; dueAt: string };

/** What becomes of a record when its hold timer fires, as late or as often as it does. */
export function decideOnTimer(record: SeatsRecord | undefined, now: string): TimerDecision {
  switch (record?.state) {
    case 'HELD':
      if (isAfter(record.holdExpiresAt, now)) return { kind: 'too-early', dueAt: record.holdExpiresAt };
      // A timer is no event that could be named: what it undoes is the answer to the request.
      return { kind: 'write', record: release(record, 'hold-expired', now, record.causedBy) };
    case 'RELEASED':
      return { kind: 'say-again' };
    default:
      return { kind: 'nothing' };
  }
}

function release(
  record: Extract<SeatsRecord, { state: 'HELD' | 'SOLD' }>,
  reason: ReleaseReason,
  at: string,
  causedBy: Cause,
): SeatsRecord {
  return { ...record, state: 'RELEASED', release: { reason, at, causedBy } };
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

function cabinOf(flight: Flight, seat: string): Flight['cabins'][number] | undefined {
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

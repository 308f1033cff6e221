/** The record that this service keeps of each booking, and how it decides. Pure: no clock, no I/O. */
import type { Cause, EventData } from '@airline/events-schemas/events';
import type { Heard } from './reads.ts';

export type Flight = Heard<'FlightScheduled'>['data'];
export type BookingRequest = Heard<'BookingRequested'>['data'];
type RefusalReason = EventData<'SeatUnavailable'>['reason'];
type ReleaseReason = EventData<'SeatReleased'>['reason'];
/** Why the booking failed elsewhere: at payments, or because the customer cancelled it. */
export type NoFromElsewhere = Extract<RefusalReason, 'payment-failed' | 'expired' | 'cancelled'>;

export interface Money {
  /** In the currency's minor unit (cents for EUR). */
  amountMinor: number;
  /** ISO 4217 code. */
  currency: string;
}

/** The request that was answered. Events are built from this record, so a repeated event is identical to the first. */
interface Answer extends Money {
  flightId: string;
  seats: string[];
  /** When it was answered (RFC 3339 UTC). */
  at: string;
  /** The `BookingRequested`. */
  causedBy: Cause;
}

export interface Refusal extends Answer {
  reason: RefusalReason;
  unavailableSeats: string[];
}

interface Release {
  reason: ReleaseReason;
  /** When the seats were released (RFC 3339 UTC). */
  at: string;
  /** The `PaymentFailed` or `BookingCancelled`. If the hold expired: the `BookingRequested`. */
  causedBy: Cause;
}

/** Missing if the booking was paid before its request arrived: its seats are sold at once, without a hold. */
interface EndOfHold {
  /** When the hold ends, unless the booking is paid by then (RFC 3339 UTC). */
  holdExpiresAt: string;
}

/** The record of a booking. There is at most one; `undefined` means that there is none yet. */
export type SeatsRecord =
  /** `PaymentOk` arrived before `BookingRequested`. The money is what was paid. */
  | ({ state: 'PAID_EARLY' } & Money)
  /** The booking failed elsewhere before `BookingRequested` arrived. The request will be refused with this reason. */
  | { state: 'TOMBSTONE'; reason: NoFromElsewhere }
  | ({ state: 'REFUSED' } & Refusal)
  | ({ state: 'HELD' } & Answer & EndOfHold)
  | ({ state: 'SOLD' } & Answer & Partial<EndOfHold>)
  | ({ state: 'RELEASED'; release: Release } & Answer & Partial<EndOfHold>);

export interface HoldRules {
  /** How long a request without `expiresAt` is valid, in seconds. */
  defaultSeconds: number;
  /** How long a hold lasts after its request has expired, in seconds: time for a payment made before that to arrive. */
  graceSeconds: number;
  /** How long a hold lasts at most, in seconds, whatever `expiresAt` says. */
  maximumSeconds: number;
}

/** What the answer to a request depends on, besides the request. */
export interface Situation {
  /** Undefined if the flight is not scheduled. */
  flight: Flight | undefined;
  /** Seat → bookingId of its holder. Contains only those of the requested seats that are not free. */
  holders: ReadonlyMap<string, string>;
  /** RFC 3339 UTC. */
  now: string;
}

export type Refused = { kind: 'refused'; reason: RefusalReason; unavailableSeats: string[] };
export type Admission = { kind: 'claim' } | Refused;

/**
 * Decides whether to claim the seats of a request. The claim itself can still fail: another booking may be faster.
 * @param paid what was paid before the request arrived, if anything was
 */
export function admit(
  request: BookingRequest,
  paid: Money | undefined,
  { flight, holders, now }: Situation,
): Admission {
  const refused = (reason: RefusalReason, unavailableSeats: string[] = []): Admission => ({
    kind: 'refused',
    reason,
    unavailableSeats,
  });

  // Another request with this id was charged. Payments charges a booking once, so this one can never be paid.
  if (paid && !isSameMoney(paid, request.payment)) return refused('fare-mismatch');
  if (!flight) return refused('unknown-flight');
  const unknown = request.seats.filter((seat) => !cabinOf(flight, seat));
  if (unknown.length > 0) return refused('unknown-seat', unknown);
  if (!isAfter(flight.departureTime, now)) return refused('departed');
  // A booking that is already paid was accepted by payments before `expiresAt`.
  if (request.expiresAt !== undefined && !isAfter(request.expiresAt, now) && !paid) return refused('expired');
  if (!isSameMoney(fareOf(flight, request.seats), request.payment)) return refused('fare-mismatch');
  const taken = request.seats.filter((seat) => holders.has(seat) && holders.get(seat) !== request.bookingId);
  if (taken.length > 0) return refused('taken', taken);
  return { kind: 'claim' };
}

function isSameMoney(one: Money, other: Money): boolean {
  return one.amountMinor === other.amountMinor && one.currency === other.currency;
}

/** Compares numbers, not text: RFC 3339 allows any number of digits for the fraction of a second. */
function isAfter(time: string, other: string): boolean {
  return Date.parse(time) > Date.parse(other);
}

/** Returns the record of a refused request. */
export function refuse(
  request: BookingRequest,
  { reason, unavailableSeats }: Pick<Refusal, 'reason' | 'unavailableSeats'>,
  at: string,
  causedBy: Cause,
): SeatsRecord {
  return { state: 'REFUSED', ...answer(request, at, causedBy), reason, unavailableSeats };
}

/** Returns the record of a request that is not paid yet. All its seats must be claimed. */
export function hold(request: BookingRequest, rules: HoldRules, at: string, causedBy: Cause): SeatsRecord {
  return { state: 'HELD', ...answer(request, at, causedBy), holdExpiresAt: holdExpiresAt(request, rules, at) };
}

/** Returns the record of a request that is already paid. All its seats must be claimed. */
export function sell(request: BookingRequest, at: string, causedBy: Cause): SeatsRecord {
  return { state: 'SOLD', ...answer(request, at, causedBy) };
}

/**
 * Without `expiresAt`, the default time starts at `at`, not when the request was published. Otherwise a request that is
 * redriven from a dead-letter queue days later would expire before its payment arrives.
 */
function holdExpiresAt({ expiresAt }: BookingRequest, rules: HoldRules, at: string): string {
  const { defaultSeconds, graceSeconds, maximumSeconds } = rules;
  const heldAt = Date.parse(at);
  const expiry = expiresAt === undefined ? heldAt + defaultSeconds * 1000 : Date.parse(expiresAt);
  return new Date(Math.min(expiry + graceSeconds * 1000, heldAt + maximumSeconds * 1000)).toISOString();
}

function answer({ flightId, seats, payment }: BookingRequest, at: string, causedBy: Cause): Answer {
  return { flightId, seats, amountMinor: payment.amountMinor, currency: payment.currency, at, causedBy };
}

export type NoDecision =
  | { kind: 'write'; record: SeatsRecord }
  | { kind: 'nothing' }
  /** The record stays as it is. Publish its last event again. */
  | { kind: 'publish-again' }
  /** The event contradicts the record. */
  | { kind: 'impossible' };

/** Decides what to do when the booking failed elsewhere. */
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
      // `SeatReleased` has one reason for every failed payment. `PaymentFailed` has the details.
      return {
        kind: 'write',
        record: release(record, reason === 'cancelled' ? 'cancelled' : 'payment-failed', at, causedBy),
      };
    case 'RELEASED':
      return { kind: 'publish-again' };
    case 'PAID_EARLY':
    case 'SOLD':
      return { kind: 'impossible' };
  }
}

/** Decides what to do when the customer cancels. A paid booking is released too, and payments refunds it. */
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

export type TimerDecision =
  | Exclude<NoDecision, { kind: 'impossible' }>
  /** The hold has not ended. Set the timer again. */
  | { kind: 'too-early'; dueAt: string };

/** Decides what to do when a hold timer fires. A timer may fire early, late, or more than once. */
export function decideOnTimer(record: SeatsRecord | undefined, now: string): TimerDecision {
  switch (record?.state) {
    case 'HELD':
      if (isAfter(record.holdExpiresAt, now)) return { kind: 'too-early', dueAt: record.holdExpiresAt };
      // A timer is not an event and has no id. `SeatReleased` names the `BookingRequested` as its cause instead.
      return { kind: 'write', record: release(record, 'hold-expired', now, record.causedBy) };
    case 'RELEASED':
      return { kind: 'publish-again' };
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

/**
 * Decides what to do when the booking is paid. A payment of other money than the record's is not the booking's payment:
 * payments charged another request with the same bookingId. It changes nothing here, so an unpaid hold ends by its
 * timer, and payments refunds the charge.
 */
export function decideOnPaid(record: SeatsRecord | undefined, { amountMinor, currency }: Money): NoDecision {
  if (!record) return { kind: 'write', record: { state: 'PAID_EARLY', amountMinor, currency } };
  if (record.state === 'TOMBSTONE') return { kind: 'nothing' };
  if (!isSameMoney(record, { amountMinor, currency })) return { kind: 'impossible' };
  return record.state === 'HELD' ? { kind: 'write', record: { ...record, state: 'SOLD' } } : { kind: 'nothing' };
}

/** Translates the reason of `PaymentFailed`. Expiry and cancellation stay visible, because they are root reasons. */
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

/** Whether a booking with this record keeps its seats. If not, every seat that it has claimed must be freed. */
export function keepsSeats(record: SeatsRecord): record is Extract<SeatsRecord, { state: 'HELD' | 'SOLD' }> {
  return record.state === 'HELD' || record.state === 'SOLD';
}

/** Whether a booking with this record keeps this seat. */
export function keepsSeat(record: SeatsRecord, flightId: string, seat: string): boolean {
  return keepsSeats(record) && record.flightId === flightId && record.seats.includes(seat);
}

/** Whether a request has the same flight, seats and amount as the one that was answered. True if none was answered. */
export function asksTheSame(record: SeatsRecord, { flightId, seats, payment }: BookingRequest): boolean {
  if (record.state === 'PAID_EARLY' || record.state === 'TOMBSTONE') return true;
  return record.flightId === flightId && record.seats.join() === seats.join() && isSameMoney(record, payment);
}

function cabinOf(flight: Flight, seat: string): Flight['cabins'][number] | undefined {
  const row = Number(seat.slice(0, -1));
  const letter = seat.slice(-1);
  return flight.cabins.find(({ rows, letters }) => rows.first <= row && row <= rows.last && letters.includes(letter));
}

/** Returns the total fare of the seats, in the currency's minor unit. Every seat must exist. */
export function fareOf(flight: Flight, seats: readonly string[]): Money {
  const fares = seats.map((seat) => cabinOf(flight, seat)!.fare);
  return { amountMinor: fares.reduce((sum, fare) => sum + fare.amountMinor, 0), currency: fares[0]!.currency };
}

/**
 * The flight of an event, field by field. Everybody may see it, so a field that the contract gains later must not be
 * shown by accident.
 */
export function flightOf(announced: Flight): Flight {
  const { flightId, carrier, flightNumber, origin, destination, departureTime, durationMinutes, aircraft } = announced;
  const airportOf = ({ iata, city, country }: Flight['origin']): Flight['origin'] => ({ iata, city, country });
  const cabins = announced.cabins.map(({ cabin, rows, letters, fare }) => ({
    cabin,
    rows: { first: rows.first, last: rows.last },
    letters,
    fare: { amountMinor: fare.amountMinor, currency: fare.currency },
  }));
  const ends = { origin: airportOf(origin), destination: airportOf(destination) };
  return { flightId, carrier, flightNumber, ...ends, departureTime, durationMinutes, aircraft, cabins };
}

/** Returns the number of seats of a flight. It builds none of them: a list of flights asks for each. */
export function seatCount({ cabins }: Pick<Flight, 'cabins'>): number {
  return cabins.reduce((sum, { rows, letters }) => sum + (rows.last - rows.first + 1) * letters.length, 0);
}

/** Returns every seat of a flight with its cabin and fare, front to back. */
export function seatsOf(flight: Flight): { seat: string; cabin: string; fare: Flight['cabins'][number]['fare'] }[] {
  return [...flight.cabins]
    .sort((a, b) => a.rows.first - b.rows.first)
    .flatMap(({ cabin, rows, letters, fare }) =>
      Array.from({ length: rows.last - rows.first + 1 }, (_, index) => rows.first + index).flatMap((row) =>
        letters.map((letter) => ({ seat: `${row}${letter}`, cabin, fare })),
      ),
    );
}

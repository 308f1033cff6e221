/** The facts that this service keeps of each booking, and the status that follows from them. Pure: no clock, no I/O. */
import type { EventData } from '@airline/events-schemas/events';
import type { Heard } from './reads.ts';

/**
 * The fields that are kept of each event's data. They are listed one by one, so that a field that the contract gains
 * later, perhaps a personal one, is not stored by accident.
 */
interface KeptData {
  BookingRequested: Pick<EventData<'BookingRequested'>, 'flightId' | 'seats' | 'requestedAt' | 'customerId'> & Money;
  SeatBooked: Pick<EventData<'SeatBooked'>, 'flightId' | 'seats' | 'amountMinor' | 'currency'>;
  SeatUnavailable: Pick<EventData<'SeatUnavailable'>, 'flightId' | 'seats' | 'unavailableSeats' | 'reason'>;
  SeatReleased: Pick<EventData<'SeatReleased'>, 'flightId' | 'seats' | 'reason'>;
  PaymentOk: Pick<EventData<'PaymentOk'>, 'amountMinor' | 'currency'>;
  PaymentFailed: Pick<EventData<'PaymentFailed'>, 'reason' | 'declineCode'>;
  PaymentRefunded: Pick<EventData<'PaymentRefunded'>, 'reason'>;
  ReceiptIssued: Pick<EventData<'ReceiptIssued'>, 'receiptNumber'>;
  BookingCancelled: Pick<EventData<'BookingCancelled'>, 'cancelledAt'>;
}

interface Seats {
  flightId: string;
  seats: string[];
}

interface Money {
  amountMinor: number;
  currency: string;
}

export type FactType = keyof KeptData;

interface FactMetadata {
  eventId: string;
  causationId?: string;
  /** RFC 3339 UTC. */
  occurredAt: string;
  /** When status first received the event (RFC 3339 UTC). */
  heardAt: string;
  service: string;
}

/** One event about a booking, reduced to the fields that the status needs. */
export type Fact<T extends FactType = FactType> = {
  [Type in T]: FactMetadata & { type: Type; data: KeptData[Type] };
}[T];

type Failure = 'CANCELLED' | 'SEAT_UNAVAILABLE' | 'PAYMENT_FAILED' | 'EXPIRED';
type Status = 'REQUESTED' | 'SEAT_BOOKED' | 'PAYMENT_OK' | 'CONFIRMED' | Failure;
type Reason = KeptData['SeatUnavailable' | 'SeatReleased' | 'PaymentFailed' | 'PaymentRefunded']['reason'];

interface TimelineEntry {
  event: FactType;
  eventId: string;
  service: string;
  occurredAt: string;
  heardAt: string;
  /** The eventId of the cause, if the event names one. */
  causedBy?: string;
}

/** The status of a booking. A field is left out as long as no fact contains it. */
export interface BookingStatus {
  status: Status;
  /** True if no further event is expected. */
  settled: boolean;
  /** The root reason of the failure, e.g. `taken` or `declined`. */
  reason?: Reason;
  /** With `declined`: the code of the payment provider. */
  declineCode?: string;
  /** With `taken` and `unknown-seat`: the seats in question. */
  unavailableSeats?: string[];
  flightId?: string;
  seats?: string[];
  amount?: Money;
  receiptNumber?: string;
  requestedAt?: string;
  cancelledAt?: string;
  timeline: TimelineEntry[];
}

/** Reduces an event to a fact, without personal data and payment method. */
export function factOf({ type, metadata, data }: Heard, heardAt: string): Fact {
  const { eventId, causationId, occurredAt, service } = metadata;
  const common: FactMetadata = {
    eventId,
    ...(causationId !== undefined && { causationId }),
    occurredAt,
    heardAt,
    service,
  };
  switch (type) {
    case 'BookingRequested':
      return {
        ...common,
        type,
        data: {
          ...pick(data, 'flightId', 'seats', 'requestedAt', 'customerId'),
          ...pick(data.payment, 'amountMinor', 'currency'),
        },
      };
    case 'SeatBooked':
      return { ...common, type, data: pick(data, 'flightId', 'seats', 'amountMinor', 'currency') };
    case 'SeatUnavailable':
      return { ...common, type, data: pick(data, 'flightId', 'seats', 'unavailableSeats', 'reason') };
    case 'SeatReleased':
      return { ...common, type, data: pick(data, 'flightId', 'seats', 'reason') };
    case 'PaymentOk':
      return { ...common, type, data: pick(data, 'amountMinor', 'currency') };
    case 'PaymentFailed':
      return { ...common, type, data: pick(data, 'reason', 'declineCode') };
    case 'PaymentRefunded':
      return { ...common, type, data: pick(data, 'reason') };
    case 'ReceiptIssued':
      return { ...common, type, data: pick(data, 'receiptNumber') };
    case 'BookingCancelled':
      return { ...common, type, data: pick(data, 'cancelledAt') };
  }
}

/** Whether two requests have the same flight, seats, amount and owner. */
export function asksTheSame(
  { data: first }: Fact<'BookingRequested'>,
  { data: second }: Fact<'BookingRequested'>,
): boolean {
  return areSameSeats(first, second) && areSameMoney(first, second) && first.customerId === second.customerId;
}

function areSameSeats(one: Seats, other: Seats): boolean {
  return one.flightId === other.flightId && one.seats.join() === other.seats.join();
}

function areSameMoney(one: Money, other: Money): boolean {
  return one.amountMinor === other.amountMinor && one.currency === other.currency;
}

/** Whether the booking was requested for this customer account. False if the request is not known yet. */
export function isBookingOf(customerId: string, facts: readonly Fact[]): boolean {
  return requestOf(facts)?.data.customerId === customerId;
}

/**
 * Returns the booking's request. A request that status received first, and whose seats or money seats did not answer,
 * is not the booking's: another one with the same bookingId is.
 */
function requestOf(facts: readonly Fact[]): Fact<'BookingRequested'> | undefined {
  const request = find(facts, 'BookingRequested');
  const booked = find(facts, 'SeatBooked');
  const answer = booked ?? find(facts, 'SeatUnavailable') ?? find(facts, 'SeatReleased');
  const isAnswered =
    request &&
    (!answer || areSameSeats(request.data, answer.data)) &&
    (!booked || areSameMoney(request.data, booked.data));
  return isAnswered ? request : undefined;
}

/** Returns the fact of this type, if there is one. */
export function find<T extends FactType>(facts: readonly Fact[], type: T): Fact<T> | undefined {
  return facts.find((fact) => fact.type === type) as Fact<T> | undefined;
}

/**
 * The status that each reason leads to. A reason with `isDerived` belongs to a no that only answers another no. It
 * names the participant that refused first, but not why, so every other reason outranks it.
 */
const failures: Record<Reason, { status: Failure; isDerived?: true }> = {
  taken: { status: 'SEAT_UNAVAILABLE' },
  'unknown-flight': { status: 'SEAT_UNAVAILABLE' },
  'unknown-seat': { status: 'SEAT_UNAVAILABLE' },
  departed: { status: 'SEAT_UNAVAILABLE' },
  'fare-mismatch': { status: 'SEAT_UNAVAILABLE' },
  'seat-unavailable': { status: 'SEAT_UNAVAILABLE', isDerived: true },
  declined: { status: 'PAYMENT_FAILED' },
  'payment-failed': { status: 'PAYMENT_FAILED', isDerived: true },
  expired: { status: 'EXPIRED' },
  'hold-expired': { status: 'EXPIRED' },
  cancelled: { status: 'CANCELLED' },
};

/** If two participants refuse independently (seat taken, card declined), the first of these is the status. */
const precedence: readonly Failure[] = ['CANCELLED', 'SEAT_UNAVAILABLE', 'PAYMENT_FAILED', 'EXPIRED'];

/** Computes the status from the set of facts, so neither the order nor the redelivery of events matters. */
export function foldStatus(facts: readonly Fact[]): BookingStatus {
  const request = requestOf(facts);
  const booked = find(facts, 'SeatBooked');
  const unavailable = find(facts, 'SeatUnavailable');
  const released = find(facts, 'SeatReleased');
  const paid = find(facts, 'PaymentOk');
  const paymentFailed = find(facts, 'PaymentFailed');
  const refunded = find(facts, 'PaymentRefunded');
  const receipt = find(facts, 'ReceiptIssued');
  const cancelled = find(facts, 'BookingCancelled');

  // A cancellation outranks every no. It counts at once, but the booking settles only when both participants answered.
  const root = cancelled ?? rootOf([unavailable, released, paymentFailed, refunded].filter((no) => no !== undefined));
  const reason = root && (root.type === 'BookingCancelled' ? 'cancelled' : root.data.reason);
  const status = reason ? failures[reason].status : statusOfYesses(booked, paid);
  const failedAtBoth = (unavailable ?? released) !== undefined && (paymentFailed ?? refunded) !== undefined;
  const withSeats = (booked ?? unavailable ?? released ?? request)?.data;
  const withAmount = (booked ?? request ?? paid)?.data;
  const requestedAt = request && (request.data.requestedAt ?? request.occurredAt);
  return {
    status,
    settled: root ? failedAtBoth : status === 'CONFIRMED' && receipt !== undefined,
    ...(reason && { reason }),
    ...(root?.type === 'PaymentFailed' && pick(root.data, 'declineCode')),
    ...(root?.type === 'SeatUnavailable' &&
      root.data.unavailableSeats.length > 0 &&
      pick(root.data, 'unavailableSeats')),
    ...(withSeats && pick(withSeats, 'flightId', 'seats')),
    ...(withAmount && { amount: pick(withAmount, 'amountMinor', 'currency') }),
    ...(receipt && { receiptNumber: receipt.data.receiptNumber }),
    ...(requestedAt !== undefined && { requestedAt }),
    ...(cancelled && pick(cancelled.data, 'cancelledAt')),
    timeline: timelineOf(facts),
  };
}

/** A booking that is not settled, as the index of these bookings has it. */
export interface Unsettled {
  /** When status received the fact since which it waits (RFC 3339 UTC). */
  since: string;
  flightId?: string;
  /** The events that status has received. What is missing follows from them. */
  heard: { type: FactType; money?: Money }[];
}

/**
 * What the index has of a booking with these facts; undefined if it is settled. A booking that was cancelled, and not
 * requested, waits for nobody. A settled booking waits again once it is cancelled, from then on.
 */
export function unsettledOf(facts: readonly Fact[]): Unsettled | undefined {
  if (!isWaiting(facts)) return undefined;
  const inOrder = facts.toSorted((a, b) => compare(a.heardAt, b.heardAt) || compare(a.type, b.type));
  const before = inOrder.findLastIndex((_, index) => !isWaiting(inOrder.slice(0, index)));
  const { flightId } = foldStatus(facts);
  return {
    since: inOrder[before]!.heardAt,
    ...(flightId !== undefined && { flightId }),
    heard: inOrder.map(({ type, data }) => ({
      type,
      ...('amountMinor' in data && { money: pick(data, 'amountMinor', 'currency') }),
    })),
  };
}

function isWaiting(facts: readonly Fact[]): boolean {
  return facts.some(({ type }) => type !== 'BookingCancelled') && !foldStatus(facts).settled;
}

/** A payment of other money than the seats' fare is no yes to this booking, and will be refunded. */
function statusOfYesses(booked: Fact<'SeatBooked'> | undefined, paid: Fact<'PaymentOk'> | undefined): Status {
  if (booked) return paid && areSameMoney(booked.data, paid.data) ? 'CONFIRMED' : 'SEAT_BOOKED';
  return paid ? 'PAYMENT_OK' : 'REQUESTED';
}

type No = Fact<'SeatUnavailable' | 'SeatReleased' | 'PaymentFailed' | 'PaymentRefunded'>;

/** Returns the fact with the root reason. Of two with the same rank, the first in the list, which has a fixed order. */
function rootOf(noes: readonly No[]): No | undefined {
  const rank = ({ data }: No): number => {
    const { status, isDerived } = failures[data.reason];
    return precedence.indexOf(status) + (isDerived ? precedence.length : 0);
  };
  return noes.toSorted((a, b) => rank(a) - rank(b))[0];
}

/** Sorts by time. Of two facts with the same time, the cause comes before its effect. */
function timelineOf(facts: readonly Fact[]): TimelineEntry[] {
  const byId = new Map(facts.map((fact) => [fact.eventId, fact]));
  const causesOf = (fact: Fact): number => {
    // An event of another producer may name itself as its cause, directly or in a cycle.
    const seen = new Set<Fact>();
    let next: Fact | undefined = fact;
    while (next && !seen.has(next)) {
      seen.add(next);
      next = byId.get(next.causationId ?? '');
    }
    return seen.size;
  };
  return facts
    .toSorted(
      (a, b) =>
        Date.parse(a.occurredAt) - Date.parse(b.occurredAt) ||
        causesOf(a) - causesOf(b) ||
        compare(a.eventId, b.eventId) ||
        compare(a.type, b.type),
    )
    .map(({ type, eventId, service, occurredAt, heardAt, causationId }) => ({
      event: type,
      eventId,
      service,
      occurredAt,
      heardAt,
      ...(causationId !== undefined && { causedBy: causationId }),
    }));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function pick<T extends object, K extends keyof T>(from: T, ...names: K[]): Pick<T, K> {
  return Object.fromEntries(names.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]]))) as Pick<
    T,
    K
  >;
}

/** What status keeps of each fact, and the answer that the facts add up to. Pure: no clock, no I/O. */
import type { EventData } from '@airline/events-schemas/events';
import type { Heard } from './reads.ts';

/**
 * What is kept of each event's data. Named field by field, so that a field which the contract gains, personal perhaps, is not
 * kept until someone asks for it here.
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

interface Money {
  amountMinor: number;
  currency: string;
}

export type FactType = keyof KeptData;

interface Hearing {
  eventId: string;
  causationId?: string;
  /** RFC 3339 UTC: when it happened, and when status first heard of it. */
  occurredAt: string;
  heardAt: string;
  service: string;
}

/** One event about a booking, as far as the answer needs it. */
export type Fact<T extends FactType = FactType> = { [Type in T]: Hearing & { type: Type; data: KeptData[Type] } }[T];

type Failure = 'CANCELLED' | 'SEAT_UNAVAILABLE' | 'PAYMENT_FAILED' | 'EXPIRED';
type Status = 'REQUESTED' | 'SEAT_BOOKED' | 'PAYMENT_OK' | 'CONFIRMED' | Failure;
type Reason = KeptData['SeatUnavailable' | 'SeatReleased' | 'PaymentFailed' | 'PaymentRefunded']['reason'];

interface TimelineEntry {
  event: FactType;
  eventId: string;
  service: string;
  occurredAt: string;
  heardAt: string;
  /** eventId of the cause, where the event names one. */
  causedBy?: string;
}

/** The answer to "how is my booking?". What no fact has told yet is left out. */
export interface BookingStatus {
  status: Status;
  /** Nothing more is to come. */
  settled: boolean;
  /** The root of the failure, e.g. `taken` or `declined`. */
  reason?: Reason;
  /** With `declined`: the payment provider's own word. */
  declineCode?: string;
  /** With `taken` and `unknown-seat`: the seats that are the reason. */
  unavailableSeats?: string[];
  flightId?: string;
  seats?: string[];
  amount?: Money;
  receiptNumber?: string;
  requestedAt?: string;
  cancelledAt?: string;
  timeline: TimelineEntry[];
}

/** The fact in an event, without its personal data and its payment method. */
export function factOf({ type, metadata, data }: Heard, heardAt: string): Fact {
  const { eventId, causationId, occurredAt, service } = metadata;
  const heard: Hearing = { eventId, ...(causationId !== undefined && { causationId }), occurredAt, heardAt, service };
  switch (type) {
    case 'BookingRequested':
      return {
        ...heard,
        type,
        data: {
          ...pick(data, 'flightId', 'seats', 'requestedAt', 'customerId'),
          ...pick(data.payment, 'amountMinor', 'currency'),
        },
      };
    case 'SeatBooked':
      return { ...heard, type, data: pick(data, 'flightId', 'seats', 'amountMinor', 'currency') };
    case 'SeatUnavailable':
      return { ...heard, type, data: pick(data, 'flightId', 'seats', 'unavailableSeats', 'reason') };
    case 'SeatReleased':
      return { ...heard, type, data: pick(data, 'flightId', 'seats', 'reason') };
    case 'PaymentOk':
      return { ...heard, type, data: pick(data, 'amountMinor', 'currency') };
    case 'PaymentFailed':
      return { ...heard, type, data: pick(data, 'reason', 'declineCode') };
    case 'PaymentRefunded':
      return { ...heard, type, data: pick(data, 'reason') };
    case 'ReceiptIssued':
      return { ...heard, type, data: pick(data, 'receiptNumber') };
    case 'BookingCancelled':
      return { ...heard, type, data: pick(data, 'cancelledAt') };
  }
}

/** Whether two requests with the same bookingId ask for the same. */
export function asksTheSame(
  { data: first }: Fact<'BookingRequested'>,
  { data: second }: Fact<'BookingRequested'>,
): boolean {
  return (
    first.flightId === second.flightId &&
    first.seats.join() === second.seats.join() &&
    first.amountMinor === second.amountMinor &&
    first.currency === second.currency
  );
}

/** Whether the booking was asked for in the name of that customer account, as far as is known. */
export function isBookingOf(customerId: string, facts: readonly Fact[]): boolean {
  return find(facts, 'BookingRequested')?.data.customerId === customerId;
}

/** The fact of one type, if it was heard. */
export function find<T extends FactType>(facts: readonly Fact[], type: T): Fact<T> | undefined {
  return facts.find((fact) => fact.type === type) as Fact<T> | undefined;
}

/**
 * What each reason says of the booking. A no that only `answers` another no names the participant that refused, not why: it
 * never outranks the no that it answers, and stands for it only until that one is heard.
 */
const meanings: Record<Reason, { status: Failure; answers?: true }> = {
  taken: { status: 'SEAT_UNAVAILABLE' },
  'unknown-flight': { status: 'SEAT_UNAVAILABLE' },
  'unknown-seat': { status: 'SEAT_UNAVAILABLE' },
  departed: { status: 'SEAT_UNAVAILABLE' },
  'fare-mismatch': { status: 'SEAT_UNAVAILABLE' },
  'seat-unavailable': { status: 'SEAT_UNAVAILABLE', answers: true },
  declined: { status: 'PAYMENT_FAILED' },
  'payment-failed': { status: 'PAYMENT_FAILED', answers: true },
  expired: { status: 'EXPIRED' },
  'hold-expired': { status: 'EXPIRED' },
  cancelled: { status: 'CANCELLED' },
};

/** Two participants can refuse independently (the seat is taken and the card is declined): the first of these is told. */
const precedence: readonly Failure[] = ['CANCELLED', 'SEAT_UNAVAILABLE', 'PAYMENT_FAILED', 'EXPIRED'];

/** The status is a function of the set of facts: neither their order nor their repetition can matter. */
export function foldStatus(facts: readonly Fact[]): BookingStatus {
  const request = find(facts, 'BookingRequested');
  const booked = find(facts, 'SeatBooked');
  const unavailable = find(facts, 'SeatUnavailable');
  const released = find(facts, 'SeatReleased');
  const paid = find(facts, 'PaymentOk');
  const paymentFailed = find(facts, 'PaymentFailed');
  const refunded = find(facts, 'PaymentRefunded');
  const receipt = find(facts, 'ReceiptIssued');
  const cancelled = find(facts, 'BookingCancelled');

  // The customer's own word outranks every no, and stands before anyone has answered it: until then the booking is not settled.
  const root = cancelled ?? rootOf([unavailable, released, paymentFailed, refunded].filter((no) => no !== undefined));
  const reason = root && (root.type === 'BookingCancelled' ? 'cancelled' : root.data.reason);
  const status = reason ? meanings[reason].status : statusOfYesses(booked !== undefined, paid !== undefined);
  const noYesStands = (unavailable ?? released) !== undefined && (paymentFailed ?? refunded) !== undefined;
  const asked = (request ?? booked ?? unavailable ?? released)?.data;
  const priced = (request ?? booked ?? paid)?.data;
  const requestedAt = request && (request.data.requestedAt ?? request.occurredAt);
  return {
    status,
    settled: root ? noYesStands : status === 'CONFIRMED' && receipt !== undefined,
    ...(reason && { reason }),
    ...(root?.type === 'PaymentFailed' && pick(root.data, 'declineCode')),
    ...(root?.type === 'SeatUnavailable' &&
      root.data.unavailableSeats.length > 0 &&
      pick(root.data, 'unavailableSeats')),
    ...(asked && pick(asked, 'flightId', 'seats')),
    ...(priced && { amount: pick(priced, 'amountMinor', 'currency') }),
    ...(receipt && { receiptNumber: receipt.data.receiptNumber }),
    ...(requestedAt !== undefined && { requestedAt }),
    ...(cancelled && pick(cancelled.data, 'cancelledAt')),
    timeline: timelineOf(facts),
  };
}

function statusOfYesses(booked: boolean, paid: boolean): Status {
  if (booked) return paid ? 'CONFIRMED' : 'SEAT_BOOKED';
  return paid ? 'PAYMENT_OK' : 'REQUESTED';
}

type No = Fact<'SeatUnavailable' | 'SeatReleased' | 'PaymentFailed' | 'PaymentRefunded'>;

/** Why the booking failed. Of two with the same rank the earlier in the list, so that the answer is always the same. */
function rootOf(noes: readonly No[]): No | undefined {
  const rank = ({ data }: No): number => {
    const { status, answers } = meanings[data.reason];
    return precedence.indexOf(status) + (answers ? precedence.length : 0);
  };
  return noes.toSorted((a, b) => rank(a) - rank(b))[0];
}

/** By time; what happened at the same time, a cause before what it caused. */
function timelineOf(facts: readonly Fact[]): TimelineEntry[] {
  const byId = new Map(facts.map((fact) => [fact.eventId, fact]));
  const causesOf = (fact: Fact): number => {
    // A producer outside the project may name itself, or a circle, as the cause.
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

/** The record of a booking's receipt, and the decision when a receipt is due. Pure: no clock, no I/O. */
import type { Cause, EventData } from '@airline/events-schemas/events';
import type { Heard } from './reads.ts';

/** The stored data of each fact: what the mails need, and what distinguishes a request from a conflicting one. */
interface FactData {
  BookingRequested: Pick<EventData<'BookingRequested'>, 'flightId' | 'seats' | 'passenger'> & Money;
  SeatBooked: Pick<EventData<'SeatBooked'>, 'flightId' | 'seats'> & Money;
  SeatReleased: Pick<EventData<'SeatReleased'>, 'reason'>;
  PaymentOk: Pick<EventData<'PaymentOk'>, 'paymentId' | 'amountMinor' | 'currency' | 'paidAt'>;
  PaymentRefunded: Pick<EventData<'PaymentRefunded'>, 'refundId' | 'reason'> & Money & { refundedAt: string };
  BookingCancelled: Pick<EventData<'BookingCancelled'>, 'cancelledAt'>;
}

interface Money {
  amountMinor: number;
  currency: string;
}

export type FactType = keyof FactData;

/** The record of a booking: its set of facts, and the mails that were sent. */
export interface ReceiptsRecord {
  facts: { [T in FactType]?: FactData[T] };
  /** The event that made the receipt due. It is the cause of ReceiptIssued. */
  dueBecause?: Cause;
  /** Set after the receipt was sent. */
  receipt?: SentReceipt;
  /** Set after the refund notice was sent. */
  refundNotice?: { issuedAt: string; messageId: string };
}

interface SentReceipt {
  number: string;
  /** RFC 3339 UTC. */
  issuedAt: string;
  /** The mail provider's id of the mail. */
  messageId: string;
}

/** The content of a receipt. */
export interface Receipt {
  bookingId: string;
  number: string;
  issuedAt: string;
  passenger: { name: string; email: string };
  flightId: string;
  seats: string[];
  /** The captured payment. */
  paid: Money & { paymentId: string; paidAt: string };
}

/** The content of a refund notice. */
export interface RefundNotice {
  bookingId: string;
  receiptNumber: string;
  issuedAt: string;
  passenger: { name: string; email: string };
  flightId: string;
  seats: string[];
  paid: Pick<Receipt['paid'], 'paymentId'>;
  refund: FactData['PaymentRefunded'];
}

/** Adds a fact to a record. @returns undefined when the record has that fact already */
export function addFact(record: ReceiptsRecord | undefined, event: Heard, cause: Cause): ReceiptsRecord | undefined {
  const isReplaced = event.type === 'BookingRequested' && record !== undefined && hasLost(record);
  if (record?.facts[event.type] && !isReplaced) return undefined;
  const next: ReceiptsRecord = { ...record, facts: { ...record?.facts, [event.type]: factDataOf(event) } };
  return isComplete(next) && !isTakenBack(next) ? { ...next, dueBecause: cause } : next;
}

function factDataOf(event: Heard): FactData[FactType] {
  switch (event.type) {
    case 'BookingRequested': {
      const { flightId, seats, passenger, payment } = event.data;
      const { name, email } = passenger;
      return {
        flightId,
        seats,
        passenger: { name, email },
        amountMinor: payment.amountMinor,
        currency: payment.currency,
      };
    }
    case 'SeatBooked': {
      const { flightId, seats, amountMinor, currency } = event.data;
      return { flightId, seats, amountMinor, currency };
    }
    case 'PaymentOk': {
      const { paymentId, amountMinor, currency, paidAt } = event.data;
      return { paymentId, amountMinor, currency, paidAt };
    }
    case 'SeatReleased':
      return { reason: event.data.reason };
    case 'PaymentRefunded': {
      const { refundId, amountMinor, currency, reason } = event.data;
      return { refundId, amountMinor, currency, reason, refundedAt: event.metadata.occurredAt };
    }
    case 'BookingCancelled':
      return { cancelledAt: event.data.cancelledAt };
  }
}

/**
 * Whether a request is the booking's, as far as receipts knows. It must ask for the seats that were sold, and have the
 * content of the first such request.
 */
export function asksTheSame(record: ReceiptsRecord, request: Heard<'BookingRequested'>): boolean {
  const { BookingRequested: first, SeatBooked: sold } = record.facts;
  const { flightId, seats, passenger, payment } = request.data;
  const asked = { flightId, seats, amountMinor: payment.amountMinor, currency: payment.currency };
  if (sold && !isSameOrder(asked, sold)) return false;
  if (!first || hasLost(record)) return true;
  return (
    isSameOrder(asked, first) && first.passenger.name === passenger.name && first.passenger.email === passenger.email
  );
}

/** Whether seats sold another request with the same bookingId than the recorded one. Its passenger gets no receipt. */
function hasLost({ facts: { BookingRequested: request, SeatBooked: sold } }: ReceiptsRecord): boolean {
  return request !== undefined && sold !== undefined && !isSameOrder(request, sold);
}

type Order = FactData['SeatBooked'];

function isSameOrder(one: Order, other: Order): boolean {
  return one.flightId === other.flightId && one.seats.join() === other.seats.join() && isSameMoney(one, other);
}

function isSameMoney(one: Money, other: Money): boolean {
  return one.amountMinor === other.amountMinor && one.currency === other.currency;
}

/** Whether a receipt is due and not recorded as sent. It may have been sent by a run that crashed. */
export function isOpen({ dueBecause, receipt }: ReceiptsRecord): boolean {
  return dueBecause !== undefined && receipt === undefined;
}

/** Whether seats or payments took their yes back, or the customer cancelled. No receipt is sent any more. */
export function isTakenBack({ facts }: ReceiptsRecord): boolean {
  return (
    facts.SeatReleased !== undefined || facts.PaymentRefunded !== undefined || facts.BookingCancelled !== undefined
  );
}

/** Whether a payment with a receipt was refunded and its refund notice is not recorded as sent. */
export function owesRefundNotice({ facts, receipt, refundNotice }: ReceiptsRecord): boolean {
  return receipt !== undefined && facts.PaymentRefunded !== undefined && refundNotice === undefined;
}

/** Whether the booking is confirmed: its request was sold, and paid with the money that it was sold for. */
function isComplete(record: ReceiptsRecord): boolean {
  const { BookingRequested, SeatBooked, PaymentOk } = record.facts;
  if (!BookingRequested || !SeatBooked || !PaymentOk) return false;
  return !hasLost(record) && isSameMoney(SeatBooked, PaymentOk);
}

/** The receipt of a record with a due receipt. It shows the booked seats and the captured amount. */
export function receiptOf(bookingId: string, { facts }: ReceiptsRecord, number: string, issuedAt: string): Receipt {
  const { passenger } = facts.BookingRequested!;
  const { flightId, seats } = facts.SeatBooked!;
  return { bookingId, number, issuedAt, passenger, flightId, seats, paid: facts.PaymentOk! };
}

/** The refund notice of a record with a due notice. */
export function refundNoticeOf(bookingId: string, { facts, receipt }: ReceiptsRecord, issuedAt: string): RefundNotice {
  const { passenger } = facts.BookingRequested!;
  const { flightId, seats } = facts.SeatBooked!;
  const { paymentId } = facts.PaymentOk!;
  const refund = facts.PaymentRefunded!;
  return {
    bookingId,
    receiptNumber: receipt!.number,
    issuedAt,
    passenger,
    flightId,
    seats,
    paid: { paymentId },
    refund,
  };
}

/** Flight number and departure day (midnight UTC) of a flightId such as KL1001-20261218. */
export function flightOf(flightId: string): { flightNumber: string; departureDay: Date } {
  const [flightNumber = '', digits = ''] = flightId.split('-');
  const [year, month, day] = [digits.slice(0, 4), digits.slice(4, 6), digits.slice(6)].map(Number) as [
    number,
    number,
    number,
  ];
  return { flightNumber, departureDay: new Date(Date.UTC(year, month - 1, day)) };
}

/** Passengers ask about a receipt for a while after their flight. After that their name and address are not needed. */
const keptDaysAfterDeparture = 90;

/** When the record expires, in seconds since 1970: 90 days after departure, or after now if that is unknown or past. */
export function expiryOf({ facts }: ReceiptsRecord, now: Date): number {
  const flightId = (facts.SeatBooked ?? facts.BookingRequested)?.flightId;
  const departure = flightId === undefined ? 0 : flightOf(flightId).departureDay.getTime();
  return Math.floor(Math.max(now.getTime(), departure) / 1000) + keptDaysAfterDeparture * 24 * 3600;
}

/** The record of a booking's receipt, and the decision when a receipt is due. Pure: no clock, no I/O. */
import type { Cause, EventData } from '@airline/events-schemas/events';
import type { Heard } from './reads.ts';

/** The stored data of each fact: what the mails need, and what distinguishes a request from a conflicting one. */
interface FactData {
  BookingRequested: Pick<EventData<'BookingRequested'>, 'flightId' | 'seats' | 'passenger'> & Money;
  SeatBooked: Pick<EventData<'SeatBooked'>, 'flightId' | 'seats'>;
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
  if (record?.facts[event.type]) return undefined;
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
      const { flightId, seats } = event.data;
      return { flightId, seats };
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

/** Whether a repeated request has the content of the first one. Without a first one, any request has. */
export function asksTheSame({ facts }: ReceiptsRecord, request: Heard<'BookingRequested'>): boolean {
  const first = facts.BookingRequested;
  if (!first) return true;
  const { flightId, seats, passenger, payment } = request.data;
  return (
    first.flightId === flightId &&
    first.seats.join() === seats.join() &&
    first.passenger.name === passenger.name &&
    first.passenger.email === passenger.email &&
    first.amountMinor === payment.amountMinor &&
    first.currency === payment.currency
  );
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

function isComplete({ facts }: ReceiptsRecord): boolean {
  return facts.BookingRequested !== undefined && facts.SeatBooked !== undefined && facts.PaymentOk !== undefined;
}

/** The receipt of a record with a due receipt. It shows the booked seats and the captured amount. */
export function receiptOf(bookingId: string, { facts }: ReceiptsRecord, number: string, issuedAt: string): Receipt {
  const { passenger } = facts.BookingRequested!;
  return { bookingId, number, issuedAt, passenger, ...facts.SeatBooked!, paid: facts.PaymentOk! };
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
  const flightId = (facts.BookingRequested ?? facts.SeatBooked)?.flightId;
  const departure = flightId === undefined ? 0 : flightOf(flightId).departureDay.getTime();
  return Math.floor(Math.max(now.getTime(), departure) / 1000) + keptDaysAfterDeparture * 24 * 3600;
}

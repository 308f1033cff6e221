/** What receipts remembers of a booking, and when a receipt is due. Pure: no clock, no I/O. */
import type { Cause, EventData } from '@airline/events-schemas/events';
import type { Heard } from './reads.ts';

/** What is kept of each fact: what the mail needs, and of a request what tells it from another. */
interface KeptData {
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

export type FactType = keyof KeptData;

/** The one record of a booking: the set of facts, and what became of them. */
export interface ReceiptsRecord {
  facts: { [T in FactType]?: KeptData[T] };
  /** The event that made the receipt due, once one did: it is the cause of ReceiptIssued. */
  dueBecause?: Cause;
  /** Once the mail is sent. */
  receipt?: SentReceipt;
  /** Once the mail is sent that takes the receipt back. */
  refundNotice?: { issuedAt: string; messageId: string };
}

interface SentReceipt {
  number: string;
  /** RFC 3339 UTC. */
  issuedAt: string;
  /** The mail provider's id of the mail. */
  messageId: string;
}

/** What stands on a receipt. */
export interface Receipt {
  bookingId: string;
  number: string;
  issuedAt: string;
  passenger: { name: string; email: string };
  flightId: string;
  seats: string[];
  /** What was captured. */
  paid: Money & { paymentId: string; paidAt: string };
}

/** What stands in the mail that takes a receipt back. */
export interface RefundNotice {
  bookingId: string;
  receiptNumber: string;
  issuedAt: string;
  passenger: { name: string; email: string };
  flightId: string;
  seats: string[];
  paid: Pick<Receipt['paid'], 'paymentId'>;
  refund: KeptData['PaymentRefunded'];
}

/** The record with one more fact; `undefined` when it has that fact already. */
export function addFact(record: ReceiptsRecord | undefined, event: Heard, cause: Cause): ReceiptsRecord | undefined {
  if (record?.facts[event.type]) return undefined;
  const next: ReceiptsRecord = { ...record, facts: { ...record?.facts, [event.type]: kept(event) } };
  return isComplete(next) && !isTakenBack(next) ? { ...next, dueBecause: cause } : next;
}

function kept(event: Heard): KeptData[FactType] {
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

/** Whether a request asks for what the first request with its bookingId asked for. */
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

/** Whether a receipt fell due of which it is not known yet whether it was sent. */
export function isOpen({ dueBecause, receipt }: ReceiptsRecord): boolean {
  return dueBecause !== undefined && receipt === undefined;
}

/** Whether seats or payments took their yes back, or will because the customer cancelled: from then on no receipt is sent. */
export function isTakenBack({ facts }: ReceiptsRecord): boolean {
  return (
    facts.SeatReleased !== undefined || facts.PaymentRefunded !== undefined || facts.BookingCancelled !== undefined
  );
}

/** Whether the passenger has a receipt for a payment that was refunded, and was not told so yet. */
export function owesRefundNotice({ facts, receipt, refundNotice }: ReceiptsRecord): boolean {
  return receipt !== undefined && facts.PaymentRefunded !== undefined && refundNotice === undefined;
}

function isComplete({ facts }: ReceiptsRecord): boolean {
  return facts.BookingRequested !== undefined && facts.SeatBooked !== undefined && facts.PaymentOk !== undefined;
}

/** The receipt of a record that is due: the seats that were booked and the amount that was captured. */
export function receiptOf(bookingId: string, { facts }: ReceiptsRecord, number: string, issuedAt: string): Receipt {
  const { passenger } = facts.BookingRequested!;
  return { bookingId, number, issuedAt, passenger, ...facts.SeatBooked!, paid: facts.PaymentOk! };
}

/** The notice of a record that owes one. */
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

/** Flight number and departure day (midnight UTC) of a flightId such as KL1001-20261218: all that receipts knows of a flight. */
export function flightOf(flightId: string): { flightNumber: string; departureDay: Date } {
  const [flightNumber = '', digits = ''] = flightId.split('-');
  const [year, month, day] = [digits.slice(0, 4), digits.slice(4, 6), digits.slice(6)].map(Number) as [
    number,
    number,
    number,
  ];
  return { flightNumber, departureDay: new Date(Date.UTC(year, month - 1, day)) };
}

/** Passengers write about a receipt for a while after their flight; then nobody needs their name and address any more. */
const keptDaysAfterDeparture = 90;

/** When the record may be forgotten, in seconds since 1970: 90 days after departure or, if that is unknown or past, after now. */
export function forgetAt({ facts }: ReceiptsRecord, now: Date): number {
  const flightId = (facts.BookingRequested ?? facts.SeatBooked)?.flightId;
  const departure = flightId === undefined ? 0 : flightOf(flightId).departureDay.getTime();
  return Math.floor(Math.max(now.getTime(), departure) / 1000) + keptDaysAfterDeparture * 24 * 3600;
}

/** The record of a booking's payment, and the decisions about it. Pure: no clock, no I/O. */
import type { Cause, EventData } from '@airline/events-schemas/events';
import type { Heard } from './reads.ts';

export type BookingRequest = Heard<'BookingRequested'>['data'];
export type FailureReason = EventData<'PaymentFailed'>['reason'];
/** Why the booking failed elsewhere, as a reason of payments' own events. */
export type NoFromElsewhere = EventData<'PaymentRefunded'>['reason'];

/** The requested payment and the event that requested it. They make a repeated answer the same event. */
export interface RequestedPayment {
  payment: BookingRequest['payment'];
  causedBy: Cause;
}

/** Set when the booking failed elsewhere during or after the charge. The charge is refunded, or not made at all. */
export interface RefundMark {
  reason: NoFromElsewhere;
  causedBy: Cause;
}

interface Charge extends RequestedPayment {
  /** The provider's id of the payment. */
  paymentId: string;
  /** When the provider took the money (RFC 3339 UTC). */
  paidAt: string;
  /** When payments recorded it (RFC 3339 UTC). */
  at: string;
}

/** The record of a booking. A booking without a record is `undefined`. */
export type PaymentRecord =
  /** A tombstone: the booking failed elsewhere before its request arrived. The request will be declined. */
  | { state: 'VOID'; reason: NoFromElsewhere }
  /** Without an intentId nothing is charged, because only a recorded intent is ever confirmed. */
  | ({ state: 'CHARGING'; expiresAt?: string; intentId?: string; refund?: RefundMark } & RequestedPayment)
  /** With a mark, the refund is not made yet. */
  | ({ state: 'CHARGED'; refund?: RefundMark } & Charge)
  | ({ state: 'DECLINED'; reason: FailureReason; declineCode?: string; at: string } & RequestedPayment)
  | ({ state: 'REFUNDED'; refund: RefundMark & { refundId: string; at: string } } & Charge);

type State = PaymentRecord['state'];
export type InState<S extends State> = Extract<PaymentRecord, { state: S }>;

/** The final outcome of a payment intent. */
export type ChargeOutcome =
  | { kind: 'charged'; paidAt: string }
  | { kind: 'declined'; declineCode: string }
  /** It is not charged and cannot be charged any more. */
  | { kind: 'cancelled' };

/** The record after a request. @param found the tombstone, if there is one */
export function accept(
  found: InState<'VOID'> | undefined,
  request: BookingRequest,
  now: string,
  causedBy: Cause,
): PaymentRecord {
  const { method, amountMinor, currency } = request.payment;
  const requested: RequestedPayment = { payment: { method, amountMinor, currency }, causedBy };
  if (found) return decline(requested, { reason: found.reason }, now);
  if (isPast(request.expiresAt, now)) return decline(requested, { reason: 'expired' }, now);
  return { state: 'CHARGING', ...requested, ...(request.expiresAt !== undefined && { expiresAt: request.expiresAt }) };
}

/** Why a charge must not be made any more; undefined when it may be made. It would only have to be refunded. */
export function reasonNotToCharge(
  { refund, expiresAt }: InState<'CHARGING'>,
  now: string,
): NoFromElsewhere | undefined {
  return refund?.reason ?? (isPast(expiresAt, now) ? 'expired' : undefined);
}

/** The record of payments' no. */
export function decline(
  { payment, causedBy }: RequestedPayment,
  failure: { reason: FailureReason; declineCode?: string },
  at: string,
): InState<'DECLINED'> {
  return { state: 'DECLINED', payment, causedBy, ...failure, at };
}

/** The record after the outcome of a charge is known. A mark is kept, so the next step refunds the charge. */
export function settleCharge(
  record: InState<'CHARGING'>,
  paymentId: string,
  outcome: ChargeOutcome,
  at: string,
): PaymentRecord {
  const { payment, causedBy, refund } = record;
  switch (outcome.kind) {
    case 'charged':
      return { state: 'CHARGED', payment, causedBy, paymentId, paidAt: outcome.paidAt, at, ...(refund && { refund }) };
    case 'declined':
      return decline(record, { reason: 'declined', declineCode: outcome.declineCode }, at);
    case 'cancelled':
      // Payments cancels for these reasons only. Without one of them, someone cancelled it at the provider by hand.
      return decline(record, { reason: reasonNotToCharge(record, at) ?? 'declined' }, at);
  }
}

export function settleRefund(
  record: InState<'CHARGED'>,
  mark: RefundMark,
  refundId: string,
  at: string,
): InState<'REFUNDED'> {
  return { ...record, state: 'REFUNDED', refund: { ...mark, refundId, at } };
}

/** The decision about a record when the booking failed elsewhere. `continue`: refund it, or repeat the answer. */
export type NoDecision = { kind: 'write'; record: PaymentRecord } | { kind: 'nothing' } | { kind: 'continue' };

export function decideOnNo(record: PaymentRecord | undefined, mark: RefundMark): NoDecision {
  switch (record?.state) {
    case undefined:
      return { kind: 'write', record: { state: 'VOID', reason: mark.reason } };
    case 'VOID':
    case 'DECLINED':
      return { kind: 'nothing' };
    case 'CHARGING':
      return record.refund ? { kind: 'nothing' } : { kind: 'write', record: { ...record, refund: mark } };
    case 'CHARGED':
      return record.refund ? { kind: 'continue' } : { kind: 'write', record: { ...record, refund: mark } };
    case 'REFUNDED':
      return { kind: 'continue' };
  }
}

/** Payments' reason for a no of seats. If that no answers an earlier no, it has the reason of the earlier one. */
export function reasonForSeatUnavailable(reason: EventData<'SeatUnavailable'>['reason']): NoFromElsewhere {
  switch (reason) {
    case 'expired':
    case 'cancelled':
      return reason;
    case 'taken':
    case 'unknown-flight':
    case 'unknown-seat':
    case 'departed':
    case 'fare-mismatch':
    // It answers payments' own no, so the record is DECLINED already. In any other state there is still no seat.
    case 'payment-failed':
      return 'seat-unavailable';
  }
}

export function reasonForSeatReleased(reason: EventData<'SeatReleased'>['reason']): NoFromElsewhere {
  switch (reason) {
    case 'hold-expired':
    case 'cancelled':
      return reason;
    // As above. The stack's rule does not match this reason.
    case 'payment-failed':
      return 'seat-unavailable';
  }
}

/** Whether a repeated request has the payment of the first. A tombstone has no payment, so any request matches. */
export function asksTheSame(record: PaymentRecord, { payment }: BookingRequest): boolean {
  if (record.state === 'VOID') return true;
  const { method, amountMinor, currency } = record.payment;
  return method === payment.method && amountMinor === payment.amountMinor && currency === payment.currency;
}

/** Compares times, not strings: as strings, `…00Z` would be later than `…00.500Z`. */
function isPast(time: string | undefined, now: string): boolean {
  return time !== undefined && Date.parse(time) <= Date.parse(now);
}

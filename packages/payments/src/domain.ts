/** What payments remembers of a booking, and what it decides. Pure: no clock, no I/O. */
import type { Cause, EventData } from '@airline/events-schemas/events';
import type { Heard } from './reads.ts';

export type BookingRequest = Heard<'BookingRequested'>['data'];
export type FailureReason = EventData<'PaymentFailed'>['reason'];
/** A no from elsewhere, in the words that payments uses for it. */
export type NoFromElsewhere = EventData<'PaymentRefunded'>['reason'];

/** What was asked, and the event that asked: kept so that the answer can be said again word for word. */
export interface Asked {
  payment: BookingRequest['payment'];
  causedBy: Cause;
}

/** A no from elsewhere that met a charge: the charge is given back, or not made if it is not made yet. */
export interface RefundMark {
  reason: NoFromElsewhere;
  causedBy: Cause;
}

interface Charge extends Asked {
  /** The provider's id of the payment. */
  paymentId: string;
  /** When the provider took the money, and when payments learned it (both RFC 3339 UTC). */
  paidAt: string;
  at: string;
}

/** The one record of a booking. No record at all is `undefined`. */
export type PaymentRecord =
  /** A no from elsewhere came before the request; nothing is said until the request arrives. */
  | { state: 'VOID'; reason: NoFromElsewhere }
  /** No intent yet: certainly nothing is charged, since only an intent whose id stands here is ever confirmed. */
  | ({ state: 'CHARGING'; expiresAt?: string; intentId?: string; refund?: RefundMark } & Asked)
  /** With a mark, the refund is still to be made. */
  | ({ state: 'CHARGED'; refund?: RefundMark } & Charge)
  | ({ state: 'DECLINED'; reason: FailureReason; declineCode?: string; at: string } & Asked)
  | ({ state: 'REFUNDED'; refund: RefundMark & { refundId: string; at: string } } & Charge);

type State = PaymentRecord['state'];
export type InState<S extends State> = Extract<PaymentRecord, { state: S }>;

/** What became of a payment intent, once and for all. */
export type ChargeOutcome =
  | { kind: 'charged'; paidAt: string }
  | { kind: 'declined'; declineCode: string }
  /** Never charged, and never will be. */
  | { kind: 'cancelled' };

/** The first record that a request makes, of nothing or of the tombstone that it finds. */
export function accept(
  found: InState<'VOID'> | undefined,
  request: BookingRequest,
  now: string,
  causedBy: Cause,
): PaymentRecord {
  const { method, amountMinor, currency } = request.payment;
  const asked: Asked = { payment: { method, amountMinor, currency }, causedBy };
  if (found) return decline(asked, { reason: found.reason }, now);
  if (isPast(request.expiresAt, now)) return decline(asked, { reason: 'expired' }, now);
  return { state: 'CHARGING', ...asked, ...(request.expiresAt !== undefined && { expiresAt: request.expiresAt }) };
}

/** Why a charge that is not made yet must not be made any more. A customer is not charged only to be refunded. */
export function reasonNotToCharge(
  { refund, expiresAt }: InState<'CHARGING'>,
  now: string,
): NoFromElsewhere | undefined {
  return refund?.reason ?? (isPast(expiresAt, now) ? 'expired' : undefined);
}

/** Payments' no. */
export function decline(
  { payment, causedBy }: Asked,
  failure: { reason: FailureReason; declineCode?: string },
  at: string,
): InState<'DECLINED'> {
  return { state: 'DECLINED', payment, causedBy, ...failure, at };
}

/** The record of a charge whose outcome is known. A mark survives a charge: whoever learns of the charge refunds it. */
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
      // Payments cancels only for one of these reasons; without either, someone did it at the provider by hand.
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

/** What becomes of a record when the booking failed elsewhere. */
export type NoDecision = { kind: 'write'; record: PaymentRecord } | { kind: 'nothing' } | { kind: 'go-on' };

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
      return record.refund ? { kind: 'go-on' } : { kind: 'write', record: { ...record, refund: mark } };
    case 'REFUNDED':
      return { kind: 'go-on' };
  }
}

/** The reason that payments gives for a seats' no: a no that only answers another no carries that no's reason. */
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
    // It only answers payments' own no, and so it finds that no. If it ever found anything else, there would still be no seat.
    case 'payment-failed':
      return 'seat-unavailable';
  }
}

export function reasonForSeatReleased(reason: EventData<'SeatReleased'>['reason']): NoFromElsewhere {
  switch (reason) {
    case 'hold-expired':
    case 'cancelled':
      return reason;
    // See above; the rule does not even deliver it.
    case 'payment-failed':
      return 'seat-unavailable';
  }
}

/** Whether a request with the same bookingId asks for what was answered. Where nothing was answered yet, it does. */
export function asksTheSame(record: PaymentRecord, { payment }: BookingRequest): boolean {
  if (record.state === 'VOID') return true;
  const { method, amountMinor, currency } = record.payment;
  return method === payment.method && amountMinor === payment.amountMinor && currency === payment.currency;
}

/** Compared as times: as texts, `…00Z` would come after `…00.500Z`. */
function isPast(time: string | undefined, now: string): boolean {
  return time !== undefined && Date.parse(time) <= Date.parse(now);
}

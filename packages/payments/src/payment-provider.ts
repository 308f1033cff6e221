import type { BookingRequest, ChargeOutcome } from './domain.ts';

/** The state of a payment intent: it can still be charged, or it has its final outcome. */
export type Intent = { kind: 'unconfirmed' } | ChargeOutcome;

type CreatedIntent =
  | { kind: 'created'; intentId: string }
  /** The provider will never accept it, e.g. because the payment method does not exist. Nothing was created. */
  | { kind: 'refused'; declineCode: string };

/** Identifies a payment intent in requests to the provider. */
export interface IntentReference {
  /** Part of the idempotency keys. */
  bookingId: string;
  intentId: string;
  /** The amount of a complete refund. */
  amountMinor: number;
}

/**
 * When a request must have its answer, in milliseconds since the epoch. Without an answer by then its outcome is
 * unknown. A request is not sent when too little time is left. Undefined: no limit.
 */
export type Until = number | undefined;

export interface Refund {
  refundId: string;
}

/**
 * Charges and refunds money. A declined card is a returned value. An unknown outcome (no answer, or one that is not
 * final) is thrown and never called a failed payment: the caller asks again later.
 *
 * A charge takes two steps: `createIntent` takes no money, `confirm` does. After a crash between the two, a later run
 * knows the intent's id and looks up its state.
 */
export interface PaymentProvider {
  /** Creates the booking's intent. A repeated call within a day returns the same intent. */
  createIntent(bookingId: string, payment: BookingRequest['payment'], until?: Until): Promise<CreatedIntent>;
  findIntent(intentId: string, until?: Until): Promise<Intent>;
  /** Charges an intent. Repeated calls charge it once. */
  confirm(intent: IntentReference, until?: Until): Promise<ChargeOutcome>;
  /** Cancels an intent, so that it cannot be charged. Returns `charged` when it was charged already. */
  cancel(intent: IntentReference, until?: Until): Promise<ChargeOutcome>;
  /** The refund of the whole charge, if it has succeeded. Call it before `refund`: idempotency keys expire. */
  findRefund(intent: IntentReference, until?: Until): Promise<Refund | undefined>;
  /** Refunds the whole charge, once. Returns only when the refund has succeeded. */
  refund(intent: IntentReference, until?: Until): Promise<Refund>;
}

/** The provider gave no final answer. The outcome is unknown until the caller asks again. */
export class UndecidedPaymentError extends Error {
  override readonly name = 'UndecidedPaymentError';
}

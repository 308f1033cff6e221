import type { BookingRequest, ChargeOutcome } from './domain.ts';

/** What stands at the provider: not charged yet and free to be, or one of the outcomes. */
export type Intent = { kind: 'unconfirmed' } | ChargeOutcome;

type CreatedIntent =
  | { kind: 'created'; intentId: string }
  /** The provider will never accept it: there is no such payment method, say. Nothing was created. */
  | { kind: 'refused'; declineCode: string };

/** A payment intent, and what makes its idempotency keys and its refund. */
export interface IntentOf {
  bookingId: string;
  intentId: string;
  amountMinor: number;
}

export interface Refund {
  refundId: string;
}

/**
 * Who takes and gives back the money. A declined card is a value. Whatever leaves the truth unknown (no answer, or one that is
 * not final) is thrown, and never called a failed payment: the caller asks again later.
 *
 * Money is taken in two steps, so that a crash between them leaves a name to ask by: `createIntent` takes none, `confirm` does.
 */
export interface PaymentProvider {
  /** Creates the booking's intent; for a day, asking again returns the same one. */
  createIntent(bookingId: string, payment: BookingRequest['payment']): Promise<CreatedIntent>;
  findIntent(intentId: string): Promise<Intent>;
  /** Takes the money of an intent, once, however often it is called. */
  confirm(intent: IntentOf): Promise<ChargeOutcome>;
  /** Makes sure that an intent is never charged; if it was already, says so. */
  cancel(intent: IntentOf): Promise<ChargeOutcome>;
  /** The refund of all that was charged, if it succeeded already. Asked before refunding: idempotency keys are forgotten. */
  findRefund(intent: IntentOf): Promise<Refund | undefined>;
  /** Gives back all that was charged, once. Returns only when that succeeded. */
  refund(intent: IntentOf): Promise<Refund>;
}

/** The provider gave no final answer. What it did is unknown until it is asked again. */
export class UndecidedPaymentError extends Error {
  override readonly name = 'UndecidedPaymentError';
}

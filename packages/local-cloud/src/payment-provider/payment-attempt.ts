import { ApiError, docUrl } from './api-error.ts';
import type { Ledger } from './ledger.ts';
import { newId } from './objects.ts';
import type { Charge, PaymentIntent } from './objects.ts';
import { AUTHENTICATION_DECLINE } from './test-cards.ts';
import type { Decline, TestCard } from './test-cards.ts';

export interface AttemptOptions {
  errorOnRequiresAction: boolean;
  offSession: boolean;
  returnUrl: string | undefined;
  /** Unix time in seconds. */
  now: number;
}

const AUTHENTICATION_NOT_HANDLED: Decline = {
  code: 'authentication_required',
  declineCode: 'authentication_not_handled',
  message:
    'This payment required an authentication action to complete, but `error_on_requires_action` was set. ' +
    "When you're ready, you can upgrade your integration to handle actions at " +
    'https://stripe.com/docs/payments/payment-intents/upgrade-to-handle-actions.',
};

const BILLING_DETAILS = Object.freeze({
  address: { city: null, country: null, line1: null, line2: null, postal_code: null, state: null },
  email: null,
  name: null,
  phone: null,
  tax_id: null,
});
const APPROVED = Object.freeze({
  advice_code: null,
  network_advice_code: null,
  network_decline_code: null,
  network_status: 'approved_by_network',
  reason: null,
  risk_level: 'normal',
  risk_score: 20,
  seller_message: 'Payment complete.',
  type: 'authorized',
});
const UNUSED_FIELDS = Object.freeze({
  application: null,
  application_fee: null,
  application_fee_amount: null,
  billing_details: BILLING_DETAILS,
  calculated_statement_descriptor: null,
  customer: null,
  disputed: false,
  failure_balance_transaction: null,
  fraud_details: {},
  on_behalf_of: null,
  receipt_number: null,
  receipt_url: null,
  review: null,
  shipping: null,
  source: null,
  source_transfer: null,
  statement_descriptor: null,
  statement_descriptor_suffix: null,
  transfer_data: null,
  transfer_group: null,
});

/**
 * Charges the card of an intent, and stores the charge and the updated intent.
 * @throws ApiError 402 when the card is declined. As at Stripe, the failed charge and the intent are stored too.
 */
export function attemptPayment(
  ledger: Ledger,
  intent: PaymentIntent,
  paymentMethod: string,
  card: TestCard,
  options: AttemptOptions,
): PaymentIntent {
  if (card.behavior === 'authentication') {
    if (options.errorOnRequiresAction)
      throw fail(ledger, intent, paymentMethod, card, AUTHENTICATION_NOT_HANDLED, null);
    if (options.offSession) {
      const charge = addCharge(ledger, intent, paymentMethod, card, options.now, AUTHENTICATION_DECLINE);
      throw fail(ledger, intent, paymentMethod, card, AUTHENTICATION_DECLINE, charge);
    }
    return ledger.intents.put({
      ...intent,
      status: 'requires_action',
      next_action: nextAction(intent, options.returnUrl),
    });
  }
  const charge = addCharge(ledger, intent, paymentMethod, card, options.now, card.behavior);
  if (card.behavior) throw fail(ledger, intent, paymentMethod, card, card.behavior, charge);
  return ledger.intents.put({
    ...intent,
    status: 'succeeded',
    latest_charge: charge.id,
    amount_received: intent.amount,
    last_payment_error: null,
    next_action: null,
  });
}

/**
 * Stores a failed attempt. The intent loses its payment method, and needs another one before the next confirmation.
 * @returns the error to throw
 */
function fail(
  ledger: Ledger,
  intent: PaymentIntent,
  paymentMethod: string,
  card: TestCard,
  decline: Decline,
  charge: Charge | null,
): ApiError {
  const error = {
    type: 'card_error' as const,
    code: decline.code,
    decline_code: decline.declineCode,
    message: decline.message,
    ...(charge === null ? {} : { charge: charge.id }),
    payment_method: {
      id: paymentMethod,
      object: 'payment_method',
      billing_details: BILLING_DETAILS,
      created: intent.created,
      customer: null,
      livemode: false,
      metadata: {},
      ...card.details,
    },
  };
  const failed = ledger.intents.put({
    ...intent,
    status: 'requires_payment_method',
    payment_method: null,
    next_action: null,
    latest_charge: charge?.id ?? intent.latest_charge,
    last_payment_error: { ...error, doc_url: docUrl(decline.code) },
  });
  return new ApiError(402, { ...error, payment_intent: failed });
}

function addCharge(
  ledger: Ledger,
  intent: PaymentIntent,
  paymentMethod: string,
  card: TestCard,
  now: number,
  decline?: Decline,
): Charge {
  const paid = decline === undefined;
  return ledger.addCharge({
    ...UNUSED_FIELDS,
    id: newId('ch'),
    object: 'charge',
    amount: intent.amount,
    amount_captured: paid ? intent.amount : 0,
    amount_refunded: 0,
    balance_transaction: paid ? newId('txn') : null,
    captured: paid,
    created: now,
    currency: intent.currency,
    description: intent.description,
    failure_code: decline?.code ?? null,
    failure_message: decline?.message ?? null,
    livemode: false,
    metadata: intent.metadata,
    outcome: decline === undefined ? APPROVED : outcomeOf(decline),
    paid,
    payment_intent: intent.id,
    payment_method: paymentMethod,
    payment_method_details: card.details,
    receipt_email: intent.receipt_email,
    refunded: false,
    status: paid ? 'succeeded' : 'failed',
  });
}

function outcomeOf(decline: Decline): object {
  const blocked = decline.blocked === true;
  return {
    advice_code: null,
    network_advice_code: null,
    network_decline_code: null,
    network_status: blocked ? 'not_sent_to_network' : 'declined_by_network',
    reason: blocked ? 'highest_risk_level' : decline.declineCode,
    risk_level: blocked ? 'highest' : 'normal',
    risk_score: blocked ? 90 : 20,
    seller_message: blocked
      ? 'Stripe blocked this payment as too risky.'
      : `The bank returned the decline code \`${decline.declineCode}\`.`,
    type: blocked ? 'blocked' : 'issuer_declined',
  };
}

function nextAction(intent: PaymentIntent, returnUrl: string | undefined): object {
  if (returnUrl === undefined) return { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure_redirect' } };
  const url = `https://hooks.stripe.com/3d_secure_2/hosted?payment_intent=${intent.id}`;
  return { type: 'redirect_to_url', redirect_to_url: { return_url: returnUrl, url } };
}

import { checkAmount } from './amounts.ts';
import { invalidRequest, resourceMissing } from './api-error.ts';
import type { Ledger } from './ledger.ts';
import { newClientSecret, newId } from './objects.ts';
import type { PaymentIntent } from './objects.ts';
import type { Api, Operation } from './operation.ts';
import { attemptPayment } from './payment-attempt.ts';
import { readConfirmation, readPaymentMethodTypes } from './payment-intent-parameters.ts';
import type { Confirmation } from './payment-intent-parameters.ts';
import { readExpand, readPage } from './expand-and-paging.ts';
import { testCard } from './test-cards.ts';

const AMOUNT = { minimum: 1, maximum: Number.MAX_SAFE_INTEGER };
const CANCELLATION_REASONS = ['duplicate', 'fraudulent', 'requested_by_customer', 'abandoned'] as const;

const UNUSED_FIELDS = Object.freeze({
  amount_capturable: 0,
  amount_details: { tip: {} },
  application: null,
  application_fee_amount: null,
  confirmation_method: 'automatic',
  customer: null,
  customer_account: null,
  excluded_payment_method_types: null,
  managed_payments: null,
  on_behalf_of: null,
  payment_method_configuration_details: null,
  payment_method_options: null,
  payment_record: null,
  processing: null,
  review: null,
  setup_future_usage: null,
  shipping: null,
  source: null,
  statement_descriptor: null,
  statement_descriptor_suffix: null,
  transfer_data: null,
  transfer_group: null,
});

export const createPaymentIntent: Operation = ({ ledger, now }, parameters) => {
  const amount = parameters.required('amount', parameters.integer('amount', AMOUNT));
  const currency = parameters.required('currency', parameters.currency('currency'));
  const paymentMethodName = parameters.string('payment_method');
  const methods = readPaymentMethodTypes(parameters);
  const metadata = parameters.metadata();
  const description = parameters.string('description') ?? null;
  const receiptEmail = parameters.email('receipt_email') ?? null;
  const captureMethod = parameters.oneOf('capture_method', ['automatic', 'automatic_async']) ?? 'automatic_async';
  const confirm = parameters.boolean('confirm') ?? false;
  const confirmation = readConfirmation(parameters, confirm);
  const show = readExpand(parameters, ledger, 'payment_intent');
  parameters.refuseUnknown();
  checkAmount(amount, currency);
  return () => {
    const paymentMethod = paymentMethodName === undefined ? null : createPaymentMethod(ledger, paymentMethodName);
    const id = newId('pi');
    const intent: PaymentIntent = {
      ...UNUSED_FIELDS,
      id,
      object: 'payment_intent',
      ...methods,
      amount,
      amount_received: 0,
      canceled_at: null,
      cancellation_reason: null,
      capture_method: captureMethod,
      client_secret: newClientSecret(id),
      created: now(),
      currency,
      description,
      last_payment_error: null,
      latest_charge: null,
      livemode: false,
      metadata,
      next_action: null,
      payment_method: paymentMethod,
      receipt_email: receiptEmail,
      status: paymentMethod === null ? 'requires_payment_method' : 'requires_confirmation',
    };
    // When the confirmation is invalid, no intent is created. When the card is declined, the intent exists.
    return show(confirm ? confirmIntent({ ledger, now }, intent, confirmation) : ledger.intents.put(intent));
  };
};

export const confirmPaymentIntent: Operation = ({ ledger, now }, parameters, id) => {
  const paymentMethodName = parameters.string('payment_method');
  const receiptEmail = parameters.email('receipt_email');
  const confirmation = readConfirmation(parameters, true);
  const show = readExpand(parameters, ledger, 'payment_intent');
  parameters.refuseUnknown();
  return () => {
    const intent = find(ledger, id);
    refuseUnlessConfirmable(intent);
    const isOwn = paymentMethodName === undefined || paymentMethodName === intent.payment_method;
    const paymentMethod = isOwn ? intent.payment_method : createPaymentMethod(ledger, paymentMethodName);
    const updated = { ...intent, payment_method: paymentMethod, receipt_email: receiptEmail ?? intent.receipt_email };
    return show(confirmIntent({ ledger, now }, updated, confirmation));
  };
};

export const cancelPaymentIntent: Operation = ({ ledger, now }, parameters, id) => {
  const reason = parameters.oneOf('cancellation_reason', CANCELLATION_REASONS) ?? null;
  const show = readExpand(parameters, ledger, 'payment_intent');
  parameters.refuseUnknown();
  return () => {
    const intent = find(ledger, id);
    if (intent.status === 'succeeded' || intent.status === 'canceled') {
      const message =
        `You cannot cancel this PaymentIntent because it has a status of ${intent.status}. Only a PaymentIntent ` +
        'with one of the following statuses may be canceled: requires_payment_method, requires_capture, requires_confirmation, ' +
        'requires_action, processing.';
      throw unexpectedState(message, intent);
    }
    return show(
      ledger.intents.put({
        ...intent,
        status: 'canceled',
        canceled_at: now(),
        cancellation_reason: reason,
        next_action: null,
      }),
    );
  };
};

export const retrievePaymentIntent: Operation = ({ ledger }, parameters, id) => {
  const show = readExpand(parameters, ledger, 'payment_intent');
  parameters.refuseUnknown();
  return () => show(find(ledger, id));
};

export const listPaymentIntents: Operation = ({ ledger }, parameters) => {
  const page = readPage<PaymentIntent>(parameters, ledger, 'payment_intent', '/v1/payment_intents');
  parameters.refuseUnknown();
  return () => page({ values: ledger.intents.all, positionOf: (id) => ledger.intents.positionOf(id) });
};

function refuseUnlessConfirmable(intent: PaymentIntent): void {
  if (intent.status === 'succeeded') {
    const message =
      'You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.';
    throw unexpectedState(message, intent);
  }
  if (intent.status === 'canceled') {
    const message =
      'You cannot confirm this PaymentIntent because it has a status of canceled. Only a PaymentIntent with one of ' +
      'the following statuses may be confirmed: requires_confirmation, requires_payment_method, requires_action.';
    throw unexpectedState(message, intent);
  }
}

function confirmIntent({ ledger, now }: Api, intent: PaymentIntent, confirmation: Confirmation): PaymentIntent {
  const card = intent.payment_method === null ? undefined : ledger.cards.get(intent.payment_method);
  if (intent.payment_method === null || card === undefined) {
    const message =
      "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the " +
      'PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ' +
      'ConfirmationToken.';
    throw unexpectedState(message, ledger.intents.get(intent.id));
  }
  if (intent.automatic_payment_methods?.allow_redirects === 'always' && confirmation.returnUrl === undefined) {
    const message =
      'This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these ' +
      "payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want to " +
      'accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and ' +
      '`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.';
    throw invalidRequest(message, withIntent(ledger.intents.get(intent.id)));
  }
  return attemptPayment(ledger, intent, intent.payment_method, card, { ...confirmation, now: now() });
}

/** Creates a payment method from a test card. Each use of the card's name creates one, which can pay once. */
function createPaymentMethod(ledger: Ledger, name: string): string {
  const card = testCard(name);
  if (card === undefined) throw resourceMissing('PaymentMethod', name, 'payment_method');
  const id = newId('pm');
  ledger.cards.set(id, card);
  return id;
}

function find(ledger: Ledger, id: string): PaymentIntent {
  const intent = ledger.intents.get(id);
  if (intent === undefined) throw resourceMissing('payment_intent', id, 'intent', 404);
  return intent;
}

function unexpectedState(message: string, intent: PaymentIntent | undefined): Error {
  return invalidRequest(message, { code: 'payment_intent_unexpected_state', ...withIntent(intent) });
}

/** The intent for an error response. It is left out when the request was rejected before the intent was stored. */
function withIntent(intent: PaymentIntent | undefined): { payment_intent?: PaymentIntent } {
  return intent === undefined ? {} : { payment_intent: intent };
}

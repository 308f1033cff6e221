import Stripe from 'stripe';
import type { ChargeOutcome } from './domain.ts';
import {
  type Intent,
  type IntentReference,
  type PaymentProvider,
  type Refund,
  UndecidedPaymentError,
} from './payment-provider.ts';

export interface StripeOptions {
  apiKey: () => Promise<string>;
  /** URL of Stripe's API, e.g. `http://127.0.0.1:12111`. @default Stripe's own */
  url?: string | undefined;
  /** Of one attempt. @default 5000, so that both attempts at a request end before the function times out */
  timeoutMilliseconds?: number;
}

/** Includes the charge in an intent: it has the time of the payment. */
const withCharge = { expand: ['latest_charge'] };

/** Charges and refunds through Stripe's API, in the API version that the SDK pins. */
export function createStripePaymentProvider({
  apiKey,
  url,
  timeoutMilliseconds = 5000,
}: StripeOptions): PaymentProvider {
  const settings = { timeout: timeoutMilliseconds, maxNetworkRetries: 1, telemetry: false, ...(url && addressOf(url)) };
  let client: Stripe | undefined;
  const stripe = async (): Promise<Stripe> => (client ??= new Stripe(await apiKey(), settings));

  async function findIntent(intentId: string): Promise<Intent> {
    const { paymentIntents } = await stripe();
    return stateOf(await paymentIntents.retrieve(intentId, withCharge).catch(throwUndecided));
  }

  /** The outcome of an intent after Stripe refused to confirm or cancel it, because its state was final already. */
  async function outcomeAfter(error: unknown, intentId: string): Promise<ChargeOutcome> {
    const found = error instanceof Stripe.errors.StripeInvalidRequestError ? await findIntent(intentId) : undefined;
    return !found || found.kind === 'unconfirmed' ? throwUndecided(error) : found;
  }

  async function cancel({ bookingId, intentId }: IntentReference): Promise<ChargeOutcome> {
    try {
      const { paymentIntents } = await stripe();
      return requireFinal(
        stateOf(await paymentIntents.cancel(intentId, withCharge, { idempotencyKey: `${bookingId}#cancel` })),
      );
    } catch (error) {
      return outcomeAfter(error, intentId);
    }
  }

  async function findRefund({ intentId, amountMinor }: IntentReference): Promise<Refund | undefined> {
    const { refunds } = await stripe();
    const { data } = await refunds.list({ payment_intent: intentId, limit: 100 }).catch(throwUndecided);
    const unfinished = data.find(({ status }) => status === 'pending' || status === 'requires_action');
    if (unfinished) return throwUndecidedRefund(unfinished);
    // A part of the charge may have been refunded by hand in Stripe's dashboard.
    const succeeded = data.filter(({ status }) => status === 'succeeded');
    const returned = succeeded.reduce((sum, { amount }) => sum + amount, 0);
    return succeeded[0] && returned >= amountMinor ? { refundId: succeeded[0].id } : undefined;
  }

  return {
    findIntent,
    cancel,
    findRefund,

    async createIntent(bookingId, { method, amountMinor, currency }) {
      try {
        const { paymentIntents } = await stripe();
        const { id } = await paymentIntents.create(
          {
            amount: amountMinor,
            currency: currency.toLowerCase(),
            payment_method: method,
            allowed_payment_method_types: ['card'],
            // By default Stripe reports `succeeded` before it captures, and until then a refund stays pending.
            capture_method: 'automatic',
            metadata: { bookingId },
          },
          { idempotencyKey: `${bookingId}#intent` },
        );
        return { kind: 'created', intentId: id };
      } catch (error) {
        return { kind: 'refused', declineCode: declineCodeOf(error) ?? throwUndecided(error) };
      }
    },

    async confirm(intent) {
      const { bookingId, intentId } = intent;
      try {
        const { paymentIntents } = await stripe();
        const confirmed = await paymentIntents.confirm(
          intentId,
          // The passenger is not there to authenticate, so a card that requires it must be declined.
          { error_on_requires_action: true, ...withCharge },
          { idempotencyKey: `${bookingId}#confirm` },
        );
        return requireFinal(stateOf(confirmed));
      } catch (error) {
        const declineCode = declineCodeOf(error);
        if (declineCode === undefined) return outcomeAfter(error, intentId);
        if (error instanceof Stripe.errors.StripeCardError) return { kind: 'declined', declineCode };
        // Stripe refused the request, not the card, so the intent could still be charged. Cancel it before declining.
        const outcome = await cancel(intent);
        return outcome.kind === 'cancelled' ? { kind: 'declined', declineCode } : outcome;
      }
    },

    async refund(intent) {
      const { bookingId, intentId } = intent;
      try {
        const { refunds } = await stripe();
        const parameters = { payment_intent: intentId, metadata: { bookingId } };
        const refund = await refunds.create(parameters, { idempotencyKey: `${bookingId}#refund` });
        return refund.status === 'succeeded' ? { refundId: refund.id } : throwUndecidedRefund(refund);
      } catch (error) {
        const isRefunded = error instanceof Stripe.errors.StripeError && error.code === 'charge_already_refunded';
        return (isRefunded ? await findRefund(intent) : undefined) ?? throwUndecided(error);
      }
    },
  };
}

/**
 * The state of Stripe's intent (https://docs.stripe.com/payments/paymentintents/lifecycle).
 * @throws UndecidedPaymentError for any other state
 */
function stateOf({ id, status, last_payment_error, latest_charge, created }: Stripe.PaymentIntent): Intent {
  if (status === 'requires_confirmation') return { kind: 'unconfirmed' };
  if (status === 'canceled') return { kind: 'cancelled' };
  if (status === 'succeeded') {
    const seconds = typeof latest_charge === 'object' && latest_charge ? latest_charge.created : created;
    return { kind: 'charged', paidAt: new Date(seconds * 1000).toISOString() };
  }
  if (status === 'requires_payment_method' && last_payment_error) {
    return {
      kind: 'declined',
      declineCode: last_payment_error.decline_code ?? last_payment_error.code ?? 'card_declined',
    };
  }
  throw new UndecidedPaymentError(`Stripe's payment intent ${id} is ${status}: neither charged nor declined.`);
}

/** @throws UndecidedPaymentError for an unconfirmed intent */
function requireFinal(intent: Intent): ChargeOutcome {
  if (intent.kind !== 'unconfirmed') return intent;
  throw new UndecidedPaymentError('Stripe accepted the request, but the payment intent is still unconfirmed.');
}

/** Stripe's code for a final refusal of the card or of the request; undefined for an error that may pass. */
function declineCodeOf(error: unknown): string | undefined {
  if (error instanceof Stripe.errors.StripeCardError) return error.decline_code ?? error.code ?? 'card_declined';
  if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) return undefined;
  if (error.param === 'payment_method') return 'invalid_payment_method';
  // E.g. an amount below Stripe's minimum, or an unsupported currency.
  if (error.param === 'amount' || error.param === 'currency') return error.code ?? `invalid_${error.param}`;
  return undefined;
}

/**
 * For a refund that has not succeeded. A pending refund waits for balance in the Stripe account, and can still fail
 * (https://support.stripe.com/questions/pending-refunds-due-to-insufficient-funds-or-stripe-balance).
 * @throws UndecidedPaymentError always
 */
function throwUndecidedRefund({ id, status, pending_reason: why, failure_reason: failure }: Stripe.Refund): never {
  const reason = why ?? failure;
  throw new UndecidedPaymentError(
    `Stripe's refund ${id} is ${status ?? 'without status'}${reason ? ` (${reason})` : ''}.`,
  );
}

/**
 * The new error has only the fields that an operator needs, and no cause: Stripe's errors can contain the card.
 * @throws UndecidedPaymentError for an error of Stripe; any other error unchanged
 */
function throwUndecided(error: unknown): never {
  if (error instanceof UndecidedPaymentError || !(error instanceof Stripe.errors.StripeError)) throw error;
  const { type, code, statusCode, requestId, message } = error;
  const details = [type, code, statusCode, requestId].filter((detail) => detail !== undefined).join(', ');
  throw new UndecidedPaymentError(`Stripe gave no final answer (${details}): ${message}`);
}

function addressOf(url: string): { protocol: 'http' | 'https'; host: string; port: string } {
  const { protocol, hostname, port } = new URL(url);
  const isPlain = protocol === 'http:';
  return { protocol: isPlain ? 'http' : 'https', host: hostname, port: port || (isPlain ? '80' : '443') };
}

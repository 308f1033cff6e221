import Stripe from 'stripe';
import type { ChargeOutcome } from './domain.ts';
import {
  type Intent,
  type IntentOf,
  type PaymentProvider,
  type Refund,
  UndecidedPaymentError,
} from './payment-provider.ts';

export interface StripeOptions {
  apiKey: () => Promise<string>;
  /** Where Stripe's API is, e.g. `http://127.0.0.1:12111`. @default Stripe's own */
  url?: string | undefined;
  /** For one attempt. @default 5 seconds, so that the attempts at one request end before the function does */
  timeoutMilliseconds?: number;
}

/** Both let the time of a charge be read from its intent. */
const withCharge = { expand: ['latest_charge'] };

/** Takes and gives back money through Stripe's API, with the API version that the SDK pins. */
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
    return stateOf(await paymentIntents.retrieve(intentId, withCharge).catch(undecided));
  }

  /** What became of an intent whose state did not let it be confirmed or cancelled. */
  async function lookAgain(intentId: string, error: unknown): Promise<ChargeOutcome> {
    const found = error instanceof Stripe.errors.StripeInvalidRequestError ? await findIntent(intentId) : undefined;
    return !found || found.kind === 'unconfirmed' ? undecided(error) : found;
  }

  async function cancel({ bookingId, intentId }: IntentOf): Promise<ChargeOutcome> {
    try {
      const { paymentIntents } = await stripe();
      return final(
        stateOf(await paymentIntents.cancel(intentId, withCharge, { idempotencyKey: `${bookingId}#cancel` })),
      );
    } catch (error) {
      return lookAgain(intentId, error);
    }
  }

  async function findRefund({ intentId, amountMinor }: IntentOf): Promise<Refund | undefined> {
    const { refunds } = await stripe();
    const { data } = await refunds.list({ payment_intent: intentId, limit: 100 }).catch(undecided);
    const unfinished = data.find(({ status }) => status === 'pending' || status === 'requires_action');
    if (unfinished) return refused(unfinished);
    // A part may have been refunded by hand, at Stripe's dashboard.
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
            // By default Stripe says succeeded first and captures later, and until then a refund stays pending.
            capture_method: 'automatic',
            metadata: { bookingId },
          },
          { idempotencyKey: `${bookingId}#intent` },
        );
        return { kind: 'created', intentId: id };
      } catch (error) {
        return { kind: 'refused', declineCode: declineCodeOf(error) ?? undecided(error) };
      }
    },

    async confirm(intent) {
      const { bookingId, intentId } = intent;
      try {
        const { paymentIntents } = await stripe();
        const confirmed = await paymentIntents.confirm(
          intentId,
          // Nobody is there to authenticate: the passenger does not wait for this.
          { error_on_requires_action: true, ...withCharge },
          { idempotencyKey: `${bookingId}#confirm` },
        );
        return final(stateOf(confirmed));
      } catch (error) {
        const declineCode = declineCodeOf(error);
        if (declineCode === undefined) return lookAgain(intentId, error);
        if (error instanceof Stripe.errors.StripeCardError) return { kind: 'declined', declineCode };
        // The request was refused, not the card: the intent could still be charged, and must not be once it is called declined.
        const outcome = await cancel(intent);
        return outcome.kind === 'cancelled' ? { kind: 'declined', declineCode } : outcome;
      }
    },

    async refund(intent) {
      const { bookingId, intentId } = intent;
      try {
        const { refunds } = await stripe();
        const asked = { payment_intent: intentId, metadata: { bookingId } };
        const refund = await refunds.create(asked, { idempotencyKey: `${bookingId}#refund` });
        return refund.status === 'succeeded' ? { refundId: refund.id } : refused(refund);
      } catch (error) {
        const isRefunded = error instanceof Stripe.errors.StripeError && error.code === 'charge_already_refunded';
        return (isRefunded ? await findRefund(intent) : undefined) ?? undecided(error);
      }
    },
  };
}

/** https://docs.stripe.com/payments/paymentintents/lifecycle. @throws UndecidedPaymentError when the state is not final */
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

function final(intent: Intent): ChargeOutcome {
  if (intent.kind !== 'unconfirmed') return intent;
  throw new UndecidedPaymentError('Stripe took the request, but the payment intent still waits for confirmation.');
}

/** Stripe's word for a no that will stay one: of the card, or of what the request asked for. Anything else may go well later. */
function declineCodeOf(error: unknown): string | undefined {
  if (error instanceof Stripe.errors.StripeCardError) return error.decline_code ?? error.code ?? 'card_declined';
  if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) return undefined;
  if (error.param === 'payment_method') return 'invalid_payment_method';
  // An amount below Stripe's minimum, a currency that it does not take.
  if (error.param === 'amount' || error.param === 'currency') return error.code ?? `invalid_${error.param}`;
  return undefined;
}

/**
 * A pending refund is not a refund yet: Stripe lacks the balance to pay it, and it can still fail
 * (https://support.stripe.com/questions/pending-refunds-due-to-insufficient-funds-or-stripe-balance).
 */
function refused({ id, status, pending_reason: why, failure_reason: failure }: Stripe.Refund): never {
  const reason = why ?? failure;
  throw new UndecidedPaymentError(
    `Stripe's refund ${id} is ${status ?? 'without status'}${reason ? ` (${reason})` : ''}.`,
  );
}

/** Only what an operator needs is taken over: Stripe's errors can carry the card. */
function undecided(error: unknown): never {
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

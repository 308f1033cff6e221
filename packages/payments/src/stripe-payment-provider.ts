import { endBy, OutOfTimeError } from '@airline/messaging/batch-time';
import Stripe from 'stripe';
import type { ChargeOutcome } from './domain.ts';
import {
  type Intent,
  type IntentReference,
  type PaymentProvider,
  type Refund,
  UndecidedPaymentError,
  type Until,
} from './payment-provider.ts';
import { fromStripeAmount, toStripeAmount } from './stripe-amount.ts';

export interface StripeOptions {
  /** Reads the secret key: before the first request, and when Stripe refuses the key that was read before. */
  apiKey: () => Promise<string>;
  /** URL of Stripe's API, e.g. `http://127.0.0.1:12111`. @default Stripe's own */
  url?: string | undefined;
  /** Of one attempt. @default that of `stripeLimits` */
  timeoutMilliseconds?: number;
}

/** How long one request to Stripe may take. The test of the stack compares it with the time of the function. */
export const stripeLimits = {
  /** Of one attempt. */
  timeoutMilliseconds: 5000,
  /** The SDK tries a request again after a lost connection, a timeout, 409 and 5xx. */
  attempts: 2,
  /** The SDK's pause before the second attempt. */
  pauseMilliseconds: 500,
  /** With less time left, no request is sent: its answer would come too late. */
  leastMilliseconds: 1000,
};

/**
 * The keys that are tried for one operation. Stripe keeps the answer to a key for at least a day, even if it is a 500
 * (https://docs.stripe.com/api/idempotent_requests). Five tries of a message need at most five.
 */
const keysOfAnOperation = 10;

/** Includes the charge in an intent: it has the time of the payment. */
const withCharge = { expand: ['latest_charge'] };

/** What a request needs beside its parameters. */
type Options = Pick<Stripe.RequestOptions, 'timeout' | 'maxNetworkRetries' | 'idempotencyKey'>;

/**
 * Charges and refunds through Stripe's API, in the API version that the SDK pins.
 *
 * A 500 under an idempotency key is the answer to every later request with that key, and the operation may have had its
 * effect or not (https://docs.stripe.com/error-low-level#server-errors). So such a key is given up: what it should do is
 * looked up, and if it is not done, requested under another key. That moves no money twice. An intent that is never
 * recorded is never confirmed. Stripe refuses to confirm a paid intent, and to refund a refunded charge.
 */
export function createStripePaymentProvider({
  apiKey,
  url,
  timeoutMilliseconds = stripeLimits.timeoutMilliseconds,
}: StripeOptions): PaymentProvider {
  const { attempts, pauseMilliseconds, leastMilliseconds } = stripeLimits;
  const settings = { telemetry: false, ...(url && addressOf(url)) };
  let current: { key: string; stripe: Stripe } | undefined;

  async function connection(): Promise<{ key: string; stripe: Stripe }> {
    if (current) return current;
    const key = await apiKey();
    return (current = { key, stripe: new Stripe(key, settings) });
  }

  /**
   * Sends a request with the present key. If Stripe refuses the key, reads it again, because an operator may have
   * replaced it while this function was warm. Another key is tried once.
   */
  async function send<T>(until: Until, request: (stripe: Stripe, options: Options) => Promise<T>): Promise<T> {
    const used = await connection();
    try {
      return await sendWith(used.stripe, until, request);
    } catch (error) {
      if (!(error instanceof Stripe.errors.StripeAuthenticationError)) throw error;
      // Another request may have read the new key already.
      if (current === used) current = undefined;
      const renewed = await connection();
      if (renewed.key === used.key) throw error;
      return await sendWith(renewed.stripe, until, request);
    }
  }

  /** @throws UndecidedPaymentError when the answer does not come in time, or the time is too short for a request */
  async function sendWith<T>(
    stripe: Stripe,
    until: Until,
    request: (stripe: Stripe, options: Options) => Promise<T>,
  ): Promise<T> {
    const left = until === undefined ? Infinity : until - Date.now();
    if (left < leastMilliseconds)
      throw new UndecidedPaymentError('There is no time left for a request to Stripe; the next delivery continues.');
    const isLongEnough = left >= attempts * timeoutMilliseconds + (attempts - 1) * pauseMilliseconds;
    const answer = request(stripe, {
      timeout: Math.floor(Math.min(timeoutMilliseconds, left)),
      maxNetworkRetries: isLongEnough ? attempts - 1 : 0,
    });
    if (until === undefined) return answer;
    try {
      // The SDK's timeout is the longest silence of a connection, and it always tries a closed one again.
      return await endBy(until, 'The request to Stripe', answer);
    } catch (error) {
      if (!(error instanceof OutOfTimeError)) throw error;
      throw new UndecidedPaymentError('Stripe gave no answer in the time that is left; its outcome is unknown.');
    }
  }

  /**
   * Requests an operation under its key, and under another one when Stripe keeps no usable answer to it.
   * @param find the result, if the operation had its effect although its answer was an error
   */
  async function sendUnderKey<T>(
    key: string,
    until: Until,
    request: (stripe: Stripe, options: Options) => Promise<T>,
    find: () => Promise<T | undefined> = () => Promise.resolve(undefined),
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const idempotencyKey = attempt === 1 ? key : `${key}#${attempt}`;
      try {
        return await send(until, (stripe, options) => request(stripe, { ...options, idempotencyKey }));
      } catch (error) {
        if (!isKeyUsedUp(error) || attempt === keysOfAnOperation) throw error;
        const found = await find();
        if (found !== undefined) return found;
      }
    }
  }

  async function findIntent(intentId: string, until?: Until): Promise<Intent> {
    const found = send(until, ({ paymentIntents }, options) => paymentIntents.retrieve(intentId, withCharge, options));
    return stateOf(await found.catch(throwUndecided));
  }

  async function findOutcome(intentId: string, until: Until): Promise<ChargeOutcome | undefined> {
    const found = await findIntent(intentId, until);
    return found.kind === 'unconfirmed' ? undefined : found;
  }

  /** The outcome of an intent after Stripe refused to confirm or cancel it, because its state was final already. */
  async function outcomeAfter(error: unknown, intentId: string, until: Until): Promise<ChargeOutcome> {
    const isRefused = error instanceof Stripe.errors.StripeInvalidRequestError;
    return (isRefused ? await findOutcome(intentId, until) : undefined) ?? throwUndecided(error);
  }

  async function cancel({ bookingId, intentId }: IntentReference, until?: Until): Promise<ChargeOutcome> {
    try {
      return await sendUnderKey(
        `${bookingId}#cancel`,
        until,
        async ({ paymentIntents }, options) =>
          requireFinal(stateOf(await paymentIntents.cancel(intentId, withCharge, options))),
        () => findOutcome(intentId, until),
      );
    } catch (error) {
      return outcomeAfter(error, intentId, until);
    }
  }

  async function findRefund({ intentId, amountMinor }: IntentReference, until?: Until): Promise<Refund | undefined> {
    const listed = send(until, ({ refunds }, options) =>
      refunds.list({ payment_intent: intentId, limit: 100 }, options),
    );
    const { data } = await listed.catch(throwUndecided);
    const unfinished = data.find(({ status }) => status === 'pending' || status === 'requires_action');
    if (unfinished) return throwUndecidedRefund(unfinished);
    // A part of the charge may have been refunded by hand in Stripe's dashboard.
    const succeeded = data.filter(({ status }) => status === 'succeeded');
    const returned = succeeded.reduce((sum, { amount, currency }) => sum + fromStripeAmount(amount, currency), 0);
    return succeeded[0] && returned >= amountMinor ? { refundId: succeeded[0].id } : undefined;
  }

  return {
    findIntent,
    cancel,
    findRefund,

    async createIntent(bookingId, { method, amountMinor, currency }, until) {
      const amount = toStripeAmount(amountMinor, currency);
      if (typeof amount !== 'number') return { kind: 'refused', declineCode: amount.code };
      try {
        const { id } = await sendUnderKey(`${bookingId}#intent`, until, ({ paymentIntents }, options) =>
          paymentIntents.create(
            {
              amount,
              currency: currency.toLowerCase(),
              payment_method: method,
              allowed_payment_method_types: ['card'],
              // By default Stripe reports `succeeded` before it captures, and until then a refund stays pending.
              capture_method: 'automatic',
              metadata: { bookingId },
            },
            options,
          ),
        );
        return { kind: 'created', intentId: id };
      } catch (error) {
        return { kind: 'refused', declineCode: declineCodeOf(error) ?? throwUndecided(error) };
      }
    },

    async confirm(intent, until) {
      const { bookingId, intentId } = intent;
      try {
        return await sendUnderKey(
          `${bookingId}#confirm`,
          until,
          async ({ paymentIntents }, options) =>
            requireFinal(
              stateOf(
                // The passenger is not there to authenticate, so a card that requires it must be declined.
                await paymentIntents.confirm(intentId, { error_on_requires_action: true, ...withCharge }, options),
              ),
            ),
          () => findOutcome(intentId, until),
        );
      } catch (error) {
        const declineCode = declineCodeOf(error);
        if (declineCode === undefined) return outcomeAfter(error, intentId, until);
        if (error instanceof Stripe.errors.StripeCardError) return { kind: 'declined', declineCode };
        // Stripe refused the request, not the card, so the intent could still be charged. Cancel it before declining.
        const outcome = await cancel(intent, until);
        return outcome.kind === 'cancelled' ? { kind: 'declined', declineCode } : outcome;
      }
    },

    async refund(intent, until) {
      const { bookingId, intentId } = intent;
      const parameters = { payment_intent: intentId, metadata: { bookingId } };
      try {
        return await sendUnderKey<Refund>(
          `${bookingId}#refund`,
          until,
          async ({ refunds }, options) => {
            const refund = await refunds.create(parameters, options);
            if (refund.status === 'succeeded') return { refundId: refund.id };
            // The refund as it was up to a day ago. If it still is pending, `findRefund` will say so.
            if (isReplayed(refund.lastResponse.headers)) throw new OutdatedAnswerError(sentenceOf(refund));
            return throwUndecidedRefund(refund);
          },
          () => findRefund(intent, until),
        );
      } catch (error) {
        const isRefunded = error instanceof Stripe.errors.StripeError && error.code === 'charge_already_refunded';
        return (isRefunded ? await findRefund(intent, until) : undefined) ?? throwUndecided(error);
      }
    },
  };
}

/** Stripe repeats an answer that was not final, and keeps it for a day. */
class OutdatedAnswerError extends UndecidedPaymentError {}

/**
 * Whether no request with this key can get an answer: Stripe repeats a server error or an outdated answer, or the key
 * was first used with other parameters, by another version of this code.
 */
function isKeyUsedUp(error: unknown): boolean {
  if (error instanceof Stripe.errors.StripeIdempotencyError || error instanceof OutdatedAnswerError) return true;
  if (!(error instanceof Stripe.errors.StripeError)) return false;
  return (error.statusCode ?? 0) >= 500 && isReplayed(error.headers);
}

function isReplayed(headers: Record<string, string> | undefined): boolean {
  return headers?.['idempotent-replayed'] === 'true';
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
function throwUndecidedRefund(refund: Stripe.Refund): never {
  throw new UndecidedPaymentError(sentenceOf(refund));
}

function sentenceOf({ id, status, pending_reason: why, failure_reason: failure }: Stripe.Refund): string {
  const reason = why ?? failure;
  return `Stripe's refund ${id} is ${status ?? 'without status'}${reason ? ` (${reason})` : ''}.`;
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

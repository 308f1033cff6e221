import { randomBytes } from 'node:crypto';

/**
 * The objects of Stripe's API, as clients receive them (API version 2026-10-28.endive). Stored objects are immutable:
 * an update replaces the object, so the stored responses of idempotency keys do not change.
 */
export interface PaymentIntent {
  readonly id: string;
  readonly object: 'payment_intent';
  readonly allowed_payment_method_types: readonly string[] | null;
  readonly amount: number;
  readonly amount_received: number;
  readonly automatic_payment_methods: {
    readonly allow_redirects: 'always' | 'never';
    readonly enabled: boolean;
  } | null;
  readonly canceled_at: number | null;
  readonly cancellation_reason: string | null;
  readonly capture_method: 'automatic' | 'automatic_async';
  readonly client_secret: string;
  readonly created: number;
  readonly currency: string;
  readonly description: string | null;
  readonly last_payment_error: object | null;
  readonly latest_charge: string | null;
  readonly livemode: false;
  readonly metadata: Readonly<Record<string, string>>;
  readonly next_action: object | null;
  readonly payment_method: string | null;
  readonly payment_method_types: readonly string[];
  readonly receipt_email: string | null;
  readonly status: 'requires_payment_method' | 'requires_confirmation' | 'requires_action' | 'succeeded' | 'canceled';
}

export interface Charge {
  readonly id: string;
  readonly object: 'charge';
  readonly amount: number;
  readonly amount_captured: number;
  readonly amount_refunded: number;
  readonly balance_transaction: string | null;
  readonly captured: boolean;
  readonly created: number;
  readonly currency: string;
  readonly description: string | null;
  readonly failure_code: string | null;
  readonly failure_message: string | null;
  readonly livemode: false;
  readonly metadata: Readonly<Record<string, string>>;
  readonly outcome: object;
  readonly paid: boolean;
  readonly payment_intent: string;
  readonly payment_method: string;
  readonly payment_method_details: object;
  readonly receipt_email: string | null;
  readonly refunded: boolean;
  readonly status: 'succeeded' | 'failed';
}

export interface Refund {
  readonly id: string;
  readonly object: 'refund';
  readonly amount: number;
  readonly balance_transaction: string;
  readonly charge: string;
  readonly created: number;
  readonly currency: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly payment_intent: string;
  readonly reason: string | null;
  readonly status: 'succeeded';
}

export type ApiObject = PaymentIntent | Charge | Refund;

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A random id in Stripe's form: `pi_3MtwBwLkdIwHu7ix28a3tqPa`. */
export function newId(prefix: 'pi' | 'ch' | 're' | 'txn' | 'pm'): string {
  return `${prefix}_3${randomCharacters(23)}`;
}

export function newRequestId(): string {
  return `req_${randomCharacters(14)}`;
}

export function newClientSecret(intentId: string): string {
  return `${intentId}_secret_${randomCharacters(25)}`;
}

function randomCharacters(count: number): string {
  return Buffer.from(randomBytes(count).map((byte) => ALPHABET.charCodeAt(byte % ALPHABET.length))).toString('latin1');
}

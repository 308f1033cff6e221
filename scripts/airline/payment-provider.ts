import type Stripe from 'stripe';
import type { Target } from './target.ts';

/** A client of the payment provider of an airline. @param options of Stripe's SDK */
export async function openPaymentProvider(
  target: Target,
  options: Pick<Stripe.StripeConfig, 'timeout' | 'maxNetworkRetries'> = {},
): Promise<Stripe> {
  // Loading the SDK takes a quarter of a second, and most commands need it rarely.
  const { default: Client } = await import('stripe');
  const url = target.endpoint ?? process.env.STRIPE_API_URL;
  return new Client(await target.secret(await stripeKeyOf(target)), {
    telemetry: false,
    ...options,
    ...(url && addressOf(url)),
  });
}

/** The key that may only read charges, if an operator has stored one; if not, the key with which payments charges. */
export async function stripeKeyOf(target: Target): Promise<string> {
  const restricted = 'payments/stripe-read-key';
  return (await target.parameters()).has(restricted) ? restricted : 'payments/stripe-api-key';
}

function addressOf(url: string): { protocol: 'http' | 'https'; host: string; port: string } {
  const { protocol, hostname, port } = new URL(url);
  const isPlain = protocol === 'http:';
  return { protocol: isPlain ? 'http' : 'https', host: hostname, port: port || (isPlain ? '80' : '443') };
}

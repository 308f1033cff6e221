import { createPaymentProvider } from '@airline/local-cloud/payment-provider/payment-provider';
import { minorUnitDigits } from '@airline/events-schemas/currency';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import { fromStripeAmount, toStripeAmount } from '../src/stripe-amount.ts';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('');
/** Every currency of ISO 4217. */
const currencies = letters
  .flatMap((first) => letters.flatMap((second) => letters.map((third) => first + second + third)))
  .filter((code) => minorUnitDigits(code) !== undefined);
/** The decimals that a reader of https://docs.stripe.com/currencies would write on the bill. */
const stripeDecimals = (currency: string): number => {
  if ('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.includes(currency)) return 0;
  return 'BHD JOD KWD OMR TND'.includes(currency) ? 3 : 2;
};

let server: Server;
let stripe: Stripe;

beforeAll(async () => {
  server = createServer(createPaymentProvider().handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  stripe = new Stripe('sk_test', { host: '127.0.0.1', port, protocol: 'http', telemetry: false, maxNetworkRetries: 0 });
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** What Stripe answers to an amount: nothing when it accepts it, else the parameter that it refuses. */
async function refusedBy(amount: number, currency: string): Promise<string | undefined> {
  const allowed = { allowed_payment_method_types: ['card'] };
  return stripe.paymentIntents.create({ amount, currency: currency.toLowerCase(), ...allowed }).then(
    () => undefined,
    ({ code, param }: Stripe.errors.StripeInvalidRequestError) => code ?? param,
  );
}

test('there are the currencies of ISO 4217 to be tested', () => {
  expect(currencies.length).toBeGreaterThan(160);
});

describe('for every currency of ISO 4217 and every amount', () => {
  const amounts = fc.oneof(
    fc.integer({ min: 1, max: 99_999_999 }),
    fc.integer({ min: 1, max: 999_999 }).map((units) => units * 100),
  );

  test('the charge means the same money and comes back as the same amount, or is refused', () => {
    fc.assert(
      fc.property(fc.constantFrom(...currencies), amounts, (currency, amountMinor) => {
        const amount = toStripeAmount(amountMinor, currency);
        if (typeof amount !== 'number') {
          expect(amount.code).toMatch(/^[a-z_]+$/);
          expect(amount.message.length).toBeGreaterThan(10);
          return;
        }
        // In whole numbers: amount / 10^stripe = amountMinor / 10^iso.
        const [iso, onStripe] = [10 ** minorUnitDigits(currency)!, 10 ** stripeDecimals(currency)];
        expect(BigInt(amount) * BigInt(iso)).toBe(BigInt(amountMinor) * BigInt(onStripe));
        expect(fromStripeAmount(amount, currency.toLowerCase())).toBe(amountMinor);
      }),
      { numRuns: 3000 },
    );
  });

  test('what payments sends is what Stripe takes, apart from its smallest charges', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...currencies), amounts, async (currency, amountMinor) => {
        const amount = toStripeAmount(amountMinor, currency);
        if (typeof amount === 'number')
          expect([undefined, 'amount_too_small']).toContain(await refusedBy(amount, currency));
        else if (amount.code === 'unsupported_currency') expect(await refusedBy(1000, currency)).toBe('currency');
      }),
      { numRuns: 300 },
    );
  });

  test('payments refuses no currency that Stripe charges', async () => {
    const refused = currencies.filter((currency) => typeof toStripeAmount(100_000, currency) !== 'number');
    for (const currency of refused)
      expect([currency, await refusedBy(100_000, currency)]).toEqual([currency, 'currency']);
  });
});

test.each<[string, number, number]>([
  ['EUR', 8_100, 8_100],
  ['HUF', 1_234_567, 1_234_567],
  ['TWD', 30_000, 30_000],
  ['JPY', 12_000, 12_000],
  // https://docs.stripe.com/currencies#special-cases: "to charge 5 ISK, provide an amount value of 500"
  ['ISK', 5, 500],
  ['UGX', 5, 500],
  ['KWD', 5_120, 5_120],
  // Stripe's ariary has no decimals, ISO's has two.
  ['MGA', 500_000, 5_000],
])('%s %i is the amount %i at Stripe', (currency, amountMinor, amount) => {
  expect(toStripeAmount(amountMinor, currency)).toBe(amount);
  expect(fromStripeAmount(amount, currency)).toBe(amountMinor);
});

test.each<[string, number, string, string]>([
  ['KWD', 5_124, 'inexpressible_amount', 'is no multiple of 10 minor units'],
  ['MGA', 500_050, 'inexpressible_amount', 'is no multiple of 100 minor units'],
  ['ISK', 1_000_000, 'amount_too_large', 'is more than 999999 minor units'],
  ['IQD', 10_000, 'unsupported_currency', 'that Stripe does not charge'],
  ['LYD', 10_000, 'unsupported_currency', 'that Stripe does not charge'],
  ['CLF', 10_000, 'unsupported_currency', 'that Stripe does not charge'],
  ['XXX', 10_000, 'unsupported_currency', 'that Stripe does not charge'],
])('%s %i is refused: %s', (currency, amountMinor, code, message) => {
  expect(toStripeAmount(amountMinor, currency)).toEqual({ code, message: expect.stringContaining(message) });
});

test('an amount in a currency that payments never charges is shown as Stripe says it', () => {
  expect(fromStripeAmount(1_250, 'usdc')).toBe(1_250);
});

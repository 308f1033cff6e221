import { minorUnitDigits } from '@airline/events-schemas/currency';

/** Why Stripe cannot charge an amount. */
export interface AmountRefusal {
  /** The `declineCode` of the payment. */
  code: 'unsupported_currency' | 'inexpressible_amount' | 'amount_too_large';
  /** Continues a sentence that begins with the amount. */
  message: string;
}

// Stripe's scale (https://docs.stripe.com/currencies), where it is not two decimals.
const zeroDecimals = 'BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF';
const threeDecimals = 'BHD JOD KWD OMR TND';
/** Without decimals in fact, but Stripe kept the two decimals that they had. They must be 00. */
const twoDecimalsThatAreZero = 'ISK UGX';
/**
 * Of ISO 4217, what Stripe's answer to an unknown currency does not list: funds codes, units of account, and currencies
 * that no card network settles.
 */
const unsupported =
  'BOV CHE CHW CLF COU CUP ERN IQD IRR KPW LYD MRU MXV SDG SSP STN SYP TMT USN UYI UYW VED VES XAD ZWG';

/** "The amount value supports up to eight digits" (https://docs.stripe.com/api/payment_intents/create). */
const largestAmount = 99_999_999;

/**
 * An amount of the contract, in ISO 4217 minor units, as the `amount` of Stripe's API. It means the same money, or is
 * refused: Stripe's scale differs from ISO's for ISK, UGX and MGA, and three-decimal amounts must end in 0.
 */
export function toStripeAmount(amountMinor: number, currency: string): number | AmountRefusal {
  const scale = scaleOf(currency);
  if (!scale) return { code: 'unsupported_currency', message: 'is in a currency that Stripe does not charge' };
  // In units of the smaller scale, so that there are no fractions.
  const amount = (amountMinor * scale.stripe) / scale.iso;
  if (!Number.isSafeInteger(amount) || amount % scale.step !== 0) {
    const step = Math.max((scale.step * scale.iso) / scale.stripe, 1);
    return { code: 'inexpressible_amount', message: `is no multiple of ${step} minor units, as Stripe requires` };
  }
  if (amount > largestAmount) {
    const largest = Math.floor((largestAmount * scale.iso) / scale.stripe);
    return { code: 'amount_too_large', message: `is more than ${largest} minor units, the most that Stripe charges` };
  }
  return amount;
}

/** An amount of Stripe's API in ISO 4217 minor units. In a currency that payments never charges it is unchanged. */
export function fromStripeAmount(amount: number, currency: string): number {
  const scale = scaleOf(currency.toUpperCase());
  return scale ? (amount * scale.iso) / scale.stripe : amount;
}

/** Units for one unit of the currency, and the step of Stripe's amounts. Undefined for what Stripe does not charge. */
function scaleOf(currency: string): { iso: number; stripe: number; step: number } | undefined {
  const isoDigits = minorUnitDigits(currency);
  const isIn = (codes: string): boolean => codes.split(' ').includes(currency);
  if (isoDigits === undefined || isIn(unsupported)) return undefined;
  const digits = isIn(zeroDecimals) ? 0 : isIn(threeDecimals) ? 3 : 2;
  const step = isIn(twoDecimalsThatAreZero) ? 100 : digits === 3 ? 10 : 1;
  return { iso: 10 ** isoDigits, stripe: 10 ** digits, step };
}

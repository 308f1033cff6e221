import { invalidRequest } from './api-error.ts';

// https://docs.stripe.com/currencies: the currencies as Stripe's answer to an unknown one lists them, their decimals,
// and the special cases. Lower case, as in the API.
const SUPPORTED =
  'usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf clp ' +
  'cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl hrk htg huf idr ils inr ' +
  'isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr ' +
  'mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd ' +
  'std szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw btn ghs svc';
const CURRENCIES = new Set(SUPPORTED.split(' '));
const ZERO_DECIMAL = new Set('bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' '));
const THREE_DECIMAL = new Set('bhd jod kwd omr tnd'.split(' '));
const EFFECTIVELY_ZERO_DECIMAL = new Set(['isk', 'ugx']);

/** "The amount value supports up to eight digits", and twelve for IDR. */
const MAXIMUM = 99_999_999;
const MAXIMUM_IDR = 999_999_999_999;
/**
 * The smallest charges of an account that settles in the charge's currency. Of other currencies Stripe converts the
 * amount to the account's own currency first, which nobody can do here.
 */
const MINIMUM: Record<string, number> = {
  ...{ usd: 50, aed: 200, aud: 50, bgn: 100, brl: 50, cad: 50, chf: 50, czk: 1500, dkk: 250, eur: 50, gbp: 30 },
  ...{ hkd: 400, huf: 17_500, inr: 50, jpy: 50, mxn: 1000, myr: 200, nok: 300, nzd: 50, pln: 200, ron: 200 },
  ...{ sek: 300, sgd: 50, thb: 1000 },
};

/** @throws ApiError for a currency that Stripe does not charge */
export function checkCurrency(currency: string, param: string): void {
  if (CURRENCIES.has(currency)) return;
  const list = [...CURRENCIES].join(', ');
  throw invalidRequest(`Invalid currency: ${currency}. Stripe currently supports these currencies: ${list}`, { param });
}

/** @throws ApiError for an amount that Stripe does not charge in this currency */
export function checkAmount(amount: number, currency: string): void {
  const param = 'amount';
  if (EFFECTIVELY_ZERO_DECIMAL.has(currency) && amount % 100 !== 0) {
    const message =
      `Invalid amount. Currency ${currency.toUpperCase()} has become effectively zero-decimal and charged amounts must ` +
      'be evenly divisible by 100. See https://stripe.com/docs/currencies#zero-decimal for more information.';
    throw invalidRequest(message, { param });
  }
  if (THREE_DECIMAL.has(currency) && amount % 10 !== 0) {
    const message = `Invalid amount. The last digit of an amount in the three-decimal currency ${currency.toUpperCase()} must be 0.`;
    throw invalidRequest(message, { param });
  }
  const maximum = currency === 'idr' ? MAXIMUM_IDR : MAXIMUM;
  if (amount > maximum) {
    const message = `Amount must be no more than ${money(maximum, currency)}`;
    throw invalidRequest(message, { code: 'amount_too_large', param });
  }
  const minimum = MINIMUM[currency] ?? 1;
  if (amount < minimum) {
    const message = `Amount must be at least ${money(minimum, currency)} ${currency}`;
    throw invalidRequest(message, { code: 'amount_too_small', param });
  }
}

/** An amount of the API in words: "$12.50"; "¥1,250" for a currency without decimals. */
export function money(amount: number, currency: string): string {
  const digits = ZERO_DECIMAL.has(currency) ? 0 : THREE_DECIMAL.has(currency) ? 3 : 2;
  const format = new Intl.NumberFormat('en-US', {
    style: 'currency',
    currency: currency.toUpperCase(),
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return format.format(amount / 10 ** digits);
}

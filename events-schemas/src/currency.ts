/**
 * The currencies of ISO 4217, list one (https://www.six-group.com/en/products-services/financial-information/data-standards.html,
 * 2026-01-01), by the digits of their minor unit. Not `Intl`'s: CLDR counts the digits that people use (HUF 0, ISO 2),
 * and each release of Node brings another CLDR. Metals, test codes and other codes without a minor unit are left out.
 */
const codesByDigits: Record<number, string> = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
  2:
    'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP ' +
    'COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR ' +
    'JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN ' +
    'NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL ' +
    'THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG',
  3: 'BHD IQD JOD KWD LYD OMR TND',
  4: 'CLF UYW',
};

const digits: ReadonlyMap<string, number> = new Map(
  Object.entries(codesByDigits).flatMap(([count, codes]) => codes.split(' ').map((code) => [code, Number(count)])),
);

/** The digits of a currency's minor unit (EUR 2, JPY 0, KWD 3); undefined for a code that ISO 4217 does not list. */
export function minorUnitDigits(currency: string): number | undefined {
  return digits.get(currency);
}

/** An amount in words for people, with the digits of its currency: `EUR 1,234.50`, `JPY 12,345`, `KWD 1.250`. */
export function formatMoney(amountMinor: number, currency: string): string {
  const count = minorUnitDigits(currency) ?? 2;
  const text = String(Math.abs(amountMinor)).padStart(count + 1, '0');
  const whole = text.slice(0, text.length - count).replaceAll(/\B(?=(\d{3})+$)/g, ',');
  const sign = amountMinor < 0 ? '-' : '';
  return `${currency} ${sign}${whole}${count > 0 ? `.${text.slice(-count)}` : ''}`;
}

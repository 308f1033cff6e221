import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatMoney, minorUnitDigits } from '../src/currency.ts';

test.each([
  [1234567, 'HUF', 'HUF 12,345.67'],
  [1234567, 'ISK', 'ISK 1,234,567'],
  [1234567, 'JPY', 'JPY 1,234,567'],
  [1234567, 'KWD', 'KWD 1,234.567'],
  [1234567, 'CLF', 'CLF 123.4567'],
  [5, 'EUR', 'EUR 0.05'],
  [5, 'KWD', 'KWD 0.005'],
  [0, 'JPY', 'JPY 0'],
  [-123456, 'EUR', 'EUR -1,234.56'],
  [99999999, 'EUR', 'EUR 999,999.99'],
])('%d minor units of %s are %s', (amount, currency, text) => {
  expect(formatMoney(amount, currency)).toBe(text);
});

test.each(['EURO', 'eur', 'ZZZ', 'XAU', 'DEM', '', '__proto__'])('%j is no currency of ISO 4217', (code) => {
  expect(minorUnitDigits(code)).toBeUndefined();
});

test('an amount in words is the amount: nothing is rounded', () => {
  const currency = fc.constantFrom('EUR', 'HUF', 'JPY', 'ISK', 'UGX', 'KWD', 'TND', 'CLF');
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999_999_999 }), currency, (amount, code) => {
      const text = formatMoney(amount, code);
      expect(text).toMatch(/^[A-Z]{3} \d{1,3}(,\d{3})*(\.\d+)?$/);
      expect((text.split('.')[1] ?? '').length).toBe(minorUnitDigits(code));
      expect(Number(text.replaceAll(/\D/g, ''))).toBe(amount);
    }),
  );
});

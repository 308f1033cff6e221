import { expect, test } from '@jest/globals';
import { printableData } from '../../../cli/answer.ts';
import { money, table } from '../../../cli/format.ts';

test('every string of an answer is printable, and nothing else changes', () => {
  const data = { text: '\u202e', list: [{ text: 'x'.repeat(2000) }], count: 1, none: null, left: undefined, ok: true };
  expect(printableData(data)).toEqual({
    ...data,
    text: String.raw`\u{202e}`,
    list: [{ text: `${'x'.repeat(1000)}… (2000 characters)` }],
  });
});

test('a table with a million characters in a cell takes no quadratic time', () => {
  const cell = 'x'.repeat(1_000_000);
  const [head, row] = table(['Long', 'Short'], [[cell, 'y']]).split('\n');
  expect(head).toMatch(/^Long {100,}Short$/);
  expect(row === `${cell}  y`).toBe(true);
});

test.each([
  [1_234_567, 'HUF', 'HUF 12,345.67'],
  [8100, 'EUR', 'EUR 81.00'],
  [8100, 'JPY', 'JPY 8,100'],
])('%d of %s is %s', (amountMinor, currency, text) => {
  expect(money({ amountMinor, currency })).toBe(text);
});

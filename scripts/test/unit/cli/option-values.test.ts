import { describe, expect, test } from '@jest/globals';
import {
  age,
  bookingId,
  moment,
  positiveInteger,
  positiveNumber,
  repeated,
  seed,
  wholeSeconds,
} from '../../../cli/option-values.ts';

test.each([
  ['90s', 90_000],
  ['10m', 600_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
])('an age of %s', (text, milliseconds) => {
  expect(age(text)).toBe(milliseconds);
});

test('a moment is a time with its zone, or an age', () => {
  expect(moment('2026-11-24T10:30:00+01:00')).toEqual(new Date('2026-11-24T09:30:00Z'));
  const before = Date.now();
  const at = moment('2h').getTime();
  expect(at).toBeGreaterThanOrEqual(before - 7_200_000);
  expect(at).toBeLessThanOrEqual(Date.now() - 7_200_000);
});

test('a booking id is the same booking in capitals', () => {
  expect(bookingId('7F8C2F0E-3B1A-4C7E-9D55-1F6A2B3C4D5E')).toBe('7f8c2f0e-3b1a-4c7e-9d55-1f6a2b3c4d5e');
});

test('a repeated option collects its values', () => {
  expect(repeated('12B', repeated('12A', []))).toEqual(['12A', '12B']);
});

describe('a value that is refused', () => {
  test.each<[string, (text: string) => unknown, string[]]>([
    ['age', age, ['10', 'm', '1.5h', '-1s', '1w', '', '1234567s', '999999999999d']],
    [
      'booking id',
      bookingId,
      ['', 'settled', '7f8c2f0e3b1a4c7e9d551f6a2b3c4d5e', '7f8c2f0e-3b1a-1c7e-9d55-1f6a2b3c4d5e'],
    ],
    ['moment', moment, ['yesterday', '2026-11-24', '2026-11-24T09:30:00', '2026-13-24T09:30:00Z', '']],
    ['moment of no day', moment, ['2027-02-29T00:00:00Z', '2027-04-31T00:00:00+01:00', '2016-12-31T23:59:60Z']],
    ['moment before 1970', moment, ['999999d', '999999999999d', '1969-12-31T23:59:59Z', '0000-01-01T00:00:00Z']],
    [
      'positive integer',
      positiveInteger,
      ['0', '-1', '1.5', 'many', '', '0x10', '1e3', ' 5', '9007199254740993', '１'],
    ],
    ['positive number', positiveNumber, ['0', '-1', 'Infinity', 'many', '', '0x10', '1e3', '.5', ' 5']],
    ['seed', seed, ['-1', '1.5', '', '1234567890', '99999999999999999999']],
    ['whole number of seconds', wholeSeconds, ['-1', '1.5', '10m', '1234567', '']],
  ])('as %s', (_, parse, texts) => {
    for (const text of texts) expect(() => parse(text)).toThrow('It must be');
  });
});

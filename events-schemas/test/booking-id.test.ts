import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readBookingId } from '../src/booking-id.ts';

const anyCase = (text: string): fc.Arbitrary<string> =>
  fc.mixedCase(fc.constant(text.toLowerCase()), { untoggleAll: (raw) => raw.toLowerCase() });

test('a booking id in capitals, or in any mixture, is the same booking', () => {
  fc.assert(
    fc.property(
      fc.uuid({ version: 4 }).chain((id) => fc.tuple(fc.constant(id), anyCase(id))),
      ([id, written]) => readBookingId(written) === id,
    ),
  );
});

test.each([
  ['another version of UUID', '7f8c2f0e-3b1a-1c7e-9d55-1f6a2b3c4d5e'],
  ['another variant of UUID', '7f8c2f0e-3b1a-4c7e-7d55-1f6a2b3c4d5e'],
  ['a space in front', ' 7f8c2f0e-3b1a-4c7e-9d55-1f6a2b3c4d5e'],
  ['a line break behind', '7f8c2f0e-3b1a-4c7e-9d55-1f6a2b3c4d5e\n'],
  ['no hyphens', '7f8c2f0e3b1a4c7e9d551f6a2b3c4d5e'],
  ['letters of another script', '7f8c2f0e-3b1a-4c7e-9d55-1f6a2b3c4d5\u212a'],
  ['nothing', ''],
])('%s is no booking id', (_, text) => {
  expect(readBookingId(text)).toBeUndefined();
});

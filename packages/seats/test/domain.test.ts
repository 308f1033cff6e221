import { describe, expect, test } from '@jest/globals';
import { admit, fareOf, reasonForPaymentFailure, seatsOf, type Situation } from '../src/domain.ts';
import { flight, now, request } from './fixtures.ts';

const nobody: Situation = { flight: flight(), holders: new Map(), now };
const payment = { method: 'pm_card_visa', amountMinor: 8_100, currency: 'EUR' };

describe('admitting a request', () => {
  test('free seats at the right fare may be claimed', () => {
    expect(admit(request({ seats: ['12A', '12C'] }), false, nobody)).toEqual({ kind: 'claim' });
  });

  test('seats that bear the booking already may be claimed again', () => {
    const asked = request();
    expect(admit(asked, false, { ...nobody, holders: new Map([['12A', asked.bookingId]]) })).toEqual({ kind: 'claim' });
  });

  test.each([
    ['a flight that is not scheduled', request(), { ...nobody, flight: undefined }, 'unknown-flight', []],
    ['a row that the aircraft lacks', request({ seats: ['12A', '99A'] }), nobody, 'unknown-seat', ['99A']],
    ['a letter that the row lacks', request({ seats: ['12B'] }), nobody, 'unknown-seat', ['12B']],
    ['a flight that has left', request(), { ...nobody, now: '2026-12-18T06:37:00Z' }, 'departed', []],
    ['a request that has expired', request({ expiresAt: now }), nobody, 'expired', []],
    ['a fare that is too low', request({ payment: { ...payment, amountMinor: 1 } }), nobody, 'fare-mismatch', []],
    ['a fare in another currency', request({ payment: { ...payment, currency: 'USD' } }), nobody, 'fare-mismatch', []],
    [
      'a seat of another booking',
      request({ seats: ['12A', '12C'] }),
      { ...nobody, holders: new Map([['12C', 'another']]) },
      'taken',
      ['12C'],
    ],
  ] as const)('%s is refused', (_, asked, situation, reason, unavailableSeats) => {
    expect(admit(asked, false, situation as Situation)).toEqual({ kind: 'refused', reason, unavailableSeats });
  });

  test('a request that was paid before it expired is not refused for coming late', () => {
    expect(admit(request({ expiresAt: now }), true, nobody)).toEqual({ kind: 'claim' });
  });
});

test('a fare is the sum over cabins', () => {
  expect(fareOf(flight(), ['1A', '12A', '12C'])).toEqual({ amountMinor: 22_680 + 2 * 8_100, currency: 'EUR' });
});

test('a flight has the seats of all its cabins, front to back', () => {
  const seats = seatsOf(flight()).map(({ seat }) => seat);
  expect(seats).toHaveLength(5 * 4 + 21 * 4);
  expect(seats.slice(0, 5)).toEqual(['1A', '1C', '1D', '1F', '2A']);
});

test.each([
  ['declined', 'payment-failed'],
  ['expired', 'expired'],
  ['cancelled', 'cancelled'],
] as const)('a payment that failed as %s is refused as %s', (theirs, ours) => {
  expect(reasonForPaymentFailure(theirs)).toBe(ours);
});

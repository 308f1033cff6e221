import { describe, expect, test } from '@jest/globals';
import { admit, fareOf, reasonForPaymentFailure, seatsOf, type Situation } from '../src/domain.ts';
import { flight, now, request } from './fixtures.ts';

const allSeatsFree: Situation = { flight: flight(), holders: new Map(), now };
const payment = { method: 'pm_card_visa', amountMinor: 8_100, currency: 'EUR' };

describe('admitting a request', () => {
  test('free seats at the right fare may be claimed', () => {
    expect(admit(request({ seats: ['12A', '12C'] }), undefined, allSeatsFree)).toEqual({ kind: 'claim' });
  });

  test('seats that the booking already holds may be claimed again', () => {
    const booking = request();
    expect(admit(booking, undefined, { ...allSeatsFree, holders: new Map([['12A', booking.bookingId]]) })).toEqual({
      kind: 'claim',
    });
  });

  test.each([
    ['a flight that is not scheduled', request(), { ...allSeatsFree, flight: undefined }, 'unknown-flight', []],
    ['a row that the aircraft lacks', request({ seats: ['12A', '99A'] }), allSeatsFree, 'unknown-seat', ['99A']],
    ['a letter that the row lacks', request({ seats: ['12B'] }), allSeatsFree, 'unknown-seat', ['12B']],
    ['a flight that has left', request(), { ...allSeatsFree, now: '2026-12-18T06:37:00Z' }, 'departed', []],
    ['a request that has expired', request({ expiresAt: now }), allSeatsFree, 'expired', []],
    ['a fare that is too low', request({ payment: { ...payment, amountMinor: 1 } }), allSeatsFree, 'fare-mismatch', []],
    [
      'a fare in another currency',
      request({ payment: { ...payment, currency: 'USD' } }),
      allSeatsFree,
      'fare-mismatch',
      [],
    ],
    [
      'a seat of another booking',
      request({ seats: ['12A', '12C'] }),
      { ...allSeatsFree, holders: new Map([['12C', 'another']]) },
      'taken',
      ['12C'],
    ],
  ] as const)('%s is refused', (_, booking, situation, reason, unavailableSeats) => {
    expect(admit(booking, undefined, situation as Situation)).toEqual({ kind: 'refused', reason, unavailableSeats });
  });

  test('an expired request that was paid in time is not refused', () => {
    expect(admit(request({ expiresAt: now }), { amountMinor: 8_100, currency: 'EUR' }, allSeatsFree)).toEqual({
      kind: 'claim',
    });
  });

  test.each([
    ['another amount', { amountMinor: 1, currency: 'EUR' }],
    ['another currency', { amountMinor: 8_100, currency: 'USD' }],
  ])('a request at its fare is refused if %s was paid', (_, paid) => {
    expect(admit(request(), paid, allSeatsFree)).toMatchObject({ reason: 'fare-mismatch' });
  });
});

test('the fare of seats in two cabins is the sum of their fares', () => {
  expect(fareOf(flight(), ['1A', '12A', '12C'])).toEqual({ amountMinor: 22_680 + 2 * 8_100, currency: 'EUR' });
});

const [business, economy] = flight().cabins;

test.each(['1A', '5F', '6A', '26F'])('the first and the last row of a cabin have seats: %s', (seat) => {
  expect(admit(request({ seats: [seat] }), undefined, allSeatsFree)).not.toMatchObject({ reason: 'unknown-seat' });
  expect(seatsOf(flight()).map((each) => each.seat)).toContain(seat);
});

test.each(['0A', '27A'])('the rows before the first and after the last cabin have none: %s', (seat) => {
  expect(admit(request({ seats: [seat] }), undefined, allSeatsFree)).toMatchObject({ reason: 'unknown-seat' });
  expect(seatsOf(flight()).map((each) => each.seat)).not.toContain(seat);
});

test('the seats of cabins that are given out of order are listed front to back', () => {
  expect(seatsOf(flight({ cabins: [economy!, business!] }))).toEqual(seatsOf(flight()));
  expect(fareOf(flight({ cabins: [economy!, business!] }), ['5A', '6A'])).toEqual(fareOf(flight(), ['5A', '6A']));
});

test('the seats of a flight are those of all its cabins, front to back', () => {
  const seats = seatsOf(flight()).map(({ seat }) => seat);
  expect(seats).toHaveLength(5 * 4 + 21 * 4);
  expect(seats.slice(0, 5)).toEqual(['1A', '1C', '1D', '1F', '2A']);
});

test.each([
  ['declined', 'payment-failed'],
  ['expired', 'expired'],
  ['cancelled', 'cancelled'],
  ['hold-expired', 'expired'],
  ['seat-unavailable', 'payment-failed'],
] as const)('a payment that failed as %s is refused as %s', (paymentReason, seatsReason) => {
  expect(reasonForPaymentFailure(paymentReason)).toBe(seatsReason);
});

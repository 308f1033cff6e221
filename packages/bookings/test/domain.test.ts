import { describe, expect, test } from '@jest/globals';
import { bookingRequested, fareOf, findRefusals } from '../src/domain.ts';
import { flight, now, request } from './fixtures.ts';

const at = (time: string): Date => new Date(time);

describe('a request is checked against the schedule', () => {
  test('seats of a flight that has not departed can be booked', () => {
    expect(findRefusals(request({ seats: ['1A', '26F'] }), flight(), at(now))).toEqual([]);
  });

  test('a flight that is not scheduled cannot be booked', () => {
    expect(findRefusals(request(), undefined, at(now))).toEqual([{ reason: 'unknown-flight' }]);
  });

  test.each(['1A', '5F', '6A', '26F'])('the first and the last row of a cabin can be booked: %s', (seat) => {
    expect(findRefusals(request({ seats: [seat] }), flight(), at(now))).toEqual([]);
  });

  test.each(['0A', '27A', '12B', '999Z'])('a flight without a seat %s: it cannot be booked', (seat) => {
    expect(findRefusals(request({ seats: ['12A', seat] }), flight(), at(now))).toEqual([
      { reason: 'unknown-seat', position: 1 },
    ]);
  });

  test.each([
    ['just before', 0, '2026-12-18T06:36:59.999Z'],
    ['at', 1, '2026-12-18T06:37:00.000Z'],
    ['just after', 1, '2026-12-18T06:37:00.001Z'],
  ])('a request %s departure has %s refusals', (_, refusals, time) => {
    expect(findRefusals(request(), flight(), at(time))).toHaveLength(refusals);
  });

  test('all refusals are returned at once', () => {
    const reasons = findRefusals(request({ seats: ['99A', '12A', '12B'] }), flight(), at('2027-01-01T00:00:00Z'));
    const departureTime = '2026-12-18T06:37:00Z';
    expect(reasons).toEqual([
      { reason: 'departed', departureTime },
      { reason: 'unknown-seat', position: 0 },
      { reason: 'unknown-seat', position: 2 },
    ]);
  });
});

test('seats of two cabins cost the sum of their fares', () => {
  expect(fareOf(flight(), ['5F', '6A', '26F'])).toEqual({ amountMinor: 22_680 + 2 * 8_100, currency: 'EUR' });
});

test('the order in which the cabins are given does not matter', () => {
  const [business, economy] = flight().cabins;
  const reversed = flight({ cabins: [economy!, business!] });
  for (const seats of [['1A'], ['5F', '6A'], ['26F']]) {
    expect(fareOf(reversed, seats)).toEqual(fareOf(flight(), seats));
    expect(findRefusals({ seats }, reversed, at(now))).toEqual([]);
  }
});

test('the event combines the request of the client and the assignment of this service', () => {
  const assignment = {
    bookingId: '7f8c2f0e-3b1a-4c7e-9d55-1f6a2b3c4d5e',
    requestedAt: now,
    expiresAt: '2026-12-01T09:40:00.000Z',
    amount: { amountMinor: 8_100, currency: 'EUR' },
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  };
  expect(bookingRequested(request({ customerId: 'c-1' }), assignment)).toEqual({
    bookingId: assignment.bookingId,
    flightId: 'KL1001-20261218',
    seats: ['12A'],
    passenger: { name: 'Ada Lovelace', email: 'ada@example.com' },
    customerId: 'c-1',
    payment: { method: 'pm_card_visa', amountMinor: 8_100, currency: 'EUR' },
    requestedAt: now,
    expiresAt: '2026-12-01T09:40:00.000Z',
  });
});

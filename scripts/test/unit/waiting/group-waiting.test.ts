import { stripVTControlCharacters } from 'node:util';
import { expect, test } from '@jest/globals';
import type { IndexedBooking } from '../../../../packages/status/src/fact-store.ts';
import { describeWaiting, shorten } from '../../../waiting/describe-waiting.ts';
import { groupWaiting } from '../../../waiting/group-waiting.ts';

const at = (minute: number): string => `2026-12-01T09:${String(minute).padStart(2, '0')}:00.000Z`;
const booking = (bookingId: string, minute: number, ...heard: IndexedBooking['heard'][number]['type'][]) => ({
  bookingId,
  since: at(minute),
  flightId: minute < 20 ? 'KL1001-20261218' : 'KL1002-20261218',
  heard: heard.map((type) => ({ type })),
});
const bookings: IndexedBooking[] = [
  booking('a', 10, 'BookingRequested', 'SeatBooked'),
  booking('b', 11, 'BookingRequested'),
  booking('c', 30, 'BookingRequested', 'SeatBooked'),
];

test('groups by who owes what; the group with the oldest booking comes first', () => {
  expect(groupWaiting(bookings)).toEqual([
    {
      owes: [{ service: 'payments', events: ['PaymentOk', 'PaymentFailed'] }],
      bookings: [
        { bookingId: 'a', since: at(10), flightId: 'KL1001-20261218' },
        { bookingId: 'c', since: at(30), flightId: 'KL1002-20261218' },
      ],
    },
    {
      owes: [
        { service: 'seats', events: ['SeatBooked', 'SeatUnavailable'] },
        { service: 'payments', events: ['PaymentOk', 'PaymentFailed'] },
      ],
      bookings: [{ bookingId: 'b', since: at(11), flightId: 'KL1001-20261218' }],
    },
  ]);
});

test.each([
  ['KL1001', 'ab'],
  ['KL1002-20261218', 'c'],
  ['KL100', ''],
])('of flight %s only: %p', (flight, ids) => {
  const found = groupWaiting(bookings, { flight }).flatMap((group) => group.bookings);
  expect(found.map(({ bookingId }) => bookingId).join('')).toBe(ids);
});

test('shows each booking with its age and its explain, and says how many are left out', () => {
  const many = Array.from({ length: 12 }, (_, index) => booking(`id${index}`, 10, 'BookingRequested', 'SeatBooked'));
  const text = stripVTControlCharacters(
    describeWaiting(shorten(groupWaiting(many)), Date.parse(at(25)), ' --target aws'),
  );
  expect(text.split('\n').slice(0, 2)).toEqual([
    'payments owes PaymentOk or PaymentFailed: 12 bookings',
    '  15 min  KL1001-20261218  pnpm explain id0 --target aws',
  ]);
  expect(text).toContain('… and 2 more; --json shows all');
  expect(text).toMatch(/12 bookings not settled\.$/);
  expect(describeWaiting([], 0, '')).toContain('No booking waits');
});

import { expect, test } from '@jest/globals';
import { rank, type SearchEntry } from '../../../site/search-ranking.ts';

const entry = (title: string, kind: string, context = ''): SearchEntry => ({ title, kind, path: title, context });

const entries = [
  entry('Seats are claimed', 'decision', 'Decisions'),
  entry('data.seats', 'field', 'SeatBooked One to nine seats of one flight.'),
  entry('SeatBooked', 'event', 'airline.seats Seats says yes.'),
  entry('SeatUnavailable', 'event', 'airline.seats Seats says no.'),
  entry('seats', 'service', 'airline-seats service'),
  entry('airline-seats-dead-letters', 'alarm', 'A dead-letter queue is not empty'),
  entry('A dead-letter queue is not empty', 'runbook', 'Runbook'),
  entry('data.passenger.name', 'field', 'BookingRequested personal data'),
];
const found = (query: string, limit?: number): string[] => rank(entries, query, limit).map(({ title }) => title);

test.each([
  ['the exact name comes first', 'seats', 'seats'],
  ['in any case', 'SEATBOOKED', 'SeatBooked'],
  ['by the words of a name', 'seat booked', 'SeatBooked'],
  ['by the beginnings of the words', 'seat unav', 'SeatUnavailable'],
  ['by a part of a word', 'available', 'SeatUnavailable'],
  ['by a path', 'data.seats', 'data.seats'],
  ['by the last step of a path', 'passenger name', 'data.passenger.name'],
  ['by where it belongs', 'name BookingRequested', 'data.passenger.name'],
  ['by what is said of it', 'personal data', 'data.passenger.name'],
  ['with hyphens', 'dead-letter queue', 'A dead-letter queue is not empty'],
])('%s: %s', (_, query, first) => {
  expect(found(query)[0]).toBe(first);
});

test('a title counts more than what stands around it', () => {
  expect(found('seats')).toEqual([
    'seats',
    'Seats are claimed',
    'data.seats',
    'airline-seats-dead-letters',
    'SeatBooked',
    'SeatUnavailable',
  ]);
});

test('every word must be found', () => {
  expect(found('seat passenger')).toEqual([]);
});

test.each(['', '  ', '.', '-- ;'])('%j asks for nothing', (query) => {
  expect(found(query)).toEqual([]);
});

test('there are no more than the limit', () => {
  expect(found('a', 2)).toHaveLength(2);
});

import { expect, test } from '@jest/globals';
import type { FactType } from '../../../../packages/status/src/domain.ts';
import { type BookingStatus, type Fact, foldStatus } from '../../../../packages/status/src/domain.ts';
import { debtsOf, outcomeOf, type Said } from '../../../protocol/owed-answers.ts';

const said = (...types: FactType[]): Said[] => types.map((type) => ({ type }));
const eur = (amountMinor: number) => ({ amountMinor, currency: 'EUR' });

test.each<[string, Said[], object[]]>([
  ['nothing is owed for a booking that nobody knows', [], []],
  [
    'a request: both participants owe an answer',
    said('BookingRequested'),
    [
      { service: 'seats', events: ['SeatBooked', 'SeatUnavailable'] },
      { service: 'payments', events: ['PaymentOk', 'PaymentFailed'] },
    ],
  ],
  [
    'one yes: the other participant owes',
    said('BookingRequested', 'PaymentOk'),
    [{ service: 'seats', events: ['SeatBooked', 'SeatUnavailable'] }],
  ],
  [
    'both yeses: receipts owes',
    said('BookingRequested', 'PaymentOk', 'SeatBooked'),
    [{ service: 'receipts', events: ['ReceiptIssued'] }],
  ],
  ['a receipt: nothing is owed', said('BookingRequested', 'PaymentOk', 'SeatBooked', 'ReceiptIssued'), []],
  [
    'a payment of other money: the hold of seats has to end',
    [{ type: 'BookingRequested' }, { type: 'SeatBooked', money: eur(1) }, { type: 'PaymentOk', money: eur(2) }],
    [{ service: 'seats', events: ['SeatReleased'] }],
  ],
  [
    'a no: the other takes its yes back',
    said('BookingRequested', 'PaymentOk', 'SeatUnavailable'),
    [{ service: 'payments', events: ['PaymentRefunded'] }],
  ],
  [
    'a no before the answer of the other: it says no, or yes and takes it back',
    said('BookingRequested', 'PaymentFailed'),
    [{ service: 'seats', events: ['SeatUnavailable', 'SeatReleased'] }],
  ],
  [
    'a cancellation: both take their yes back',
    said('BookingRequested', 'PaymentOk', 'SeatBooked', 'ReceiptIssued', 'BookingCancelled'),
    [
      { service: 'seats', events: ['SeatReleased'] },
      { service: 'payments', events: ['PaymentRefunded'] },
    ],
  ],
  ['a cancellation without a request: nothing is owed', said('BookingCancelled'), []],
  ['both noes: nothing is owed', said('BookingRequested', 'PaymentRefunded', 'SeatUnavailable'), []],
])('after %s', (_, events, debts) => {
  expect(debtsOf(events)).toEqual(debts);
});

/** One fact of each type, with a content that fits. */
const facts: { [T in FactType]: Fact<T>['data'] } = {
  BookingRequested: { flightId: 'KL1001-20261218', seats: ['12A'], requestedAt: '2026-12-01T09:00:00Z', ...eur(1) },
  BookingCancelled: { cancelledAt: '2026-12-01T09:00:00Z' },
  SeatBooked: { flightId: 'KL1001-20261218', seats: ['12A'], ...eur(1) },
  SeatUnavailable: { flightId: 'KL1001-20261218', seats: ['12A'], unavailableSeats: [], reason: 'taken' },
  SeatReleased: { flightId: 'KL1001-20261218', seats: ['12A'], reason: 'payment-failed' },
  PaymentOk: eur(1),
  PaymentFailed: { reason: 'declined' },
  PaymentRefunded: { reason: 'seat-unavailable' },
  ReceiptIssued: { receiptNumber: 'R-1' },
};
const types = Object.keys(facts) as FactType[];

test('for every set of facts: something is owed if and only if status does not call the booking settled', () => {
  for (let set = 1; set < 2 ** types.length; set += 1) {
    const chosen = types.filter((_, index) => set & (2 ** index));
    const { settled, status }: BookingStatus = foldStatus(
      chosen.map((type) => ({
        ...{ type, data: facts[type], eventId: type, service: 'any' },
        ...{ occurredAt: '2026-12-01T09:00:00Z', heardAt: '2026-12-01T09:00:00Z' },
      })) as Fact[],
    );
    const outcome = outcomeOf(said(...chosen));
    expect([chosen, ['confirmed', 'failed'].includes(outcome)]).toEqual([chosen, settled]);
    const isOnlyCancelled = chosen.join() === 'BookingCancelled';
    expect([chosen, debtsOf(said(...chosen)).length > 0 || isOnlyCancelled]).toEqual([chosen, !settled]);
    expect(status).toBeDefined();
  }
});

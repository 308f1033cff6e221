import type { AirlineEvent } from '@airline/events-schemas/events';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { foldStatus, type FactType } from '../src/domain.ts';
import { at, bookingId, events, facts, happy, heardAt, permutations } from './fixtures.ts';

const statusOf = (...heard: AirlineEvent<FactType>[]): string => {
  const { status, settled, reason } = foldStatus(facts(...heard));
  return [status, ...(reason ? [`(${reason})`] : []), ...(settled ? [', settled'] : [])].join('');
};
const {
  requested,
  seatBooked,
  seatUnavailable,
  seatReleased,
  paymentOk,
  paymentFailed,
  paymentRefunded,
  receiptIssued,
  cancelled,
} = events;

describe('a booking on its way to a yes', () => {
  test.each([
    ['requested', [requested()], 'REQUESTED'],
    ['its seats are held', [requested(), seatBooked()], 'SEAT_BOOKED'],
    ['its seats are held, and the request is not heard yet', [seatBooked()], 'SEAT_BOOKED'],
    ['it is paid', [requested(), paymentOk()], 'PAYMENT_OK'],
    ['both', [requested(), seatBooked(), paymentOk()], 'CONFIRMED'],
    ['both, and the receipt is sent', happy, 'CONFIRMED, settled'],
    ['only the receipt was heard so far', [receiptIssued()], 'REQUESTED'],
  ])('%s', (_, heard, status) => {
    expect(statusOf(...heard)).toBe(status);
  });

  test('the answer tells what was asked, the fare, the receipt and the whole timeline, and nobody’s name', () => {
    const id = (type: FactType): string => `${bookingId}.${type}`;
    const entry = (event: FactType) => ({ event, eventId: id(event), heardAt });
    expect(foldStatus(facts(...happy))).toEqual({
      status: 'CONFIRMED',
      settled: true,
      flightId: 'KL1001-20261218',
      seats: ['12A', '12C'],
      amount: { amountMinor: 16_200, currency: 'EUR' },
      receiptNumber: 'R-7K2M-9QXD-4TBN',
      requestedAt: at(0),
      timeline: [
        { ...entry('BookingRequested'), service: 'bookings', occurredAt: at(0) },
        { ...entry('SeatBooked'), service: 'seats', occurredAt: at(1), causedBy: id('BookingRequested') },
        { ...entry('PaymentOk'), service: 'payments', occurredAt: at(2), causedBy: id('BookingRequested') },
        { ...entry('ReceiptIssued'), service: 'receipts', occurredAt: at(3), causedBy: id('PaymentOk') },
      ],
    });
  });

  test('a request that does not say when it was made was made when it was published', () => {
    const { requestedAt: _, ...data } = requested().data;
    expect(foldStatus(facts({ ...requested(), data })).requestedAt).toBe(at(0));
  });

  test('every one of the 24 orders of the four happy events gives the same answer', () => {
    const answers = permutations(happy).map((heard) => JSON.stringify(foldStatus(facts(...heard))));
    expect(answers).toHaveLength(24);
    expect(new Set(answers).size).toBe(1);
  });
});

describe('a no', () => {
  test.each([
    ['seats are taken', [seatUnavailable('taken')], 'SEAT_UNAVAILABLE(taken)'],
    [
      'seats are taken, and payments has answered that',
      [seatUnavailable('taken'), paymentFailed('seat-unavailable')],
      'SEAT_UNAVAILABLE(taken), settled',
    ],
    [
      'seats are taken, the charge not refunded yet',
      [seatUnavailable('taken'), paymentOk()],
      'SEAT_UNAVAILABLE(taken)',
    ],
    [
      'seats are taken, the charge refunded',
      [seatUnavailable('taken'), paymentOk(), paymentRefunded()],
      'SEAT_UNAVAILABLE(taken), settled',
    ],
    [
      'only payments’ answer to it was heard',
      [paymentFailed('seat-unavailable')],
      'SEAT_UNAVAILABLE(seat-unavailable)',
    ],
    ['no such flight', [seatUnavailable('unknown-flight')], 'SEAT_UNAVAILABLE(unknown-flight)'],
    ['no such seat', [seatUnavailable('unknown-seat')], 'SEAT_UNAVAILABLE(unknown-seat)'],
    ['departed', [seatUnavailable('departed')], 'SEAT_UNAVAILABLE(departed)'],
    ['wrong fare', [seatUnavailable('fare-mismatch')], 'SEAT_UNAVAILABLE(fare-mismatch)'],
    ['the card is declined', [seatBooked(), paymentFailed('declined')], 'PAYMENT_FAILED(declined)'],
    [
      'declined, the seats released',
      [seatBooked(), paymentFailed(), seatReleased()],
      'PAYMENT_FAILED(declined), settled',
    ],
    [
      'declined before the seats were asked',
      [paymentFailed(), seatUnavailable('payment-failed')],
      'PAYMENT_FAILED(declined), settled',
    ],
    [
      'only the seats’ answer to it was heard',
      [seatBooked(), seatReleased('payment-failed')],
      'PAYMENT_FAILED(payment-failed)',
    ],
    [
      'too late for payments, the seats released',
      [seatBooked(), paymentFailed('expired'), seatReleased('payment-failed')],
      'EXPIRED(expired), settled',
    ],
    ['too late for both', [seatUnavailable('expired'), paymentFailed('expired')], 'EXPIRED(expired), settled'],
    [
      'too late for the seats, the charge refunded',
      [seatUnavailable('expired'), paymentOk(), paymentRefunded('expired')],
      'EXPIRED(expired), settled',
    ],
    ['the hold expired', [seatBooked(), seatReleased('hold-expired')], 'EXPIRED(hold-expired)'],
    [
      'the hold expired, payments has answered that',
      [seatBooked(), seatReleased('hold-expired'), paymentFailed('hold-expired')],
      'EXPIRED(hold-expired), settled',
    ],
    [
      'the hold expired, the charge refunded',
      [...happy, seatReleased('hold-expired'), paymentRefunded('hold-expired')],
      'EXPIRED(hold-expired), settled',
    ],
    [
      'a confirmed booking whose hold expired after all',
      [...happy, seatReleased('hold-expired')],
      'EXPIRED(hold-expired)',
    ],
    ['cancelled', [seatUnavailable('cancelled'), paymentFailed('cancelled')], 'CANCELLED(cancelled), settled'],
    [
      'cancelled when all was done',
      [...happy, seatReleased('cancelled'), paymentRefunded('cancelled')],
      'CANCELLED(cancelled), settled',
    ],
    [
      'two noes: taken and declined',
      [seatUnavailable('taken'), paymentFailed('declined')],
      'SEAT_UNAVAILABLE(taken), settled',
    ],
    [
      'two noes: taken and too late',
      [seatUnavailable('taken'), paymentFailed('expired')],
      'SEAT_UNAVAILABLE(taken), settled',
    ],
    [
      'two noes: declined and the hold expired',
      [seatReleased('hold-expired'), paymentFailed('declined')],
      'PAYMENT_FAILED(declined), settled',
    ],
    [
      'two noes: cancelled and taken',
      [seatUnavailable('taken'), paymentFailed('cancelled')],
      'CANCELLED(cancelled), settled',
    ],
  ])('%s', (_, heard, status) => {
    expect(statusOf(requested(), ...heard)).toBe(status);
    expect(statusOf(...heard.toReversed(), requested())).toBe(status);
  });

  test.each([
    ['nobody has answered it yet', [cancelled()], 'CANCELLED(cancelled)'],
    ['the seats held, payments has not answered', [seatBooked(), cancelled()], 'CANCELLED(cancelled)'],
    ['one participant has answered', [cancelled(), seatUnavailable('cancelled')], 'CANCELLED(cancelled)'],
    [
      'both have answered',
      [cancelled(), seatUnavailable('cancelled'), paymentFailed('cancelled')],
      'CANCELLED(cancelled), settled',
    ],
    ['a confirmed booking: not settled any more', [...happy.slice(1), cancelled()], 'CANCELLED(cancelled)'],
    [
      'a confirmed booking, one yes taken back',
      [...happy.slice(1), cancelled(), seatReleased('cancelled')],
      'CANCELLED(cancelled)',
    ],
    [
      'a confirmed booking, both yesses taken back',
      [...happy.slice(1), cancelled(), seatReleased('cancelled'), paymentRefunded('cancelled')],
      'CANCELLED(cancelled), settled',
    ],
    [
      'seats took a declined payment for the reason: the customer’s word outranks it',
      [seatBooked(), paymentFailed('declined'), seatReleased('payment-failed'), cancelled()],
      'CANCELLED(cancelled), settled',
    ],
    [
      'taken, and cancelled',
      [seatUnavailable('taken'), paymentFailed('cancelled'), cancelled()],
      'CANCELLED(cancelled), settled',
    ],
    [
      'the hold expired, and cancelled',
      [seatBooked(), seatReleased('hold-expired'), paymentFailed('hold-expired'), cancelled()],
      'CANCELLED(cancelled), settled',
    ],
  ])('cancelled: %s', (_, heard, status) => {
    expect(statusOf(requested(), ...heard)).toBe(status);
    expect(statusOf(...heard.toReversed(), requested())).toBe(status);
  });

  test('a booking that was cancelled before anyone asked for it waits for both answers', () => {
    const answer = foldStatus(facts(cancelled()));
    expect(answer).toMatchObject({
      status: 'CANCELLED',
      settled: false,
      cancelledAt: at(5),
      timeline: [{ event: 'BookingCancelled' }],
    });
    expect(answer).not.toHaveProperty('requestedAt');
  });

  test('a cancelled booking names neither a decline code nor taken seats: they are not why', () => {
    const answer = foldStatus(
      facts(requested(), seatUnavailable(), paymentFailed('declined', 'do_not_honor'), cancelled()),
    );
    expect(answer).toMatchObject({ status: 'CANCELLED', reason: 'cancelled' });
    expect(answer).not.toHaveProperty('declineCode');
    expect(answer).not.toHaveProperty('unavailableSeats');
  });

  test('a declined card: the provider’s word stands beside the reason', () => {
    const answer = foldStatus(facts(requested(), paymentFailed('declined', 'insufficient_funds')));
    expect(answer).toMatchObject({ reason: 'declined', declineCode: 'insufficient_funds' });
  });

  test('a taken seat: which one stands beside the reason', () => {
    expect(foldStatus(facts(requested(), seatUnavailable()))).toMatchObject({
      reason: 'taken',
      unavailableSeats: ['12C'],
    });
  });
});

/** Whole flows as the two participants can tell them. */
const flows: [string, AirlineEvent<FactType>[]][] = [
  ['confirmed', happy],
  ['taken, before the charge', [requested(), seatUnavailable(), paymentFailed('seat-unavailable')]],
  ['taken, refunded', [requested(), seatUnavailable(), paymentOk(), paymentRefunded()]],
  ['declined, released', [requested(), seatBooked(), paymentFailed('declined', 'generic_decline'), seatReleased()]],
  ['declined, never held', [requested(), paymentFailed(), seatUnavailable('payment-failed')]],
  ['taken and declined', [requested(), seatUnavailable(), paymentFailed()]],
  ['expired', [requested(), seatUnavailable('expired'), paymentFailed('expired')]],
  ['expired at payments', [requested(), seatBooked(), paymentFailed('expired'), seatReleased()]],
  [
    'cancelled before the request was seen',
    [cancelled(), requested(), seatUnavailable('cancelled'), paymentFailed('cancelled')],
  ],
  ['cancelled after the receipt', [...happy, cancelled(), seatReleased('cancelled'), paymentRefunded('cancelled')]],
  ['hold expired after the receipt', [...happy, seatReleased('hold-expired'), paymentRefunded('hold-expired')]],
];

describe.each(flows)('%s', (_, flow) => {
  test('no order of arrival changes the answer', () => {
    const expected = foldStatus(facts(...flow));
    expect(expected.settled).toBe(true);
    fc.assert(
      fc.property(fc.shuffledSubarray(flow, { minLength: flow.length }), (heard) => {
        expect(foldStatus(facts(...heard))).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  test('once settled, what is still to be heard changes neither status nor reason', () => {
    const expected = foldStatus(facts(...flow));
    // A yes taken back after the receipt is the one thing that unsettles a booking.
    if (flow.length > 4) return;
    for (const heard of permutations(flow)) {
      for (let length = 1; length <= heard.length; length++) {
        const answer = foldStatus(facts(...heard.slice(0, length)));
        if (answer.settled) expect([answer.status, answer.reason]).toEqual([expected.status, expected.reason]);
      }
    }
  });
});

describe('the timeline', () => {
  const events = (heard: AirlineEvent<FactType>[]): string[] =>
    foldStatus(facts(...heard)).timeline.map(({ event }) => event);
  const atOnce = happy.map((event) => ({
    ...event,
    metadata: { ...event.metadata, occurredAt: at(0) },
  })) as typeof happy;

  test('what happened at the same time stands in the order of cause and effect, however it arrived', () => {
    for (const heard of permutations(atOnce)) {
      expect(events(heard)).toEqual(['BookingRequested', 'PaymentOk', 'SeatBooked', 'ReceiptIssued']);
    }
  });

  test('times are compared as times: with or without fractions', () => {
    const later = { ...seatBooked(), metadata: { ...seatBooked().metadata, occurredAt: '2026-12-01T09:30:00.500Z' } };
    const earlier = { ...requested(), metadata: { ...requested().metadata, occurredAt: '2026-12-01T09:30:00Z' } };
    expect(events([later, earlier])).toEqual(['BookingRequested', 'SeatBooked']);
  });

  test('an event that names itself as its cause does not hang the answer', () => {
    const circular = {
      ...requested(),
      metadata: { ...requested().metadata, causationId: requested().metadata.eventId },
    };
    expect(events([seatBooked(), circular])).toEqual(['BookingRequested', 'SeatBooked']);
  });
});

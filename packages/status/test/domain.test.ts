import type { AirlineEvent, EventData } from '@airline/events-schemas/events';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  asksTheSame,
  type BookingStatus,
  type Fact,
  type FactType,
  foldStatus,
  isBookingOf,
  unsettledOf,
} from '../src/domain.ts';
import { at, bookingId, events, facts, happy, heardAt, permutations } from './fixtures.ts';

/** A short text for a status, e.g. `SEAT_UNAVAILABLE(taken), settled`. */
const summarize = ({ status, settled, reason }: BookingStatus): string =>
  [status, ...(reason ? [`(${reason})`] : []), ...(settled ? [', settled'] : [])].join('');
type Money = NonNullable<BookingStatus['amount']>;
const amount: Money = { amountMinor: 16_200, currency: 'EUR' };
const flightId = 'KL1001-20261218';
const seats = ['12A', '12C'];
const statusOf = (...received: AirlineEvent<FactType>[]): string => summarize(foldStatus(facts(...received)));
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

describe('a booking that nobody has refused', () => {
  test.each([
    ['requested', [requested()], 'REQUESTED'],
    ['its seats are held', [requested(), seatBooked()], 'SEAT_BOOKED'],
    ['its seats are held, and the request has not arrived yet', [seatBooked()], 'SEAT_BOOKED'],
    ['it is paid', [requested(), paymentOk()], 'PAYMENT_OK'],
    ['its seats are held and it is paid', [requested(), seatBooked(), paymentOk()], 'CONFIRMED'],
    ['its receipt is sent', happy, 'CONFIRMED, settled'],
    ['only the receipt has arrived', [receiptIssued()], 'REQUESTED'],
  ])('%s', (_, received, status) => {
    expect(statusOf(...received)).toBe(status);
  });

  test('the answer has the flight, seats, fare, receipt number and timeline, but no name', () => {
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

  test.each<[string, AirlineEvent<FactType>[], Partial<BookingStatus>]>([
    ['SeatBooked', [seatBooked()], { flightId, seats, amount }],
    ['SeatUnavailable', [seatUnavailable()], { flightId, seats }],
    ['SeatReleased', [seatReleased()], { flightId, seats }],
    ['PaymentOk', [paymentOk()], { amount }],
    ['SeatUnavailable and PaymentOk', [seatUnavailable(), paymentOk()], { flightId, seats, amount }],
    ['SeatReleased and PaymentOk', [seatReleased(), paymentOk()], { flightId, seats, amount }],
    ['PaymentFailed', [paymentFailed()], {}],
    ['PaymentRefunded', [paymentRefunded()], {}],
    ['ReceiptIssued', [receiptIssued()], { receiptNumber: 'R-7K2M-9QXD-4TBN' }],
    ['BookingCancelled', [cancelled()], { cancelledAt: at(5) }],
  ])('before the request arrives, the answer has what %s names', (_, received, expected) => {
    const { flightId, seats, amount, receiptNumber, requestedAt, cancelledAt } = foldStatus(facts(...received));
    expect({ flightId, seats, amount, receiptNumber, requestedAt, cancelledAt }).toEqual(expected);
  });

  test('without requestedAt, the time of the request is the time of its event', () => {
    const { requestedAt: _, ...data } = requested().data;
    expect(foldStatus(facts({ ...requested(), data })).requestedAt).toBe(at(0));
  });

  test('all 24 orders of the events of a confirmed booking lead to the same answer', () => {
    const answers = permutations(happy).map((received) => JSON.stringify(foldStatus(facts(...received))));
    expect(answers).toHaveLength(24);
    expect(new Set(answers).size).toBe(1);
  });
});

const otherMoney: [string, Partial<Money>][] = [
  ['another amount', { amountMinor: 1 }],
  ['another currency', { currency: 'USD' }],
];

describe.each(otherMoney)('a payment of %s than the seats were booked for', (_, money) => {
  test('does not confirm the booking, in any order, even with a receipt', () => {
    const received = [requested(), seatBooked(), paymentOk(money), receiptIssued()];
    for (const order of permutations(received)) {
      expect(foldStatus(facts(...order))).toMatchObject({ status: 'SEAT_BOOKED', settled: false, amount });
    }
  });

  test('settles as expired when the hold has ended and the charge is refunded', () => {
    expect(
      statusOf(
        requested(),
        seatBooked(),
        paymentOk(money),
        seatReleased('hold-expired'),
        paymentRefunded('hold-expired'),
      ),
    ).toBe('EXPIRED(hold-expired), settled');
  });
});

describe('another request with the same bookingId, which status received first', () => {
  const card = { method: 'pm_card_visa', ...amount };
  const conflicts: [string, Partial<EventData<'BookingRequested'>>][] = [
    ['another flight', { flightId: 'KL1003-20261218' }],
    ['other seats', { seats: ['14A', '14C'] }],
    ['another amount', { payment: { ...card, amountMinor: 1 } }],
    ['another currency', { payment: { ...card, currency: 'USD' } }],
  ];

  test.each(conflicts)('for %s: the answer describes what was sold', (_, data) => {
    const lost = requested({ ...data, customerId: 'eve' });
    const received = facts(lost, ...happy.slice(1));
    expect(foldStatus(received)).toMatchObject({ status: 'CONFIRMED', settled: true, flightId, seats, amount });
    expect(foldStatus(received)).not.toHaveProperty('requestedAt');
  });

  test.each(conflicts)('for %s: its customer does not see the booking of the other', (_, data) => {
    const lost = requested({ ...data, customerId: 'eve' });
    expect(isBookingOf('eve', facts(lost))).toBe(true);
    expect(isBookingOf('eve', facts(lost, seatBooked()))).toBe(false);
    expect(isBookingOf('eve', facts(lost, paymentOk()))).toBe(true);
  });

  test.each(conflicts.slice(0, 2))('for %s: the answer describes what was refused or released', (_, data) => {
    for (const answer of [seatUnavailable(), seatReleased()]) {
      const received = facts(requested({ ...data, customerId: 'eve' }), answer);
      expect(foldStatus(received)).toMatchObject({ flightId, seats });
      expect(isBookingOf('eve', received)).toBe(false);
    }
  });

  test.each<[string, Partial<EventData<'BookingRequested'>>, boolean]>([
    ...conflicts.map(([name, data]): [string, Partial<EventData<'BookingRequested'>>, boolean] => [name, data, false]),
    ['another owner', { customerId: 'eve' }, false],
    ['other times', { requestedAt: at(9), expiresAt: at(9) }, true],
    ['another passenger', { passenger: { name: 'Eve', email: 'eve@example.com' } }, true],
  ])('compared with a request for %s', (_, data, isSame) => {
    const [first, second] = facts(requested(), requested(data)) as Fact<'BookingRequested'>[];
    expect(asksTheSame(first!, second!)).toBe(isSame);
  });
});

describe('a refused booking', () => {
  test.each([
    ['seats are taken', [seatUnavailable('taken')], 'SEAT_UNAVAILABLE(taken)'],
    [
      'seats are taken, payments has refused in turn',
      [seatUnavailable('taken'), paymentFailed('seat-unavailable')],
      'SEAT_UNAVAILABLE(taken), settled',
    ],
    [
      'seats are taken, the charge is not refunded yet',
      [seatUnavailable('taken'), paymentOk()],
      'SEAT_UNAVAILABLE(taken)',
    ],
    [
      'seats are taken, the charge is refunded',
      [seatUnavailable('taken'), paymentOk(), paymentRefunded()],
      'SEAT_UNAVAILABLE(taken), settled',
    ],
    [
      'seats are taken, but only the refusal of payments has arrived',
      [paymentFailed('seat-unavailable')],
      'SEAT_UNAVAILABLE(seat-unavailable)',
    ],
    ['no such flight', [seatUnavailable('unknown-flight')], 'SEAT_UNAVAILABLE(unknown-flight)'],
    ['no such seat', [seatUnavailable('unknown-seat')], 'SEAT_UNAVAILABLE(unknown-seat)'],
    ['departed', [seatUnavailable('departed')], 'SEAT_UNAVAILABLE(departed)'],
    ['wrong fare', [seatUnavailable('fare-mismatch')], 'SEAT_UNAVAILABLE(fare-mismatch)'],
    ['the card is declined', [seatBooked(), paymentFailed('declined')], 'PAYMENT_FAILED(declined)'],
    [
      'the card is declined, the seats are released',
      [seatBooked(), paymentFailed(), seatReleased()],
      'PAYMENT_FAILED(declined), settled',
    ],
    [
      'the card is declined before seats handles the request',
      [paymentFailed(), seatUnavailable('payment-failed')],
      'PAYMENT_FAILED(declined), settled',
    ],
    [
      'the card is declined, but only the release of the seats has arrived',
      [seatBooked(), seatReleased('payment-failed')],
      'PAYMENT_FAILED(payment-failed)',
    ],
    [
      'the request expired at payments, the seats are released',
      [seatBooked(), paymentFailed('expired'), seatReleased('payment-failed')],
      'EXPIRED(expired), settled',
    ],
    [
      'the request expired at both',
      [seatUnavailable('expired'), paymentFailed('expired')],
      'EXPIRED(expired), settled',
    ],
    [
      'the request expired at seats, the charge is refunded',
      [seatUnavailable('expired'), paymentOk(), paymentRefunded('expired')],
      'EXPIRED(expired), settled',
    ],
    ['the hold expired', [seatBooked(), seatReleased('hold-expired')], 'EXPIRED(hold-expired)'],
    [
      'the hold expired, payments has refused in turn',
      [seatBooked(), seatReleased('hold-expired'), paymentFailed('hold-expired')],
      'EXPIRED(hold-expired), settled',
    ],
    [
      'the hold expired, the charge is refunded',
      [...happy, seatReleased('hold-expired'), paymentRefunded('hold-expired')],
      'EXPIRED(hold-expired), settled',
    ],
    ['the hold of a confirmed booking expired', [...happy, seatReleased('hold-expired')], 'EXPIRED(hold-expired)'],
    ['cancelled', [seatUnavailable('cancelled'), paymentFailed('cancelled')], 'CANCELLED(cancelled), settled'],
    [
      'cancelled after the receipt',
      [...happy, seatReleased('cancelled'), paymentRefunded('cancelled')],
      'CANCELLED(cancelled), settled',
    ],
    [
      'the request expired at seats, and payments only answers that',
      [seatUnavailable('expired'), paymentFailed('seat-unavailable')],
      'EXPIRED(expired), settled',
    ],
    [
      'the card is declined, and seats only answers that',
      [paymentFailed('declined'), seatReleased('payment-failed')],
      'PAYMENT_FAILED(declined), settled',
    ],
    [
      'two noes that only answer another',
      [seatReleased('payment-failed'), paymentFailed('seat-unavailable')],
      'SEAT_UNAVAILABLE(seat-unavailable), settled',
    ],
    [
      'two refusals: taken and declined',
      [seatUnavailable('taken'), paymentFailed('declined')],
      'SEAT_UNAVAILABLE(taken), settled',
    ],
    [
      'two refusals: taken and expired',
      [seatUnavailable('taken'), paymentFailed('expired')],
      'SEAT_UNAVAILABLE(taken), settled',
    ],
    [
      'two refusals: declined and the hold expired',
      [seatReleased('hold-expired'), paymentFailed('declined')],
      'PAYMENT_FAILED(declined), settled',
    ],
    [
      'two refusals: cancelled and taken',
      [seatUnavailable('taken'), paymentFailed('cancelled')],
      'CANCELLED(cancelled), settled',
    ],
  ])('%s', (_, received, status) => {
    expect(statusOf(requested(), ...received)).toBe(status);
    expect(statusOf(...received.toReversed(), requested())).toBe(status);
  });

  test.each([
    ['no participant has answered yet', [cancelled()], 'CANCELLED(cancelled)'],
    ['the seats are held, payments has not answered', [seatBooked(), cancelled()], 'CANCELLED(cancelled)'],
    ['one participant has answered', [cancelled(), seatUnavailable('cancelled')], 'CANCELLED(cancelled)'],
    [
      'both have answered',
      [cancelled(), seatUnavailable('cancelled'), paymentFailed('cancelled')],
      'CANCELLED(cancelled), settled',
    ],
    ['a confirmed booking is no longer settled', [...happy.slice(1), cancelled()], 'CANCELLED(cancelled)'],
    [
      'a confirmed booking, one yes is taken back',
      [...happy.slice(1), cancelled(), seatReleased('cancelled')],
      'CANCELLED(cancelled)',
    ],
    [
      'a confirmed booking, both yeses are taken back',
      [...happy.slice(1), cancelled(), seatReleased('cancelled'), paymentRefunded('cancelled')],
      'CANCELLED(cancelled), settled',
    ],
    [
      'the seats were released after a declined payment: the cancellation outranks it',
      [seatBooked(), paymentFailed('declined'), seatReleased('payment-failed'), cancelled()],
      'CANCELLED(cancelled), settled',
    ],
    [
      'seats are taken: the cancellation outranks it',
      [seatUnavailable('taken'), paymentFailed('cancelled'), cancelled()],
      'CANCELLED(cancelled), settled',
    ],
    [
      'the hold expired: the cancellation outranks it',
      [seatBooked(), seatReleased('hold-expired'), paymentFailed('hold-expired'), cancelled()],
      'CANCELLED(cancelled), settled',
    ],
  ])('cancelled: %s', (_, received, status) => {
    expect(statusOf(requested(), ...received)).toBe(status);
    expect(statusOf(...received.toReversed(), requested())).toBe(status);
  });

  test('a booking that is cancelled before its request arrives is not settled', () => {
    const answer = foldStatus(facts(cancelled()));
    expect(answer).toMatchObject({
      status: 'CANCELLED',
      settled: false,
      cancelledAt: at(5),
      timeline: [{ event: 'BookingCancelled' }],
    });
    expect(answer).not.toHaveProperty('requestedAt');
  });

  test('a cancelled booking has no decline code and no taken seats, because they are not its reason', () => {
    const answer = foldStatus(
      facts(requested(), seatUnavailable(), paymentFailed('declined', 'do_not_honor'), cancelled()),
    );
    expect(answer).toMatchObject({ status: 'CANCELLED', reason: 'cancelled' });
    expect(answer).not.toHaveProperty('declineCode');
    expect(answer).not.toHaveProperty('unavailableSeats');
  });

  test('a declined card: the answer has the code of the payment provider', () => {
    const answer = foldStatus(facts(requested(), paymentFailed('declined', 'insufficient_funds')));
    expect(answer).toMatchObject({ reason: 'declined', declineCode: 'insufficient_funds' });
  });

  test('a taken seat: the answer names the seat', () => {
    expect(foldStatus(facts(requested(), seatUnavailable()))).toMatchObject({
      reason: 'taken',
      unavailableSeats: ['12C'],
    });
  });
});

type Flow = [name: string, events: AirlineEvent<FactType>[]];

/** Complete flows, one for each combination of answers of the two participants. */
const flows: Flow[] = [
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
];

/** Flows of bookings that were confirmed and settled, and failed after that. */
const undoneFlows: Flow[] = [
  ['cancelled after the receipt', [...happy, cancelled(), seatReleased('cancelled'), paymentRefunded('cancelled')]],
  ['hold expired after the receipt', [...happy, seatReleased('hold-expired'), paymentRefunded('hold-expired')]],
];

describe.each([...flows, ...undoneFlows])('%s', (_, flow) => {
  test('every order of arrival leads to the same answer', () => {
    const expected = foldStatus(facts(...flow));
    expect(expected.settled).toBe(true);
    fc.assert(
      fc.property(fc.shuffledSubarray(flow, { minLength: flow.length }), (received) => {
        expect(foldStatus(facts(...received))).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });
});

/** For every order of arrival: the sequence of different answers, beginning with the first settled one. */
function answersOnceSettled(flow: AirlineEvent<FactType>[]): Set<string> {
  const histories = permutations(facts(...flow)).map((received) => {
    const answers = received.map((_, index) => summarize(foldStatus(received.slice(0, index + 1))));
    const settled = answers.slice(answers.findIndex((answer) => answer.endsWith('settled')));
    return settled.filter((answer, index) => answer !== settled[index - 1]).join(' → ');
  });
  return new Set(histories);
}

test.each(flows)('%s: once settled, later events do not change the answer', (_, flow) => {
  expect(answersOnceSettled(flow)).toEqual(new Set([statusOf(...flow)]));
});

test.each(undoneFlows)('%s: settles first as confirmed and then as failed, or only as failed', (_, flow) => {
  const final = statusOf(...flow);
  const unsettled = final.replace(', settled', '');
  expect(answersOnceSettled(flow)).toEqual(new Set([final, `CONFIRMED, settled → ${unsettled} → ${final}`]));
});

describe('the timeline', () => {
  const events = (received: AirlineEvent<FactType>[]): string[] =>
    foldStatus(facts(...received)).timeline.map(({ event }) => event);
  const atOnce = happy.map((event) => ({
    ...event,
    metadata: { ...event.metadata, occurredAt: at(0) },
  })) as typeof happy;

  test('of events with the same time, the cause comes before its effect, in every order of arrival', () => {
    for (const received of permutations(atOnce)) {
      expect(events(received)).toEqual(['BookingRequested', 'PaymentOk', 'SeatBooked', 'ReceiptIssued']);
    }
  });

  test('times are compared as times, with or without a fraction of a second', () => {
    const later = { ...seatBooked(), metadata: { ...seatBooked().metadata, occurredAt: '2026-12-01T09:30:00.500Z' } };
    const earlier = { ...requested(), metadata: { ...requested().metadata, occurredAt: '2026-12-01T09:30:00Z' } };
    expect(events([later, earlier])).toEqual(['BookingRequested', 'SeatBooked']);
  });

  test('an event that names itself as its cause does not cause an endless loop', () => {
    const circular = {
      ...requested(),
      metadata: { ...requested().metadata, causationId: requested().metadata.eventId },
    };
    expect(events([seatBooked(), circular])).toEqual(['BookingRequested', 'SeatBooked']);
  });
});

describe('the index of unsettled bookings', () => {
  const heardOneByOne = (...received: AirlineEvent<FactType>[]): Fact[] =>
    facts(...received).map((fact, index) => ({ ...fact, heardAt: at(index) }));

  test('has what was heard of a booking, and since when it waits', () => {
    const [requested, paid] = heardOneByOne(events.requested(), events.paymentOk());
    expect(unsettledOf([paid!, requested!])).toEqual({
      since: at(0),
      flightId: requested!.type === 'BookingRequested' ? requested!.data.flightId : '',
      heard: [
        { type: 'BookingRequested', money: { amountMinor: 16_200, currency: 'EUR' } },
        { type: 'PaymentOk', money: { amountMinor: 16_200, currency: 'EUR' } },
      ],
    });
  });

  test('has no settled booking, and none that was only cancelled', () => {
    expect(unsettledOf(facts(...happy))).toBeUndefined();
    expect(unsettledOf(facts(events.cancelled()))).toBeUndefined();
    expect(unsettledOf([])).toBeUndefined();
  });

  test('has a settled booking again once it is cancelled, since then', () => {
    expect(unsettledOf(heardOneByOne(...happy, events.cancelled()))).toMatchObject({ since: at(4) });
  });

  test('has a booking that was cancelled first since its request', () => {
    expect(unsettledOf(heardOneByOne(events.cancelled(), events.requested()))).toMatchObject({ since: at(1) });
  });
});

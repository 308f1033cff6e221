import { causeOf, type AirlineEvent, type EventData } from '@airline/events-schemas/events';
import { describe, expect, test } from '@jest/globals';
import {
  addFact,
  asksTheSame,
  expiryOf,
  type FactType,
  flightOf,
  isOpen,
  isTakenBack,
  owesRefundNotice,
  receiptOf,
  type ReceiptsRecord,
} from '../src/domain.ts';
import { receiptNumberOf } from '../src/receipt-number.ts';
import {
  at,
  bookingCancelled,
  bookingId,
  bookingRequested,
  complete,
  paymentOk,
  paymentRefunded,
  permutations,
  receipt,
  seatBooked,
  seatReleased,
} from './fixtures.ts';

const recordOf = (...events: AirlineEvent<FactType>[]): ReceiptsRecord =>
  events.reduce<ReceiptsRecord>((record, event) => addFact(record, event, causeOf(event)) ?? record, { facts: {} });

describe('a receipt', () => {
  test.each(permutations(complete).map((order) => [order.map(({ type }) => type).join(', '), order] as const))(
    'is due once all three facts are recorded; the last one is the cause: %s',
    (_, order) => {
      expect(isOpen(recordOf(...order.slice(0, 2)))).toBe(false);
      const record = recordOf(...order);
      expect(isOpen(record)).toBe(true);
      expect(record.dueBecause).toEqual(causeOf(order[2]!));
    },
  );

  test.each([
    ['SeatReleased', seatReleased()],
    ['PaymentRefunded', paymentRefunded()],
    ['BookingCancelled', bookingCancelled()],
  ])('is never due when %s arrives before the set is complete', (_, takenBack) => {
    for (const order of permutations([bookingRequested(), seatBooked(), takenBack])) {
      const record = recordOf(...order, paymentOk());
      expect([isOpen(record), isTakenBack(record)]).toEqual([false, true]);
    }
  });

  test.each([
    ['another amount', { amountMinor: 1 }],
    ['another currency', { currency: 'USD' }],
  ])('is never due when %s was paid than the seats were sold for', (_, money) => {
    for (const order of permutations([bookingRequested(), seatBooked(), paymentOk(money)]))
      expect(isOpen(recordOf(...order))).toBe(false);
  });

  test('stays open when a yes is taken back after it was due: it may have been sent already', () => {
    const record = recordOf(...complete, seatReleased());
    expect([isOpen(record), isTakenBack(record)]).toEqual([true, true]);
    expect(record.dueBecause).toEqual(causeOf(paymentOk()));
  });

  test('is not open after it was sent', () => {
    expect(isOpen({ ...recordOf(...complete), receipt: { number: 'R', issuedAt: at, messageId: 'm' } })).toBe(false);
  });

  test('shows the seats that were booked and the amount that was captured', () => {
    expect(receiptOf(bookingId, recordOf(...complete), 'R-7K2M-9QXD-4TBN', at)).toEqual(receipt());
  });

  test('a repeated fact changes nothing', () => {
    expect(addFact(recordOf(seatBooked()), seatBooked(), causeOf(seatBooked()))).toBeUndefined();
  });

  test('the record of a request has what the mail needs, and no payment method', () => {
    const request = bookingRequested();
    Object.assign(request.data.passenger, { passport: 'PERSONAL' });
    expect(JSON.stringify(recordOf(request))).not.toMatch(/PERSONAL|pm_card_visa/);
  });
});

describe('a refund notice', () => {
  const receipt = { number: 'R', issuedAt: at, messageId: 'm' };

  test('is due when a payment with a receipt was refunded, until it is sent', () => {
    const refunded = recordOf(...complete, paymentRefunded());
    expect(owesRefundNotice({ ...refunded, receipt })).toBe(true);
    expect(owesRefundNotice({ ...refunded, receipt, refundNotice: { issuedAt: at, messageId: 'n' } })).toBe(false);
  });

  test('is not due without a receipt, nor without a refund', () => {
    expect(owesRefundNotice(recordOf(...complete, paymentRefunded()))).toBe(false);
    expect(owesRefundNotice({ ...recordOf(...complete, bookingCancelled(), seatReleased()), receipt })).toBe(false);
  });
});

describe('a second request', () => {
  test.each([
    ['the same', {}, true],
    ['other times', { requestedAt: at, expiresAt: at }, true],
    ['another flight', { flightId: 'KL1003-20261218' }, false],
    ['another seat', { seats: ['12A'] }, false],
    ['another name', { passenger: { name: 'Grace Hopper', email: 'ada@example.com' } }, false],
    ['another address', { passenger: { name: 'Ada Lovelace', email: 'grace@example.com' } }, false],
    ['another amount', { payment: { method: 'pm_card_visa', amountMinor: 1, currency: 'EUR' } }, false],
    ['another currency', { payment: { method: 'pm_card_visa', amountMinor: 16_200, currency: 'USD' } }, false],
  ])('%s', (_, data, same) => {
    expect(asksTheSame(recordOf(bookingRequested()), bookingRequested(data))).toBe(same);
  });

  test('is not compared when there was no first request', () => {
    expect(asksTheSame(recordOf(paymentOk()), bookingRequested({ seats: ['1A'] }))).toBe(true);
  });
});

describe('a request that was not sold', () => {
  test('conflicts with what was sold, even if it comes first', () => {
    expect(asksTheSame(recordOf(seatBooked()), bookingRequested())).toBe(true);
    expect(asksTheSame(recordOf(seatBooked()), bookingRequested({ seats: ['1A'] }))).toBe(false);
  });

  const passenger = { name: 'Grace Hopper', email: 'grace@example.com' };
  const lost = [
    ['another flight', { flightId: 'KL1003-20261218' }],
    ['other seats', { seats: ['14A', '14C'] }],
    ['another amount', { payment: { method: 'pm_card_visa', amountMinor: 1, currency: 'EUR' } }],
    ['another currency', { payment: { method: 'pm_card_visa', amountMinor: 16_200, currency: 'USD' } }],
  ] as const;

  test.each(lost)('for %s: its passenger gets no receipt; the passenger of the sold request does', (_, overrides) => {
    const other = bookingRequested({ passenger, ...overrides } as Partial<EventData<'BookingRequested'>>);
    for (const order of permutations([other, ...complete])) {
      let record: ReceiptsRecord = { facts: {} };
      const rejected: AirlineEvent<FactType>[] = [];
      const receive = (event: AirlineEvent<FactType>): void => {
        if (event.type === 'BookingRequested' && !asksTheSame(record, event)) rejected.push(event);
        else record = addFact(record, event, causeOf(event)) ?? record;
      };
      for (const event of order) {
        receive(event);
        if (isOpen(record)) expect(record.facts.BookingRequested!.passenger.name).toBe('Ada Lovelace');
      }
      // The operator redrives the dead letters.
      for (const event of rejected.splice(0)) receive(event);
      expect(receiptOf(bookingId, record, 'R-7K2M-9QXD-4TBN', at)).toEqual(receipt());
      expect(isOpen(record)).toBe(true);
      expect(rejected).toEqual(rejected.length > 0 ? [other] : []);
    }
  });
});

describe('personal data', () => {
  const days = (from: string): number => Date.parse(from) / 1000 + 90 * 24 * 3600;

  test('expires 90 days after departure', () => {
    expect(expiryOf(recordOf(bookingRequested()), new Date(at))).toBe(days('2026-12-18T00:00:00Z'));
  });

  test('expires 90 days from now when the departure is past or unknown', () => {
    expect(expiryOf(recordOf(bookingRequested()), new Date('2027-02-01T00:00:00Z'))).toBe(days('2027-02-01T00:00:00Z'));
    expect(expiryOf(recordOf(paymentOk()), new Date(at))).toBe(days(at));
  });
});

test('a flight id contains flight number and departure day', () => {
  expect(flightOf('KL1001-20261218')).toEqual({
    flightNumber: 'KL1001',
    departureDay: new Date('2026-12-18T00:00:00Z'),
  });
});

describe('a receipt number', () => {
  test('is always the same for a booking, and differs between bookings', () => {
    expect(receiptNumberOf(bookingId)).toBe('R-CN5P-239Q-9G0R');
    const numbers = Array.from({ length: 10_000 }, (_, index) => receiptNumberOf(`booking-${index}`));
    expect(new Set(numbers).size).toBe(10_000);
    for (const number of numbers)
      expect(number).toMatch(/^R-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
  });
});

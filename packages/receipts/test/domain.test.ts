import { causeOf, type AirlineEvent } from '@airline/events-schemas/events';
import { describe, expect, test } from '@jest/globals';
import {
  addFact,
  asksTheSame,
  type FactType,
  flightOf,
  forgetAt,
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
  happy,
  paymentOk,
  paymentRefunded,
  permutations,
  receipt,
  seatBooked,
  seatReleased,
} from './fixtures.ts';

const remember = (...events: AirlineEvent<FactType>[]): ReceiptsRecord =>
  events.reduce<ReceiptsRecord>((record, event) => addFact(record, event, causeOf(event)) ?? record, { facts: {} });

describe('a receipt', () => {
  test.each(permutations(happy).map((order) => [order.map(({ type }) => type).join(', '), order] as const))(
    'is due once all three facts are known, because of the last: %s',
    (_, order) => {
      expect(isOpen(remember(...order.slice(0, 2)))).toBe(false);
      const record = remember(...order);
      expect(isOpen(record)).toBe(true);
      expect(record.dueBecause).toEqual(causeOf(order[2]!));
    },
  );

  test.each([
    ['SeatReleased', seatReleased()],
    ['PaymentRefunded', paymentRefunded()],
    ['BookingCancelled', bookingCancelled()],
  ])('never falls due when %s comes before the set is complete', (_, takenBack) => {
    for (const order of permutations([bookingRequested(), seatBooked(), takenBack])) {
      const record = remember(...order, paymentOk());
      expect([isOpen(record), isTakenBack(record)]).toEqual([false, true]);
    }
  });

  test('stays open when a yes is taken back after it fell due: someone must find out whether it was sent', () => {
    const record = remember(...happy, seatReleased());
    expect([isOpen(record), isTakenBack(record)]).toEqual([true, true]);
    expect(record.dueBecause).toEqual(causeOf(paymentOk()));
  });

  test('is not open any more when it was sent', () => {
    expect(isOpen({ ...remember(...happy), receipt: { number: 'R', issuedAt: at, messageId: 'm' } })).toBe(false);
  });

  test('shows the seats that were booked and the amount that was captured', () => {
    expect(receiptOf(bookingId, remember(...happy), 'R-7K2M-9QXD-4TBN', at)).toEqual(receipt());
  });

  test('a fact that is known already changes nothing', () => {
    expect(addFact(remember(seatBooked()), seatBooked(), causeOf(seatBooked()))).toBeUndefined();
  });

  test('of a request it keeps what the mail needs, and not the payment method', () => {
    const request = bookingRequested();
    Object.assign(request.data.passenger, { passport: 'PERSONAL' });
    expect(JSON.stringify(remember(request))).not.toMatch(/PERSONAL|pm_card_visa/);
  });
});

describe('a refund notice', () => {
  const receipt = { number: 'R', issuedAt: at, messageId: 'm' };

  test('is owed to whoever has a receipt of what was refunded, until it is sent', () => {
    const refunded = remember(...happy, paymentRefunded());
    expect(owesRefundNotice({ ...refunded, receipt })).toBe(true);
    expect(owesRefundNotice({ ...refunded, receipt, refundNotice: { issuedAt: at, messageId: 'n' } })).toBe(false);
  });

  test('is not owed without a receipt, nor without a refund', () => {
    expect(owesRefundNotice(remember(...happy, paymentRefunded()))).toBe(false);
    expect(owesRefundNotice({ ...remember(...happy, bookingCancelled(), seatReleased()), receipt })).toBe(false);
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
    expect(asksTheSame(remember(bookingRequested()), bookingRequested(data))).toBe(same);
  });

  test('is the first one when none was heard before', () => {
    expect(asksTheSame(remember(seatBooked()), bookingRequested({ seats: ['1A'] }))).toBe(true);
  });
});

describe('personal data', () => {
  const days = (from: string): number => Date.parse(from) / 1000 + 90 * 24 * 3600;

  test('may be forgotten 90 days after departure', () => {
    expect(forgetAt(remember(bookingRequested()), new Date(at))).toBe(days('2026-12-18T00:00:00Z'));
  });

  test('may be forgotten 90 days from now when the departure is past or unknown', () => {
    expect(forgetAt(remember(bookingRequested()), new Date('2027-02-01T00:00:00Z'))).toBe(days('2027-02-01T00:00:00Z'));
    expect(forgetAt(remember(paymentOk()), new Date(at))).toBe(days(at));
  });
});

test('a flight id tells flight number and departure day', () => {
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

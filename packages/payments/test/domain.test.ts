import { describe, expect, test } from '@jest/globals';
import {
  accept,
  asksTheSame,
  decideOnNo,
  type InState,
  reasonForSeatReleased,
  reasonForSeatUnavailable,
  reasonNotToCharge,
  settleCharge,
  type PaymentRecord,
} from '../src/domain.ts';
import { later, now, request } from './fixtures.ts';

const cause = { metadata: { eventId: 'request' } };
const mark = { reason: 'seat-unavailable' as const, causedBy: { metadata: { eventId: 'no' } } };
const charging = (overrides: Partial<InState<'CHARGING'>> = {}): InState<'CHARGING'> => ({
  ...(accept(undefined, request(), now, cause) as InState<'CHARGING'>),
  ...overrides,
});

describe('accepting a request', () => {
  test('keeps the data of the charge, and no data of the passenger', () => {
    const record = accept(undefined, request({ expiresAt: later }), now, cause);
    expect(record).toEqual({
      state: 'CHARGING',
      payment: { method: 'pm_card_visa', amountMinor: 8_100, currency: 'EUR' },
      causedBy: cause,
      expiresAt: later,
    });
  });

  test.each(['2026-12-01T09:30:00.000Z', '2026-12-01T09:29:59Z', '2026-12-01T09:30:00Z'])(
    'a request that expired at %s is declined',
    (expiresAt) => {
      expect(accept(undefined, request({ expiresAt }), now, cause)).toMatchObject({
        state: 'DECLINED',
        reason: 'expired',
        at: now,
      });
    },
  );

  test('a request that finds a tombstone is declined with the reason of the tombstone', () => {
    expect(accept({ state: 'VOID', reason: 'cancelled' }, request(), now, cause)).toMatchObject({
      state: 'DECLINED',
      reason: 'cancelled',
    });
  });
});

describe('a charge that is not made yet', () => {
  test('may be made before the request expires', () => {
    expect(reasonNotToCharge(charging({ expiresAt: later }), now)).toBeUndefined();
  });

  test('is not made after the request has expired', () => {
    expect(reasonNotToCharge(charging({ expiresAt: later }), later)).toBe('expired');
  });

  test('is not made for a booking that failed elsewhere', () => {
    expect(reasonNotToCharge(charging({ refund: mark }), now)).toBe('seat-unavailable');
  });
});

describe('settling a charge', () => {
  const charged = { kind: 'charged' as const, paidAt: now };

  test('a mark is kept', () => {
    expect(settleCharge(charging({ refund: mark }), 'pi_1', charged, later)).toMatchObject({
      state: 'CHARGED',
      paymentId: 'pi_1',
      paidAt: now,
      at: later,
      refund: mark,
    });
  });

  test('a declined card is declined with its code, even with a mark', () => {
    const outcome = { kind: 'declined' as const, declineCode: 'insufficient_funds' };
    expect(settleCharge(charging({ refund: mark }), 'pi_1', outcome, now)).toMatchObject({
      state: 'DECLINED',
      reason: 'declined',
      declineCode: 'insufficient_funds',
    });
  });

  test.each([
    ['failed elsewhere', charging({ refund: mark }), 'seat-unavailable'],
    ['expired', charging({ expiresAt: now }), 'expired'],
    ['was cancelled by hand', charging(), 'declined'],
  ])('the cancelled intent of a booking that %s is declined', (_, record, reason) => {
    expect(settleCharge(record, 'pi_1', { kind: 'cancelled' }, now)).toMatchObject({ state: 'DECLINED', reason });
  });
});

test('a charge is marked with the first no; later ones do not change the mark', () => {
  const marked = decideOnNo(charging(), mark);
  expect(marked).toMatchObject({ kind: 'write', record: { refund: mark } });
  expect(decideOnNo((marked as { record: PaymentRecord }).record, { ...mark, reason: 'cancelled' })).toEqual({
    kind: 'nothing',
  });
});

test.each([
  ['taken', 'seat-unavailable'],
  ['unknown-flight', 'seat-unavailable'],
  ['unknown-seat', 'seat-unavailable'],
  ['departed', 'seat-unavailable'],
  ['fare-mismatch', 'seat-unavailable'],
  ['payment-failed', 'seat-unavailable'],
  ['expired', 'expired'],
  ['cancelled', 'cancelled'],
] as const)('seats that are unavailable because %s mean %s', (reason, expected) => {
  expect(reasonForSeatUnavailable(reason)).toBe(expected);
});

test.each([
  ['hold-expired', 'hold-expired'],
  ['cancelled', 'cancelled'],
  ['payment-failed', 'seat-unavailable'],
] as const)('seats that were released because %s mean %s', (reason, expected) => {
  expect(reasonForSeatReleased(reason)).toBe(expected);
});

test('a repeated request conflicts with the first if and only if its payment differs', () => {
  const first = request();
  const other = (payment: Partial<typeof first.payment>): boolean =>
    asksTheSame(charging(), { ...first, payment: { ...first.payment, ...payment } });
  expect(asksTheSame(charging(), { ...first, expiresAt: later })).toBe(true);
  expect([other({ amountMinor: 1 }), other({ currency: 'USD' }), other({ method: 'pm_card_amex' })]).toEqual([
    false,
    false,
    false,
  ]);
  expect(asksTheSame({ state: 'VOID', reason: 'expired' }, first)).toBe(true);
});

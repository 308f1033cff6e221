import { newEvent, type AirlineEvent, type EventData } from '@airline/events-schemas/events';
import type { FactType, Receipt, RefundNotice } from '../src/domain.ts';

export const bookingId = '7f8c2f0e-3b1a-4c7e-9d55-1f6a2b3c4d5e';
export const at = '2026-12-01T09:30:00.000Z';

const flightId = 'KL1001-20261218';
const seats = ['12A', '12C'];
const money = { amountMinor: 16_200, currency: 'EUR' };

export const bookingRequested = (data: Partial<EventData<'BookingRequested'>> = {}): AirlineEvent<'BookingRequested'> =>
  newEvent(
    'BookingRequested',
    {
      bookingId,
      flightId,
      seats,
      passenger: { name: 'Ada Lovelace', email: 'ada@example.com' },
      payment: { method: 'pm_card_visa', ...money },
      ...data,
    },
    { occurredAt: at },
  );
export const seatBooked = (data: Partial<EventData<'SeatBooked'>> = {}) =>
  newEvent('SeatBooked', { bookingId, flightId, seats, ...money, ...data }, { occurredAt: at });
export const seatReleased = (reason: EventData<'SeatReleased'>['reason'] = 'hold-expired') =>
  newEvent('SeatReleased', { bookingId, flightId, seats, reason }, { occurredAt: at });
export const paymentOk = (data: Partial<EventData<'PaymentOk'>> = {}) =>
  newEvent('PaymentOk', { bookingId, paymentId: 'pi_1', ...money, paidAt: at, ...data }, { occurredAt: at });
export const paymentRefunded = (reason: EventData<'PaymentRefunded'>['reason'] = 'seat-unavailable') =>
  newEvent('PaymentRefunded', { bookingId, paymentId: 'pi_1', refundId: 're_1', ...money, reason }, { occurredAt: at });

export const bookingCancelled = () => newEvent('BookingCancelled', { bookingId, cancelledAt: at }, { occurredAt: at });

/** The events that make a receipt due. */
export const complete: AirlineEvent<FactType>[] = [bookingRequested(), seatBooked(), paymentOk()];

export function receipt(overrides: Partial<Receipt> = {}): Receipt {
  return {
    bookingId,
    number: 'R-7K2M-9QXD-4TBN',
    issuedAt: at,
    passenger: { name: 'Ada Lovelace', email: 'ada@example.com' },
    flightId,
    seats,
    paid: { paymentId: 'pi_1', ...money, paidAt: at },
    ...overrides,
  };
}

export function refundNotice(overrides: Partial<RefundNotice> = {}): RefundNotice {
  return {
    bookingId,
    receiptNumber: 'R-7K2M-9QXD-4TBN',
    issuedAt: '2026-12-03T10:00:00.000Z',
    passenger: { name: 'Ada Lovelace', email: 'ada@example.com' },
    flightId,
    seats,
    paid: { paymentId: 'pi_1' },
    refund: { refundId: 're_1', ...money, reason: 'cancelled', refundedAt: '2026-12-03T09:59:58.000Z' },
    ...overrides,
  };
}

export function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}

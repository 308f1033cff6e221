import { newEvent, type AirlineEvent, type Cause, type EventData } from '@airline/events-schemas/events';
import { factOf, type Fact, type FactType } from '../src/domain.ts';

export const bookingId = '7f8c2f0e-3b1a-4c7e-9d55-1f6a2b3c4d5e';
export const heardAt = '2026-12-01T09:30:10.000Z';

const flightId = 'KL1001-20261218';
const seats = ['12A', '12C'];
const money = { amountMinor: 16_200, currency: 'EUR' };

/** The time `second` seconds after the request (0 to 9). */
export const at = (second: number): string => `2026-12-01T09:30:0${second}.000Z`;

const causedBy = (type: FactType): Cause => ({ metadata: { eventId: `${bookingId}.${type}` } });

/** Builds one event of each type, all of the same booking. */
export const events = {
  requested: (data: Partial<EventData<'BookingRequested'>> = {}): AirlineEvent<'BookingRequested'> =>
    newEvent(
      'BookingRequested',
      {
        bookingId,
        flightId,
        seats,
        passenger: { name: 'Ada Lovelace', email: 'ada@example.com' },
        payment: { method: 'pm_card_visa', ...money },
        requestedAt: at(0),
        ...data,
      },
      { occurredAt: at(0) },
    ),
  seatBooked: (data: Partial<EventData<'SeatBooked'>> = {}) =>
    newEvent(
      'SeatBooked',
      { bookingId, flightId, seats, ...money, ...data },
      { occurredAt: at(1), causedBy: causedBy('BookingRequested') },
    ),
  seatUnavailable: (reason: EventData<'SeatUnavailable'>['reason'] = 'taken') =>
    newEvent(
      'SeatUnavailable',
      { bookingId, flightId, seats, unavailableSeats: reason === 'taken' ? ['12C'] : [], reason },
      { occurredAt: at(1), causedBy: causedBy('BookingRequested') },
    ),
  seatReleased: (reason: EventData<'SeatReleased'>['reason'] = 'payment-failed') =>
    newEvent(
      'SeatReleased',
      { bookingId, flightId, seats, reason },
      { occurredAt: at(3), causedBy: causedBy('PaymentFailed') },
    ),
  paymentOk: (data: Partial<EventData<'PaymentOk'>> = {}) =>
    newEvent(
      'PaymentOk',
      { bookingId, paymentId: 'pi_1', ...money, paidAt: at(2), ...data },
      { occurredAt: at(2), causedBy: causedBy('BookingRequested') },
    ),
  paymentFailed: (reason: EventData<'PaymentFailed'>['reason'] = 'declined', declineCode?: string) =>
    newEvent(
      'PaymentFailed',
      { bookingId, reason, ...(declineCode !== undefined && { declineCode }) },
      { occurredAt: at(2), causedBy: causedBy('BookingRequested') },
    ),
  paymentRefunded: (reason: EventData<'PaymentRefunded'>['reason'] = 'seat-unavailable') =>
    newEvent(
      'PaymentRefunded',
      { bookingId, paymentId: 'pi_1', refundId: 're_1', ...money, reason },
      { occurredAt: at(4), causedBy: causedBy('SeatUnavailable') },
    ),
  receiptIssued: () =>
    newEvent(
      'ReceiptIssued',
      { bookingId, receiptNumber: 'R-7K2M-9QXD-4TBN', issuedAt: at(3) },
      { occurredAt: at(3), causedBy: causedBy('PaymentOk') },
    ),
  cancelled: () => newEvent('BookingCancelled', { bookingId, cancelledAt: at(5) }, { occurredAt: at(5) }),
};

/** The events of a confirmed booking. */
export const happy: AirlineEvent<FactType>[] = [
  events.requested(),
  events.seatBooked(),
  events.paymentOk(),
  events.receiptIssued(),
];

export const facts = (...received: AirlineEvent<FactType>[]): Fact[] => received.map((event) => factOf(event, heardAt));

export function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}

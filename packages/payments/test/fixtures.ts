import { newEvent, type AirlineEvent, type EventData } from '@airline/events-schemas/events';
import { randomUUID } from 'node:crypto';

export const now = '2026-12-01T09:30:00.000Z';
export const later = '2026-12-01T09:45:00.000Z';

export type Request = EventData<'BookingRequested'>;

export function request(overrides: Partial<Request> = {}): Request {
  return {
    bookingId: randomUUID(),
    flightId: 'KL1001-20261218',
    seats: ['12A'],
    passenger: { name: 'Ada Lovelace', email: 'ada@example.com' },
    payment: { method: 'pm_card_visa', amountMinor: 8_100, currency: 'EUR' },
    ...overrides,
  };
}

export function paidWith(method: string): Request {
  return request({ payment: { method, amountMinor: 8_100, currency: 'EUR' } });
}

export function bookingRequested(data: Request): AirlineEvent<'BookingRequested'> {
  return newEvent('BookingRequested', data, { occurredAt: now });
}

export function seatUnavailable(
  { bookingId, flightId, seats }: Request,
  reason: EventData<'SeatUnavailable'>['reason'] = 'taken',
): AirlineEvent<'SeatUnavailable'> {
  return newEvent(
    'SeatUnavailable',
    { bookingId, flightId, seats, unavailableSeats: seats, reason },
    { occurredAt: now },
  );
}

export function seatReleased(
  { bookingId, flightId, seats }: Request,
  reason: EventData<'SeatReleased'>['reason'] = 'hold-expired',
): AirlineEvent<'SeatReleased'> {
  return newEvent('SeatReleased', { bookingId, flightId, seats, reason }, { occurredAt: now });
}

export function bookingCancelled({ bookingId }: { bookingId: string }): AirlineEvent<'BookingCancelled'> {
  return newEvent('BookingCancelled', { bookingId, cancelledAt: now }, { occurredAt: now });
}

import { newEvent, type AirlineEvent, type EventData } from '@airline/events-schemas/events';
import { randomUUID } from 'node:crypto';
import type { Money } from '../src/domain.ts';

export const now = '2026-12-01T09:30:00.000Z';
export const holdRules = { defaultSeconds: 600, graceSeconds: 60, maximumSeconds: 86_400 };
/** The deliveries of a message: the first, and the one after its last retry. */
export const delivered = { first: { receiveCount: 1 }, last: { receiveCount: 5 } };

export function flight(overrides: Partial<EventData<'FlightScheduled'>> = {}): EventData<'FlightScheduled'> {
  return {
    flightId: 'KL1001-20261218',
    carrier: 'KL',
    flightNumber: 'KL1001',
    origin: { iata: 'AMS', city: 'Amsterdam', country: 'Netherlands' },
    destination: { iata: 'ABZ', city: 'Aberdeen', country: 'United Kingdom' },
    departureTime: '2026-12-18T06:37:00Z',
    durationMinutes: 92,
    aircraft: 'Embraer 190',
    cabins: [
      {
        cabin: 'business',
        rows: { first: 1, last: 5 },
        letters: ['A', 'C', 'D', 'F'],
        fare: { amountMinor: 22_680, currency: 'EUR' },
      },
      {
        cabin: 'economy',
        rows: { first: 6, last: 26 },
        letters: ['A', 'C', 'D', 'F'],
        fare: { amountMinor: 8_100, currency: 'EUR' },
      },
    ],
    ...overrides,
  };
}

export function request(overrides: Partial<EventData<'BookingRequested'>> = {}): EventData<'BookingRequested'> {
  const seats = overrides.seats ?? ['12A'];
  return {
    bookingId: randomUUID(),
    flightId: 'KL1001-20261218',
    seats,
    passenger: { name: 'Ada Lovelace', email: 'ada@example.com' },
    payment: { method: 'pm_card_visa', amountMinor: 8_100 * seats.length, currency: 'EUR' },
    ...overrides,
  };
}

export function bookingRequested(data: EventData<'BookingRequested'>): AirlineEvent<'BookingRequested'> {
  return newEvent('BookingRequested', data, { occurredAt: now });
}

/** @param overrides of the money that was charged for the request */
export function paymentOk(
  { bookingId, payment }: EventData<'BookingRequested'>,
  overrides: Partial<Money> = {},
): AirlineEvent<'PaymentOk'> {
  const { amountMinor, currency } = { ...payment, ...overrides };
  return newEvent(
    'PaymentOk',
    { bookingId, paymentId: 'pi_1', amountMinor, currency, paidAt: now },
    { occurredAt: now },
  );
}

export function paymentFailed(
  { bookingId }: { bookingId: string },
  reason: EventData<'PaymentFailed'>['reason'] = 'declined',
): AirlineEvent<'PaymentFailed'> {
  return newEvent('PaymentFailed', { bookingId, reason }, { occurredAt: now });
}

export function bookingCancelled({ bookingId }: { bookingId: string }): AirlineEvent<'BookingCancelled'> {
  return newEvent('BookingCancelled', { bookingId, cancelledAt: now }, { occurredAt: now });
}

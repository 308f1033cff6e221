import type { EventRead, Reads } from '@airline/events-schemas/reads';

const cause = ['metadata.eventId', 'metadata.traceparent?'] as const;

/** The fields that seats reads, by detail-type. A handler that reads another field does not compile. */
export const reads = {
  FlightScheduled: [
    'metadata.occurredAt',
    'data.flightId',
    'data.carrier',
    'data.flightNumber',
    'data.origin.iata',
    'data.origin.city',
    'data.origin.country',
    'data.destination.iata',
    'data.destination.city',
    'data.destination.country',
    'data.departureTime',
    'data.durationMinutes',
    'data.aircraft',
    'data.cabins[].cabin',
    'data.cabins[].rows.first',
    'data.cabins[].rows.last',
    'data.cabins[].letters',
    'data.cabins[].fare.amountMinor',
    'data.cabins[].fare.currency',
  ],
  BookingRequested: [
    ...cause,
    'data.bookingId',
    'data.flightId',
    'data.seats',
    'data.payment.amountMinor',
    'data.payment.currency',
    'data.expiresAt?',
  ],
  BookingCancelled: [...cause, 'data.bookingId'],
  PaymentOk: ['metadata.eventId', 'metadata.correlationId', 'data.bookingId', 'data.amountMinor', 'data.currency'],
  PaymentFailed: [...cause, 'metadata.correlationId', 'data.bookingId', 'data.reason'],
} as const satisfies Reads;

export type Heard<T extends keyof typeof reads = keyof typeof reads> = EventRead<typeof reads, T>;

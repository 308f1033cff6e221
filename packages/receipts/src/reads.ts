import type { EventRead, Reads } from '@airline/events-schemas/reads';

const cause = ['metadata.eventId', 'metadata.traceparent?'] as const;

/** The fields that receipts reads. Its handlers cannot see any other. */
export const reads = {
  BookingRequested: [
    ...cause,
    'data.bookingId',
    'data.flightId',
    'data.seats',
    'data.passenger.name',
    'data.passenger.email',
    'data.payment.amountMinor',
    'data.payment.currency',
  ],
  BookingCancelled: [...cause, 'data.bookingId', 'data.cancelledAt'],
  SeatBooked: [...cause, 'data.bookingId', 'data.flightId', 'data.seats', 'data.amountMinor', 'data.currency'],
  SeatReleased: [...cause, 'data.bookingId', 'data.reason'],
  PaymentOk: [...cause, 'data.bookingId', 'data.paymentId', 'data.amountMinor', 'data.currency', 'data.paidAt'],
  PaymentRefunded: [
    ...cause,
    'metadata.occurredAt',
    'data.bookingId',
    'data.refundId',
    'data.amountMinor',
    'data.currency',
    'data.reason',
  ],
} as const satisfies Reads;

export type Heard<T extends keyof typeof reads = keyof typeof reads> = EventRead<typeof reads, T>;

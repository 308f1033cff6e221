import type { EventRead, Reads } from '@airline/events-schemas/reads';

/** Read of every event: the fields of a timeline entry, and the booking. */
const fact = [
  'metadata.eventId',
  'metadata.causationId?',
  'metadata.occurredAt',
  'metadata.service',
  'data.bookingId',
] as const;

/** The fields that status reads, by detail-type. A handler that reads another field does not compile. */
export const reads = {
  BookingRequested: [
    ...fact,
    'data.flightId',
    'data.seats',
    'data.customerId?',
    'data.payment.amountMinor',
    'data.payment.currency',
    'data.requestedAt?',
  ],
  BookingCancelled: [...fact, 'data.cancelledAt'],
  SeatBooked: [...fact, 'data.flightId', 'data.seats', 'data.amountMinor', 'data.currency'],
  SeatUnavailable: [...fact, 'data.flightId', 'data.seats', 'data.unavailableSeats', 'data.reason'],
  SeatReleased: [...fact, 'data.flightId', 'data.seats', 'data.reason'],
  PaymentOk: [...fact, 'data.amountMinor', 'data.currency'],
  PaymentFailed: [...fact, 'data.reason', 'data.declineCode?'],
  PaymentRefunded: [...fact, 'data.reason'],
  ReceiptIssued: [...fact, 'data.receiptNumber'],
} as const satisfies Reads;

export type Heard<T extends keyof typeof reads = keyof typeof reads> = EventRead<typeof reads, T>;

import type { EventRead, Reads } from '@airline/events-schemas/reads';

/** Of every event: a line of the timeline, and whose it is. */
const fact = [
  'metadata.eventId',
  'metadata.causationId?',
  'metadata.occurredAt',
  'metadata.service',
  'data.bookingId',
] as const;

/** What status reads of the events that it hears, and all that it can. */
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

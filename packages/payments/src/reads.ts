import type { EventRead, Reads } from '@airline/events-schemas/reads';

const cause = ['metadata.eventId', 'metadata.traceparent?'] as const;

/** The fields that payments reads. Its handlers cannot see any other. */
export const reads = {
  BookingRequested: [
    ...cause,
    'data.bookingId',
    'data.payment.method',
    'data.payment.amountMinor',
    'data.payment.currency',
    'data.expiresAt?',
  ],
  BookingCancelled: [...cause, 'data.bookingId'],
  SeatUnavailable: [...cause, 'data.bookingId', 'data.reason'],
  SeatReleased: [...cause, 'data.bookingId', 'data.reason'],
} as const satisfies Reads;

export type Heard<T extends keyof typeof reads = keyof typeof reads> = EventRead<typeof reads, T>;

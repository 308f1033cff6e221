import type { Subscriptions } from '@airline/events-schemas/subscriptions';

export const subscriptions: Subscriptions = {
  Bookings: { source: 'airline.bookings', detailTypes: ['BookingRequested', 'BookingCancelled'] },
  RefusedSeats: { source: 'airline.seats', detailTypes: ['SeatUnavailable'] },
  ReleasedSeats: {
    source: 'airline.seats',
    detailTypes: ['SeatReleased'],
    // A release for `payment-failed` only answers payments' own PaymentFailed.
    detail: { data: { reason: [{ 'anything-but': 'payment-failed' }] } },
    when: 'unless it answers its own `PaymentFailed`',
  },
};

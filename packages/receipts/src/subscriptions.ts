import type { Subscriptions } from '@airline/events-schemas/subscriptions';

export const subscriptions: Subscriptions = {
  Bookings: { source: 'airline.bookings', detailTypes: ['BookingRequested', 'BookingCancelled'] },
  Seats: { source: 'airline.seats', detailTypes: ['SeatBooked', 'SeatReleased'] },
  Payments: { source: 'airline.payments', detailTypes: ['PaymentOk', 'PaymentRefunded'] },
};

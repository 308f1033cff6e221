import type { Subscriptions } from '@airline/events-schemas/subscriptions';

export const subscriptions: Subscriptions = {
  Flights: { source: 'airline.flights', detailTypes: ['FlightScheduled'] },
  Bookings: { source: 'airline.bookings', detailTypes: ['BookingRequested', 'BookingCancelled'] },
  Payments: { source: 'airline.payments', detailTypes: ['PaymentOk', 'PaymentFailed'] },
};

import type { Subscriptions } from '@airline/events-schemas/subscriptions';

export const subscriptions: Subscriptions = {
  Bookings: { source: 'airline.bookings', detailTypes: ['BookingRequested', 'BookingCancelled'] },
  Seats: { source: 'airline.seats', detailTypes: ['SeatBooked', 'SeatUnavailable', 'SeatReleased'] },
  Payments: { source: 'airline.payments', detailTypes: ['PaymentOk', 'PaymentFailed', 'PaymentRefunded'] },
  Receipts: { source: 'airline.receipts', detailTypes: ['ReceiptIssued'] },
};

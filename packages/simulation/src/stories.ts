import { newEvent } from '@airline/events-schemas/events';
import { type Booking, type BookingOptions, createBooking, epoch } from './bookings.ts';
import type { StoryScript } from './story.ts';

const expiresAt = new Date(epoch + 10 * 60_000).toISOString();

function booking(number: number, options: Partial<BookingOptions> = {}): Booking {
  const bookingId = `0000000${number}-0000-4000-8000-000000000000`;
  return createBooking({ bookingId, name: `b${number}`, seats: ['3A'], expiresAt, ...options });
}

/** One script for each way in which a booking usually ends, and for three things that go wrong. */
export function storyScripts(): StoryScript[] {
  const one = booking(1, { name: 'first' });
  const second = booking(2, { name: 'second' });
  const declined = booking(1, { method: 'pm_card_visa_chargeDeclined' });
  const cancellation = newEvent(
    'BookingCancelled',
    { bookingId: one.request.bookingId, cancelledAt: new Date(epoch).toISOString() },
    { occurredAt: new Date(epoch).toISOString() },
  );
  return [
    {
      title: 'Confirmed',
      what: 'A customer asks for a free seat, and the card pays. Seats and payments start side by side.',
      bookings: [one],
      play: (teller) => teller.publish(one.requested),
    },
    {
      title: 'Seat taken',
      what:
        'The seat is sold to another customer. Seats and payments start side by side, so the card is charged before ' +
        'payments hears the no. Then it pays back.',
      bookings: [one, second],
      play: async (teller) => {
        await teller.before(one.requested);
        await teller.publish(second.requested);
      },
    },
    {
      title: 'Card declined',
      what: 'The seat is free, but the card is declined. Seats takes its yes back.',
      bookings: [declined],
      play: (teller) => teller.publish(declined.requested),
    },
    {
      title: 'Cancelled',
      what: 'The customer cancels a confirmed booking. Every service takes its own part back.',
      bookings: [one],
      play: async (teller) => {
        await teller.before(one.requested);
        await teller.publish(cancellation);
      },
    },
    {
      title: 'Expired',
      what: 'Payments is down, and nobody pays in time. The timer of seats ends the hold. Payments charges nothing later.',
      bookings: [one],
      play: async (teller) => {
        teller.down('payments');
        await teller.publish(one.requested);
        await teller.wait(15);
        await teller.up('payments');
      },
    },
    {
      title: 'Duplicate',
      what: 'SQS delivers requests and answers twice. Each handler finds its record, and gives the same answer again.',
      bookings: [one],
      play: async (teller) => {
        await teller.before(one.requested);
        teller.remark('SQS delivers the request to payments a second time');
        await teller.deliverAgain('payments', 'BookingRequested');
        teller.remark('SQS delivers the payment to receipts a second time');
        await teller.deliverAgain('receipts', 'PaymentOk');
      },
    },
    {
      title: 'Late redrive',
      what:
        'Seats cannot handle the payment: its table refuses. After five tries the message is a dead letter, and the hold ' +
        'expires. An operator redrives it hours later. That changes nothing any more.',
      bookings: [one],
      play: async (teller) => {
        teller.breakTable('seats', 'PaymentOk', 'seatStore.');
        await teller.publish(one.requested);
        await teller.wait(120);
        teller.mendTable();
        teller.remark('2 h after the request');
        await teller.redrive('seats');
      },
    },
  ];
}

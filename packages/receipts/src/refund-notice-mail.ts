import { formatMoney } from '@airline/events-schemas/currency';
import { flightOf, type RefundNotice } from './domain.ts';
import { bodiesOf, journeyRows, longDate } from './mail-layout.ts';
import type { Mail } from './mailer.ts';

/** The mail of a refund notice. */
export function refundNoticeMail(notice: RefundNotice): Mail {
  const { bookingId, receiptNumber, passenger, flightId, refund, paid } = notice;
  const { flightNumber, departureDay } = flightOf(flightId);
  const departure = longDate(departureDay);
  const total = formatMoney(refund.amountMinor, refund.currency);
  return {
    to: { name: passenger.name, email: passenger.email },
    subject: `Refund for receipt ${receiptNumber}: flight ${flightNumber} on ${departure}`,
    ...bodiesOf({
      kind: 'Refund for receipt',
      number: receiptNumber,
      issued: longDate(new Date(notice.issuedAt)),
      heading: 'Your payment is refunded',
      opening: (emphasize) => reasonText(refund.reason, `flight ${emphasize(flightNumber)} on ${emphasize(departure)}`),
      rows: [
        ...journeyRows(notice),
        ['Refunded on', longDate(new Date(refund.refundedAt))],
        ['Refund', refund.refundId],
        ['Payment', paid.paymentId],
        ['Booking', bookingId],
      ],
      total: ['Total refunded', total],
      preview: `${total} refunded for flight ${flightNumber} on ${departure}`,
      notes: ['It goes back to the card that you paid with; your bank may take up to ten working days to show it.'],
    }),
  };
}

function reasonText(reason: RefundNotice['refund']['reason'], flight: string): string {
  switch (reason) {
    case 'cancelled':
      return `Your booking of ${flight} is cancelled, and your seats are given back.`;
    case 'expired':
    case 'hold-expired':
      return `Your seats on ${flight} could not be kept, because your payment was not confirmed in time.`;
    case 'seat-unavailable':
      return `Your seats on ${flight} are not available.`;
  }
}

import { formatMoney } from '@airline/events-schemas/currency';
import { flightOf, type Receipt } from './domain.ts';
import { bodiesOf, journeyRows, longDate } from './mail-layout.ts';
import type { Mail } from './mailer.ts';

/** The mail of a receipt. */
export function receiptMail(receipt: Receipt): Mail {
  const { bookingId, number, issuedAt, passenger, flightId, paid } = receipt;
  const { flightNumber, departureDay } = flightOf(flightId);
  const departure = longDate(departureDay);
  const total = formatMoney(paid.amountMinor, paid.currency);
  return {
    to: { name: passenger.name, email: passenger.email },
    subject: `Receipt ${number}: flight ${flightNumber} on ${departure}`,
    ...bodiesOf({
      kind: 'Receipt',
      number,
      issued: longDate(new Date(issuedAt)),
      heading: 'Thank you for your booking',
      opening: (emphasize) =>
        `Your flight ${emphasize(flightNumber)} on ${emphasize(departure)} is confirmed and paid.`,
      textOnly: 'This is your receipt.',
      rows: [
        ...journeyRows(receipt),
        ['Paid on', longDate(new Date(paid.paidAt))],
        ['Payment', paid.paymentId],
        ['Booking', bookingId],
      ],
      total: ['Total paid', total],
      preview: `${total} paid for flight ${flightNumber} on ${departure}`,
      notes: ['Keep the booking number to yourself: whoever knows it can look the booking up and cancel it.'],
    }),
  };
}

import { flightOf, type Receipt } from './domain.ts';
import type { Mail } from './mailer.ts';

/** The mail of a receipt: the same in text and in HTML. */
export function receiptMail(receipt: Receipt): Mail {
  const { bookingId, number, issuedAt, passenger, flightId, seats, paid } = receipt;
  const { flightNumber, departureDay } = flightOf(flightId);
  const departure = longDate(departureDay);
  const total = moneyText(paid.amountMinor, paid.currency);
  const rows: [label: string, value: string][] = [
    ['Passenger', oneLine(passenger.name)],
    ['Flight', flightNumber],
    ['Departure', departure],
    [seats.length === 1 ? 'Seat' : 'Seats', seats.join(', ')],
    ['Paid on', longDate(new Date(paid.paidAt))],
    ['Payment', paid.paymentId],
    ['Booking', bookingId],
  ];
  const facts = { number, issued: longDate(new Date(issuedAt)), flightNumber, departure, rows, total };
  return {
    to: { name: passenger.name, email: passenger.email },
    subject: `Receipt ${number}: flight ${flightNumber} on ${departure}`,
    text: textBody(facts),
    html: htmlBody(facts),
  };
}

const note = 'Keep the booking number to yourself: whoever knows it can look the booking up.';

interface Facts {
  number: string;
  issued: string;
  flightNumber: string;
  departure: string;
  rows: [label: string, value: string][];
  total: string;
}

function textBody({ number, issued, flightNumber, departure, rows, total }: Facts): string {
  const labelled: [string, string][] = [['Receipt', number], ['Issued on', issued], ...rows, ['Total paid', total]];
  const width = Math.max(...labelled.map(([label]) => label.length));
  return [
    'Thank you for your booking.',
    '',
    `Your flight ${flightNumber} on ${departure} is confirmed and paid. This is your receipt.`,
    '',
    ...labelled.map(([label, value]) => `${label.padEnd(width)}  ${value}`),
    '',
    note,
    '',
  ].join('\n');
}

const label = 'color:#5b6b82;padding:10px 16px 10px 0;border-bottom:1px solid #e6eaf0;white-space:nowrap;vertical-align:top';
const value = 'color:#16243a;padding:10px 0;border-bottom:1px solid #e6eaf0;text-align:right;word-break:break-word';
const font = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:15px;line-height:1.45";
const table = 'width="100%" cellpadding="0" cellspacing="0"';

/** Tables and inline styles, because mail clients know little else. */
function htmlBody(facts: Facts): string {
  const number = escapeHtml(facts.number);
  const issued = escapeHtml(facts.issued);
  const flightNumber = escapeHtml(facts.flightNumber);
  const departure = escapeHtml(facts.departure);
  const total = escapeHtml(facts.total);
  const rows = facts.rows.map(
    ([name, text]) => `
            <tr><td style="${label}">${escapeHtml(name)}</td><td style="${value}">${escapeHtml(text)}</td></tr>`,
  );
  return `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  <meta name="color-scheme" content="light">
  <title>Receipt ${number}</title>
</head>
<body style="margin:0;padding:0;background:#eef2f7">
  <div style="display:none;max-height:0;overflow:hidden">${total} paid for flight ${flightNumber} on ${departure}</div>
  <table role="presentation" ${table} style="background:#eef2f7;${font}">
    <tr><td align="center" style="padding:32px 16px">
      <table role="presentation" ${table} style="max-width:560px;background:#fff;border-radius:12px;overflow:hidden">
        <tr><td style="background:#0b2e59;padding:24px 32px">
          <table role="presentation" ${table}><tr>
            <td style="color:#fff;font-size:20px;font-weight:700;letter-spacing:.5px">Airline</td>
            <td style="color:#b9cbe4;font-size:13px;text-align:right">
              Receipt<br><strong style="color:#fff;font-size:15px;white-space:nowrap">${number}</strong>
            </td>
          </tr></table>
        </td></tr>
        <tr><td style="padding:28px 32px 8px">
          <h1 style="margin:0 0 6px;font-size:22px;line-height:1.25;color:#16243a">Thank you for your booking</h1>
          <p style="margin:0;color:#3d4d64">
            Your flight <strong>${flightNumber}</strong> on <strong>${departure}</strong> is confirmed and paid.
          </p>
        </td></tr>
        <tr><td style="padding:12px 32px 0">
          <table ${table} style="border-collapse:collapse">${rows.join('')}
          </table>
        </td></tr>
        <tr><td style="padding:20px 32px 28px">
          <table ${table} style="background:#f3f7fc;border-radius:8px"><tr>
            <td style="padding:16px 20px;color:#16243a;font-weight:600;white-space:nowrap">Total paid</td>
            <td style="padding:16px 20px;text-align:right;white-space:nowrap">
              <strong style="color:#0b2e59;font-size:22px">${total}</strong>
            </td>
          </tr></table>
        </td></tr>
        <tr><td style="padding:16px 32px 24px;border-top:1px solid #e6eaf0;color:#66758a;font-size:12px">
          Issued on ${issued}. ${note}
        </td></tr>
      </table>
    </td></tr>
  </table>
</body>
</html>
`;
}

/** An amount in its currency's own minor units: JPY has none, KWD has three digits of them. */
export function moneyText(amountMinor: number, currency: string): string {
  const format = new Intl.NumberFormat('en-GB', { style: 'currency', currency, currencyDisplay: 'code' });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  // The non-breaking space between code and amount is right in HTML, and a riddle in a plain text.
  return format.format(amountMinor / 10 ** digits).replaceAll('\u00a0', ' ');
}

function longDate(date: Date): string {
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(date);
}

/** A name is what a stranger typed: it must not add lines to a text, nor turn around what follows it. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replaceAll(/[&<>"']/g, (character) => entities[character]!);
}

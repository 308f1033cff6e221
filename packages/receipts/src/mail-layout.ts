import { printableInMail } from '@airline/events-schemas/printable';
import { flightOf, type Receipt } from './domain.ts';

type Row = [label: string, value: string];

/** The content of a mail about a booking. Its text and its HTML have the same content. */
export interface MailContent {
  /** What the mail is, e.g. `Receipt`. */
  kind: string;
  /** The receipt's number. */
  number: string;
  issued: string;
  heading: string;
  /** One or two sentences. `emphasize` marks words in the HTML. */
  opening: (emphasize: (text: string) => string) => string;
  /** A sentence after the opening in the text only. The HTML shows it by its layout. */
  textOnly?: string;
  /** The values may be of any text: the layout makes them printable. */
  rows: Row[];
  total: [label: string, amount: string];
  /** The preview that a mail client shows beside the subject. */
  preview: string;
  notes: string[];
}

/** In characters. The contract allows 200 for a name. */
const longestValue = 200;

export function bodiesOf({ rows, ...rest }: MailContent): { text: string; html: string } {
  // A name must not add lines to the text, nor reverse the direction of what follows it.
  const content = { ...rest, rows: rows.map(([label, value]): Row => [label, printableInMail(value, longestValue)]) };
  return { text: textBody(content), html: htmlBody(content) };
}

/** The rows about the journey: passenger, flight, departure, seats. */
export function journeyRows({
  passenger,
  flightId,
  seats,
}: Pick<Receipt, 'passenger' | 'flightId' | 'seats'>): MailContent['rows'] {
  const { flightNumber, departureDay } = flightOf(flightId);
  return [
    ['Passenger', passenger.name],
    ['Flight', flightNumber],
    ['Departure', longDate(departureDay)],
    [seats.length === 1 ? 'Seat' : 'Seats', seats.join(', ')],
  ];
}

function textBody({ kind, number, issued, heading, opening, textOnly, rows, total, notes }: MailContent): string {
  const labelled: [string, string][] = [[kind, number], ['Issued on', issued], ...rows, total];
  const width = Math.max(...labelled.map(([label]) => label.length));
  return [
    `${heading}.`,
    '',
    [opening((text) => text), textOnly].join(' ').trim(),
    '',
    ...labelled.map(([label, value]) => `${label.padEnd(width)}  ${value}`),
    '',
    ...notes,
    '',
  ].join('\n');
}

// Created once: creating it takes longer than writing a mail.
const days = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });

const label =
  'color:#5b6b82;padding:10px 16px 10px 0;border-bottom:1px solid #e6eaf0;white-space:nowrap;vertical-align:top';
const value = 'color:#16243a;padding:10px 0;border-bottom:1px solid #e6eaf0;text-align:right;word-break:break-word';
const font = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:15px;line-height:1.45";
const table = 'width="100%" cellpadding="0" cellspacing="0"';

/** Uses tables and inline styles, because mail clients support little else. */
function htmlBody(content: MailContent): string {
  const kind = escapeHtml(content.kind);
  const number = escapeHtml(content.number);
  const [totalLabel, total] = content.total.map(escapeHtml) as [string, string];
  const opening = content.opening((text) => `<strong>${escapeHtml(text)}</strong>`);
  const rows = content.rows.map(
    ([name, text]) => `
            <tr><td style="${label}">${escapeHtml(name)}</td><td style="${value}">${escapeHtml(text)}</td></tr>`,
  );
  return `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  <meta name="color-scheme" content="light">
  <title>${kind} ${number}</title>
</head>
<body style="margin:0;padding:0;background:#eef2f7">
  <div style="display:none;max-height:0;overflow:hidden">${escapeHtml(content.preview)}</div>
  <table role="presentation" ${table} style="background:#eef2f7;${font}">
    <tr><td align="center" style="padding:32px 16px">
      <table role="presentation" ${table} style="max-width:560px;background:#fff;border-radius:12px;overflow:hidden">
        <tr><td style="background:#0b2e59;padding:24px 32px">
          <table role="presentation" ${table}><tr>
            <td style="color:#fff;font-size:20px;font-weight:700;letter-spacing:.5px">Airline</td>
            <td style="color:#b9cbe4;font-size:13px;text-align:right">
              ${kind}<br><strong style="color:#fff;font-size:15px;white-space:nowrap">${number}</strong>
            </td>
          </tr></table>
        </td></tr>
        <tr><td style="padding:28px 32px 8px">
          <h1 style="margin:0 0 6px;font-size:22px;line-height:1.25;color:#16243a">${escapeHtml(content.heading)}</h1>
          <p style="margin:0;color:#3d4d64">
            ${opening}
          </p>
        </td></tr>
        <tr><td style="padding:12px 32px 0">
          <table ${table} style="border-collapse:collapse">${rows.join('')}
          </table>
        </td></tr>
        <tr><td style="padding:20px 32px 28px">
          <table ${table} style="background:#f3f7fc;border-radius:8px"><tr>
            <td style="padding:16px 20px;color:#16243a;font-weight:600;white-space:nowrap">${totalLabel}</td>
            <td style="padding:16px 20px;text-align:right;white-space:nowrap">
              <strong style="color:#0b2e59;font-size:22px">${total}</strong>
            </td>
          </tr></table>
        </td></tr>
        <tr><td style="padding:16px 32px 24px;border-top:1px solid #e6eaf0;color:#66758a;font-size:12px">
          Issued on ${escapeHtml(content.issued)}. ${content.notes.map(escapeHtml).join(' ')}
        </td></tr>
      </table>
    </td></tr>
  </table>
</body>
</html>
`;
}

export function longDate(date: Date): string {
  return days.format(date);
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replaceAll(/[&<>"']/g, (character) => entities[character]!);
}

/** `pnpm book`: publishes BookingRequested, as any producer may. */
import { randomUUID } from 'node:crypto';
import { newEvent } from '@airline/events-schemas/events';
import { findDataMistakes } from '@airline/events-schemas/parse-event';
import { createPublisher, publishOrThrow } from '@airline/messaging/publish';
import { newTraceparent } from '@airline/messaging/trace';
import { InvalidArgumentError } from 'commander';
import { pc } from '../cli/colors.ts';
import { command, type CommonOptions, exitCode, run } from '../cli/command.ts';
import { followBooking, hasFailed, nothingNew, summary, timelinePrinter } from '../airline/follow-booking.ts';
import { money, type Money } from '../cli/format.ts';
import type { Flight } from '../airline/schedule.ts';
import { jsonOf, openTarget, type Target } from '../airline/target.ts';
import { UsageError } from '../cli/usage-error.ts';

interface BookOptions extends CommonOptions {
  flight: string;
  seat: string[];
  email: string;
  name: string;
  paymentMethod: string;
  bookingId?: string;
  expiresIn: number;
  watch?: true;
}

await run(
  command('pnpm book', 'ask for seats: publishes BookingRequested and prints the booking id')
    .requiredOption('--flight <id-or-number>', 'a flight id, or a flight number for its next departure')
    .option(
      '--seat <seat>',
      'a seat, e.g. 12A; repeat it for up to nine',
      (seat: string, seats: string[]) => [...seats, seat.toUpperCase()],
      [] as string[],
    )
    .option('--email <email>', 'where the receipt goes', 'guest@example.com')
    .option('--name <name>', 'the passenger', 'Guest Passenger')
    .option(
      '--payment-method <method>',
      "one of the payment provider's, e.g. pm_card_visa_chargeDeclined",
      'pm_card_visa',
    )
    .option(
      '--booking-id <id>',
      'a version 4 UUID; the same id with the same wishes is the same booking (default: a new one)',
    )
    .option(
      '--expires-in <seconds>',
      'after so long nobody begins with the booking any more, and what is held but not paid is given back',
      parseSeconds,
      600,
    )
    .option('--watch', 'follow the booking until it is settled; exit code 2 when it failed')
    .action(book),
);

async function book(options: BookOptions): Promise<void> {
  const target = openTarget(options.target);
  const flight = await findFlight(target, options.flight);
  const bookingId = options.bookingId ?? randomUUID();
  const fare = fareOf(flight, options.seat);
  const now = Date.now();
  const requestedAt = new Date(now).toISOString();
  const data = {
    bookingId,
    flightId: flight.flightId,
    seats: options.seat,
    passenger: { name: options.name, email: options.email },
    payment: { method: options.paymentMethod, ...fare },
    requestedAt,
    expiresAt: new Date(now + options.expiresIn * 1000).toISOString(),
  };
  const mistakes = findDataMistakes('BookingRequested', data);
  if (mistakes.length > 0) {
    throw new UsageError(
      ['The booking was not asked for:', ...mistakes.map(({ path, message }) => `  ${optionOf(path)} ${message}`)].join(
        '\n',
      ),
    );
  }

  const publish = createPublisher({
    client: target.eventBridge,
    busName: (await target.parameters()).get('bus/name')!,
  });
  await publishOrThrow(publish, [
    newEvent('BookingRequested', data, { occurredAt: requestedAt, traceparent: newTraceparent() }),
  ]);

  const { json, watch } = options;
  if (!json) {
    console.log(
      `${pc.bold(bookingId)}  ${flight.flightNumber} ${flight.origin.iata} → ${flight.destination.iata} · ${options.seat.join(', ')} · ${money(fare)}`,
    );
  }
  if (!watch) {
    console.log(
      json
        ? JSON.stringify({ bookingId, flightId: flight.flightId, seats: options.seat, amount: fare })
        : pc.dim(`Follow it: pnpm status ${bookingId} --watch`),
    );
    return;
  }
  const status = await followBooking(target, bookingId, {
    onChange: json ? () => {} : timelinePrinter(),
    onSilence: nothingNew,
  });
  console.log(json ? JSON.stringify(status) : summary(status));
  if (hasFailed(status)) process.exitCode = exitCode.bookingFailed;
}

/** The flight of that id, or the next departure of that number. */
async function findFlight(target: Target, wanted: string): Promise<Flight> {
  const name = wanted.toUpperCase();
  const number = name.split('-')[0]!;
  const { flights } = await jsonOf<{ flights: Flight[] }>(
    await target.fetch(`/flights?flightNumber=${encodeURIComponent(number)}`),
  );
  const flight = flights.find(({ flightId, flightNumber }) => name === flightId || name === flightNumber);
  if (flight) return flight;
  const others = flights.map(({ flightId }) => flightId);
  const hint =
    others.length > 0
      ? `${number} departs as ${others.join(', ')}.`
      : '`pnpm flights list` shows the flights that can be booked.';
  throw new UsageError(`No flight ${wanted} is on sale. ${hint}`);
}

/** What the seats cost together. @throws UsageError for seats that the flight does not have: the fare would be anyone's guess */
function fareOf(flight: Flight, seats: string[]): Money {
  if (seats.length === 0) throw new UsageError(`--seat is missing. ${describeSeats(flight)}`);
  const fares = seats.map((seat) => {
    const row = Number(seat.slice(0, -1));
    const cabin = flight.cabins.find(
      ({ rows, letters }) => rows.first <= row && row <= rows.last && letters.includes(seat.slice(-1)),
    );
    if (!cabin) throw new UsageError(`Flight ${flight.flightId} has no seat ${seat}. ${describeSeats(flight)}`);
    return cabin.fare;
  });
  return { amountMinor: fares.reduce((sum, { amountMinor }) => sum + amountMinor, 0), currency: fares[0]!.currency };
}

function describeSeats({ cabins }: Flight): string {
  return `Its seats: ${cabins.map(({ cabin, rows, letters, fare }) => `rows ${rows.first}–${rows.last} ${letters.join('')} (${cabin}, ${money(fare)})`).join('; ')}.`;
}

function optionOf(path: string): string {
  const options: Record<string, string> = {
    bookingId: '--booking-id',
    flightId: '--flight',
    seats: '--seat',
    email: '--email',
    name: '--name',
    method: '--payment-method',
  };
  const part = path
    .split('/')
    .filter((name) => name in options)
    .pop();
  return part ? options[part]! : path;
}

function parseSeconds(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It takes a whole number of seconds, such as 600.');
  return Number(text);
}

/** `pnpm book`: publishes BookingRequested, as any producer may. */
import { hasFailed, summary, watchBooking } from '../airline/follow-booking.ts';
import { type BookingWish, requestBooking, type RequestedBooking } from '../airline/request-booking.ts';
import { openTarget } from '../airline/target.ts';
import { answer, printableData, printJson } from '../cli/answer.ts';
import { pc } from '../cli/colors.ts';
import { command, type CommonOptions, exitCode, run } from '../cli/command.ts';
import { money } from '../cli/format.ts';
import { bookingId, repeated, wholeSeconds } from '../cli/option-values.ts';

type BookOptions = CommonOptions & BookingWish & { watch?: true };

await run(
  command('pnpm book', 'Request a booking: publish BookingRequested and print the booking id.')
    .requiredOption('--flight <id-or-number>', 'a flight id, or a flight number for its next departure')
    .option(
      '--seat <seat>',
      'a seat, e.g. 12A; repeat it for up to nine seats',
      (seat: string, seats: string[]) => repeated(seat.toUpperCase(), seats),
      [],
    )
    .option('--email <email>', 'where the receipt is sent', 'guest@example.com')
    .option('--name <name>', "the passenger's name", 'Guest Passenger')
    .option(
      '--payment-method <method>',
      'a payment method of the payment provider, e.g. pm_card_visa_chargeDeclined',
      'pm_card_visa',
    )
    .option(
      '--booking-id <id>',
      'a version 4 UUID; the same id with the same options is the same booking (default: a new one)',
      bookingId,
    )
    .option(
      '--expires-in <seconds>',
      'after this time no service starts to handle the booking, and held seats that are not paid are freed',
      wholeSeconds,
      600,
    )
    .option('--watch', 'follow the booking until it is settled; exit code 2 when it failed')
    .action(book),
);

async function book({ target: name, json = false, watch, ...wish }: BookOptions): Promise<void> {
  const target = openTarget(name);
  const requested = await requestBooking(target, wish);
  const { bookingId: id, flight, fare } = requested;
  if (json && !watch) printJson({ bookingId: id, flightId: flight.flightId, seats: wish.seat, amount: fare });
  if (!json) console.log(describe(printableData(requested), wish.seat, watch));
  if (!watch) return;
  const status = await watchBooking(target, id, { json });
  answer(status, { json }, summary);
  if (hasFailed(status)) process.exitCode = exitCode.bookingFailed;
}

function describe({ bookingId: id, flight, fare }: RequestedBooking, seats: string[], watch?: true): string {
  const route = `${flight.origin.iata} → ${flight.destination.iata}`;
  return [
    `${pc.bold(id)}  ${flight.flightNumber} ${route} · ${seats.join(', ')} · ${money(fare)}`,
    ...(watch ? [] : [pc.dim(`Follow it: pnpm status ${id} --watch`)]),
  ].join('\n');
}

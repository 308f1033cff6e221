import { randomUUID } from 'node:crypto';
import { newEvent } from '@airline/events-schemas/events';
import { findDataMistakes } from '@airline/events-schemas/find-mistakes';
import { createPublisher, publishOrThrow } from '@airline/messaging/publish';
import { newTraceparent } from '@airline/messaging/trace';
import { money, type Money } from '../cli/format.ts';
import { UsageError } from '../cli/usage-error.ts';
import { flightsOnSale } from './list-flights.ts';
import type { Flight } from './schedule.ts';
import type { Target } from './target.ts';

/** Of a flight number, in an error message. */
const shownDepartures = 10;

/** The options of `pnpm book`. */
export interface BookingWish {
  /** A flight id, or a flight number for its next departure. */
  flight: string;
  seat: string[];
  email: string;
  name: string;
  paymentMethod: string;
  /** @default a new one */
  bookingId?: string;
  /** Seconds. */
  expiresIn: number;
}

export interface RequestedBooking {
  bookingId: string;
  flight: Flight;
  /** Of all seats together. */
  fare: Money;
}

/**
 * Publishes BookingRequested.
 * @throws UsageError when no such flight is on sale, the flight has no such seat, or the event would violate its schema
 */
export async function requestBooking(target: Target, wish: BookingWish): Promise<RequestedBooking> {
  const flight = await findFlight(target, wish.flight);
  const bookingId = wish.bookingId ?? randomUUID();
  const fare = fareOf(flight, wish.seat);
  const now = Date.now();
  const requestedAt = new Date(now).toISOString();
  const data = {
    bookingId,
    flightId: flight.flightId,
    seats: wish.seat,
    passenger: { name: wish.name, email: wish.email },
    payment: { method: wish.paymentMethod, ...fare },
    requestedAt,
    expiresAt: new Date(now + wish.expiresIn * 1000).toISOString(),
  };
  const mistakes = findDataMistakes('BookingRequested', data);
  if (mistakes.length > 0) {
    const lines = mistakes.map(({ path, message }) => `  ${optionOf(path)} ${message}`);
    throw new UsageError(['The booking was not requested:', ...lines].join('\n'));
  }

  const busName = (await target.parameters()).get('bus/name')!;
  const publish = createPublisher({ client: target.eventBridge, busName });
  await publishOrThrow(publish, [
    newEvent('BookingRequested', data, { occurredAt: requestedAt, traceparent: newTraceparent() }),
  ]);
  return { bookingId, flight, fare };
}

async function findFlight(target: Target, wanted: string): Promise<Flight> {
  const name = wanted.toUpperCase();
  const number = name.split('-')[0]!;
  const others: string[] = [];
  for await (const flight of flightsOnSale(target, { flightNumber: number })) {
    if (name === flight.flightId || name === flight.flightNumber) return flight;
    others.push(flight.flightId);
  }
  const more = others.length > shownDepartures ? ` and ${others.length - shownDepartures} more` : '';
  const hint =
    others.length > 0
      ? `${number} departs as ${others.slice(0, shownDepartures).join(', ')}${more}.`
      : '`pnpm flights list` shows the flights that can be booked.';
  throw new UsageError(`No flight ${wanted} is on sale. ${hint}`);
}

/** The sum of the seats' fares. A seat that the flight does not have is a UsageError, since it has no fare. */
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
  const described = cabins.map(
    ({ cabin, rows, letters, fare }) =>
      `rows ${rows.first}–${rows.last} ${letters.join('')} (${cabin}, ${money(fare)})`,
  );
  return `Its seats: ${described.join('; ')}.`;
}

/** The option that gave the field at a path of BookingRequested's data; without one, the path. */
function optionOf(path: string): string {
  const options: Record<string, string> = {
    bookingId: '--booking-id',
    flightId: '--flight',
    seats: '--seat',
    email: '--email',
    name: '--name',
    method: '--payment-method',
  };
  const field = path.split('/').findLast((name) => name in options);
  return field ? options[field]! : path;
}

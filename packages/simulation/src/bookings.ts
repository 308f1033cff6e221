import { newEvent, type AirlineEvent, type EventData } from '@airline/events-schemas/events';
import type { Random } from './random.ts';

/** The time at which every simulation starts: Unix time in milliseconds. */
export const epoch = Date.parse('2026-12-01T09:00:00.000Z');

export const flightId = 'KL1001-20261218';

/** A small flight, so that bookings compete for seats. */
export const flight: EventData<'FlightScheduled'> = {
  flightId,
  carrier: 'KL',
  flightNumber: 'KL1001',
  origin: { iata: 'AMS', city: 'Amsterdam', country: 'Netherlands' },
  destination: { iata: 'ABZ', city: 'Aberdeen', country: 'United Kingdom' },
  departureTime: '2026-12-18T06:37:00Z',
  durationMinutes: 92,
  aircraft: 'Embraer 190',
  cabins: [
    {
      cabin: 'business',
      rows: { first: 1, last: 2 },
      letters: ['A', 'C', 'D', 'F'],
      fare: { amountMinor: 22_680, currency: 'EUR' },
    },
    {
      cabin: 'economy',
      rows: { first: 3, last: 6 },
      letters: ['A', 'C', 'D', 'F'],
      fare: { amountMinor: 8_100, currency: 'EUR' },
    },
  ],
};

export const flightScheduled = newEvent('FlightScheduled', flight, { occurredAt: new Date(epoch).toISOString() });

export const allSeats = flight.cabins.flatMap(({ rows, letters }) =>
  Array.from({ length: rows.last - rows.first + 1 }, (_, index) =>
    letters.map((letter) => `${rows.first + index}${letter}`),
  ).flat(),
);

type BookingRequest = EventData<'BookingRequested'>;

export interface Booking {
  /** For the trace, such as `b3`. */
  name: string;
  request: BookingRequest;
  /** All requests with this bookingId. There are two if a producer makes a mistake. */
  requests: readonly BookingRequest[];
  requested: AirlineEvent<'BookingRequested'>;
  /** Other events that producers outside publish about the booking, at any time. */
  moreEvents: AirlineEvent[];
}

export interface BookingOptions {
  bookingId: string;
  name: string;
  seats: string[];
  method?: string;
  /** Minor units that are added to the fare. @default 0 */
  overpaid?: number;
  expiresAt?: string;
  isCancelled?: boolean;
  /** Whether the producer publishes the request twice. */
  isRepeated?: boolean;
  /** How a second request with the same bookingId differs from the first. @default there is none */
  conflict?: Conflict;
}

/** How two requests with the same bookingId differ, besides their passenger. Each changes one field. */
const conflicts = {
  amount: ({ payment }) => ({ payment: { ...payment, amountMinor: 1 } }),
  currency: ({ payment }) => ({ payment: { ...payment, currency: 'USD' } }),
  /** This flight is never scheduled. */
  flight: () => ({ flightId: 'KL1003-20261218' }),
  /** Other seats at the same fare: each has the next letter of its row. */
  seats: ({ seats }) => ({ seats: seats.map((seat) => seat.slice(0, -1) + nextLetters[seat.slice(-1)]) }),
  passenger: () => ({}),
} satisfies Record<string, (request: BookingRequest) => Partial<BookingRequest>>;
type Conflict = keyof typeof conflicts;
const nextLetters: Record<string, string> = { A: 'C', C: 'D', D: 'F', F: 'A' };

/** The fare of the seats, in minor units of EUR. */
export function fareOf(seats: readonly string[]): number {
  return seats.reduce((sum, seat) => sum + (Number(seat.slice(0, -1)) <= 2 ? 22_680 : 8_100), 0);
}

export function createBooking(options: BookingOptions): Booking {
  const { bookingId, name, seats, method = 'pm_card_visa', overpaid = 0, expiresAt } = options;
  const request: BookingRequest = {
    bookingId,
    flightId,
    seats,
    passenger: { name: 'Ada Lovelace', email: 'ada@example.com' },
    payment: { method, amountMinor: fareOf(seats) + overpaid, currency: 'EUR' },
    ...(expiresAt !== undefined && { expiresAt }),
  };
  const occurredAt = new Date(epoch).toISOString();
  const requested = newEvent('BookingRequested', request, { occurredAt });
  const moreEvents: AirlineEvent[] = [];
  if (options.isCancelled)
    moreEvents.push(newEvent('BookingCancelled', { bookingId, cancelledAt: occurredAt }, { occurredAt }));
  if (options.isRepeated) moreEvents.push(requested);
  const requests = [request];
  if (options.conflict) {
    const passenger = { name: 'Grace Hopper', email: 'grace@example.com' };
    const other = { ...request, passenger, ...conflicts[options.conflict](request) };
    requests.push(other);
    moreEvents.push(newEvent('BookingRequested', other, { occurredAt }));
  }
  return { name, request, requests, requested, moreEvents };
}

const minutes = 60_000;

/** Bookings of all kinds, for a flight with too few seats for all of them. */
export function randomBookings(random: Random, count: number): Booking[] {
  return Array.from({ length: count }, (_, index) => {
    const size = random.pick([1, 1, 1, 2, 2, 3]);
    const seats = random.shuffled(allSeats).slice(0, size);
    if (random.chance(0.03)) seats[0] = '99A';
    const expiresAt = random.chance(0.8)
      ? new Date(epoch + random.pick([1, 10, 10, 10, 20]) * minutes).toISOString()
      : undefined;
    return createBooking({
      bookingId: random.uuid(),
      name: `b${index + 1}`,
      seats,
      method: random.pick([
        'pm_card_visa',
        'pm_card_visa',
        'pm_card_visa',
        'pm_card_visa',
        'pm_card_visa_chargeDeclined',
        'pm_card_mastercard',
      ]),
      overpaid: random.chance(0.04) ? 1 : 0,
      ...(expiresAt !== undefined && { expiresAt }),
      isCancelled: random.chance(0.2),
      isRepeated: random.chance(0.1),
      ...(random.chance(0.3) && {
        conflict: random.pick(['amount', 'amount', 'currency', 'flight', 'seats', 'passenger'] satisfies Conflict[]),
      }),
    });
  });
}

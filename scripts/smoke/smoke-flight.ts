import { randomInt } from 'node:crypto';
import type { Flight } from '../airline/schedule.ts';
import { isoDay } from '../cli/format.ts';

/** No airline of the sample schedule. The contract leaves no room for a longer prefix. */
const carrier = 'SMK';
/** No airports. Nobody searches between them, and by this route a later run finds the flights of a broken one. */
const origin = { iata: 'XSA', city: 'Smoke test', country: 'not a real flight' };
const destination = { iata: 'XSB', city: 'Smoke test', country: 'not a real flight' };
/** An unfinished run needs no repair for this long. */
const boardingMinutes = 10;
const minuteMilliseconds = 60_000;

/** The seats of the flight, one for each booking. */
export const smokeSeats = { paid: '1A', declined: '1B', expired: '1C' } as const;
/** The price of a seat. Stripe charges at least 0.50 EUR. */
export const smokeFare = { amountMinor: 100, currency: 'EUR' } as const;
/** The partition of the smoke flights in the index `flights-by-route` of seats. */
export const smokeRoute = `${origin.iata}#${destination.iata}`;

/**
 * A flight that departs in ten minutes. After that it is neither listed nor bookable, also if nobody cleans up.
 * @param now milliseconds since the epoch
 */
export function smokeFlight(now = Date.now()): Flight {
  const departure = new Date(now + boardingMinutes * minuteMilliseconds);
  const flightNumber = `${carrier}${randomInt(1, 10_000)}`;
  return {
    flightId: `${flightNumber}-${isoDay(departure.getTime()).replaceAll('-', '')}`,
    carrier,
    flightNumber,
    origin,
    destination,
    departureTime: departure.toISOString(),
    durationMinutes: 1,
    aircraft: 'Smoke test',
    cabins: [{ cabin: 'smoke test', rows: { first: 1, last: 1 }, letters: ['A', 'B', 'C'], fare: smokeFare }],
  };
}

/** The same flight, departed a minute ago: off sale. Bookings of it can still be cancelled. */
export function departed(flight: Flight, now = Date.now()): Flight {
  return { ...flight, departureTime: new Date(now - minuteMilliseconds).toISOString() };
}

import type { Flight } from '../airline/schedule.ts';
import { isoDay } from '../cli/format.ts';

/** With two, no and three digits. Stripe counts ISK in hundredths, although ISO 4217 gives it no minor unit. */
const currencies = ['EUR', 'ISK', 'KWD'];
const dayMilliseconds = 24 * 3600 * 1000;
const rows = { first: 1, last: 4 };
const letters = ['A', 'C', 'D', 'F'];
const seatsOfFlight = rows.last * letters.length;

/**
 * Flights with so many seats or more, in three currencies by turns. Their aircraft are small, so a short run uses all
 * currencies. On one day they are always the same, so loading them again changes nothing.
 * @param now milliseconds since the epoch; they depart two days later
 */
export function chaosFlights(seats: number, now = Date.now()): Flight[] {
  const day = isoDay(now + 2 * dayMilliseconds);
  return Array.from({ length: Math.ceil(seats / seatsOfFlight) }, (_, index) => ({
    flightId: `CX${index + 1}-${day.replaceAll('-', '')}`,
    carrier: 'CX',
    flightNumber: `CX${index + 1}`,
    // Names outside the Basic Multilingual Plane.
    origin: { iata: 'YSN', city: '𠮷野', country: '日本' },
    destination: { iata: 'RKV', city: 'Reykjavík 🛬', country: 'Ísland' },
    departureTime: `${day}T12:00:00Z`,
    durationMinutes: 90,
    aircraft: 'Dornier 228',
    cabins: [
      {
        cabin: 'economy',
        rows,
        letters,
        fare: { amountMinor: 8100, currency: currencies[index % currencies.length]! },
      },
    ],
  }));
}

/** The order of the list of flights, and its pages. */
import type { Flight } from './domain.ts';

/** A flight is listed if it has all given values. */
export interface FlightFilters {
  flightNumber?: string;
  /** IATA code. */
  origin?: string;
  /** IATA code. */
  destination?: string;
  /** The day of departure in UTC, e.g. 2026-12-18. The day in a flight id is the local one and may be another. */
  date?: string;
}

export interface FlightPage {
  /** May be fewer than the limit, even none, although more follow: the reads of a page are bounded. */
  flights: Flight[];
  /** The position after which the next page begins. Undefined on the last page. */
  next?: string;
}

/**
 * The position of a flight in the list. Positions compare as text: by the instant of departure, then by flight id. A
 * departure time may have an offset and any number of digits, so it does not compare as text itself.
 */
export function positionOf({ flightId, departureTime }: Pick<Flight, 'flightId' | 'departureTime'>): string {
  return `${new Date(departureTime).toISOString()}#${flightId}`;
}

/** The position after all flights that depart at this instant or earlier. */
export function positionAfter(instant: Date): string {
  return `${instant.toISOString()}#~`;
}

/** The position before all flights of a day in UTC. */
export function startOfDay(date: string): string {
  return `${date}T00:00:00.000Z#`;
}

/** The position after all flights of a day in UTC. */
export function endOfDay(date: string): string {
  return `${date}T23:59:59.999Z#~`;
}

/** The day in UTC of a position, e.g. 2026-12-18. */
export function dayOf(position: string): string {
  return position.slice(0, 'YYYY-MM-DD'.length);
}

/** Whether a text has the form of a position and names a time that exists. */
export function isPosition(text: string): boolean {
  const [time] = /^.*Z(?=#(?:[A-Z0-9]+-[0-9]+|~)?$)/.exec(text) ?? [];
  const instant = new Date(time ?? Number.NaN);
  return !Number.isNaN(instant.getTime()) && instant.toISOString() === time;
}

export function isListed(flight: Flight, { flightNumber, origin, destination, date }: FlightFilters): boolean {
  return (
    (flightNumber === undefined || flight.flightNumber === flightNumber) &&
    (origin === undefined || flight.origin.iata === origin) &&
    (destination === undefined || flight.destination.iata === destination) &&
    (date === undefined || dayOf(positionOf(flight)) === date)
  );
}

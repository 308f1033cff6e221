import { isCalendarDay } from '@airline/events-schemas/calendar-day';
import { etagOf } from '@airline/messaging/etag';
import type { FieldError } from '@airline/messaging/http-response';
import { type FlightFilters, isPosition } from './flight-list.ts';

/** A valid request for a page of flights. */
export interface FlightsRequest {
  filters: FlightFilters;
  limit: number;
  /** The position after which the page begins. Without it, the page is the first. */
  after?: string;
}

const defaultLimit = 100;
const maximumLimit = 500;
const digestLength = 8;

/** Query parameters that filter the flights, in upper or lower case. Their rules come from schemas/common.json. */
const filterRules: Record<keyof FlightFilters, { isValid: (value: string) => boolean; rule: string }> = {
  flightNumber: {
    isValid: (value) => /^[A-Z0-9]{2,3}[0-9]{1,4}[A-Z]?$/.test(value),
    rule: 'must be a flight number, such as KL1001',
  },
  origin: { isValid: isAirport, rule: 'must be the IATA code of an airport, such as AMS' },
  destination: { isValid: isAirport, rule: 'must be the IATA code of an airport, such as ABZ' },
  date: { isValid: isCalendarDay, rule: 'must be a day of the calendar (UTC), such as 2026-12-18' },
};
const filterNames = Object.keys(filterRules) as (keyof FlightFilters)[];

/** The query parameters of `GET /flights`. */
export const flightsParameters: readonly string[] = [...filterNames, 'limit', 'cursor'];

/** Reads the query parameters of `GET /flights`. @returns what is wrong with each of them, if anything is */
export function readFlightsRequest(query: Record<string, string | undefined>): FlightsRequest | FieldError[] {
  const errors: FieldError[] = [];
  const filters: FlightFilters = {};
  for (const name of filterNames) {
    const value = query[name]?.toUpperCase();
    if (value === undefined) continue;
    if (filterRules[name].isValid(value)) filters[name] = value;
    else errors.push({ field: name, message: filterRules[name].rule });
  }
  const limit = query.limit === undefined ? defaultLimit : Number(query.limit);
  if (!/^\d{1,3}$/.test(query.limit ?? String(defaultLimit)) || limit < 1 || limit > maximumLimit)
    errors.push({ field: 'limit', message: `must be a whole number from 1 to ${maximumLimit}` });
  // Whether a cursor belongs to the filters is known only if the filters are.
  if (errors.length > 0 || query.cursor === undefined) return errors.length > 0 ? errors : { filters, limit };

  const after = positionIn(query.cursor, filters);
  if (after === undefined) {
    const same = `a response to the same ${filterNames.join(', ')}`;
    return [{ field: 'cursor', message: `must be from the Link header of ${same}; leave it out for the first page` }];
  }
  return { filters, limit, after };
}

/** The query parameters of the page that begins after the position. */
export function parametersOf({ filters, limit }: FlightsRequest, position: string): URLSearchParams {
  return new URLSearchParams({ ...filters, limit: String(limit), cursor: cursorOf(filters, position) });
}

/** A cursor has the position after which a page begins, and a digest of this position and of the filters. */
function cursorOf(filters: FlightFilters, position: string): string {
  const digest = etagOf(JSON.stringify([position, ...filterNames.map((name) => filters[name] ?? null)]));
  return Buffer.from(`${digest.slice(1, 1 + digestLength)}${position}`).toString('base64url');
}

/** The position in a cursor; undefined if it is no cursor, or one of other filters. */
function positionIn(cursor: string, filters: FlightFilters): string | undefined {
  const position = Buffer.from(cursor, 'base64url').toString('latin1').slice(digestLength);
  return isPosition(position) && cursorOf(filters, position) === cursor ? position : undefined;
}

function isAirport(value: string): boolean {
  return /^[A-Z]{3}$/.test(value);
}

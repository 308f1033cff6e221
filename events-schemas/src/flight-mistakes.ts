import { isCalendarDay } from './calendar-day.ts';
import { minorUnitDigits } from './currency.ts';
import type { FlightScheduled } from './generated/types.ts';
import type { Mistake } from './mistake.ts';

type Flight = FlightScheduled['data'];

/** Mistakes in a flight that the schema cannot express. Paths are JSON pointers into the flight. */
export function findFlightMistakes(flight: Flight): Mistake[] {
  return [...findContradictions(flight), ...findLayoutMistakes(flight)];
}

const dayMilliseconds = 24 * 60 * 60 * 1000;

/**
 * Facts that a flight gives twice must agree: carrier and number, number and id, day in the id and departure time. The
 * id has the local day of departure, which is at most one day away from the day in UTC.
 */
function findContradictions({ flightId, carrier, flightNumber, departureTime }: Flight): Mistake[] {
  const mistakes: Mistake[] = [];
  const [number, day = ''] = flightId.split('-');
  if (!flightNumber.startsWith(carrier)) {
    mistakes.push({ path: '/carrier', message: `must be the beginning of the flightNumber ${flightNumber}` });
  }
  if (number !== flightNumber) {
    mistakes.push({ path: '/flightId', message: `must begin with the flightNumber ${flightNumber}` });
    return mistakes;
  }
  const isoDay = `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`;
  if (!isCalendarDay(isoDay)) {
    mistakes.push({ path: '/flightId', message: `must end with a day of the calendar; ${isoDay} does not exist` });
    return mistakes;
  }
  const departureDay = new Date(departureTime).toISOString().slice(0, 10);
  if (Math.abs(Date.parse(departureDay) - Date.parse(isoDay)) > dayMilliseconds) {
    mistakes.push({
      path: '/departureTime',
      message: `must be on the day in the flightId, ${isoDay}, give or take a day for the local time; it is on ${departureDay} in UTC`,
    });
  }
  return mistakes;
}

function findLayoutMistakes({ cabins }: Pick<Flight, 'cabins'>): Mistake[] {
  const mistakes: Mistake[] = [];
  cabins.forEach(({ rows, fare }, index) => {
    const path = `/cabins/${index}`;
    if (rows.first > rows.last) {
      mistakes.push({ path: `${path}/rows`, message: `must not begin (${rows.first}) after they end (${rows.last})` });
    }
    const overlapping = cabins
      .slice(0, index)
      .find((other) => rows.first <= other.rows.last && other.rows.first <= rows.last);
    if (overlapping) {
      const { first, last } = overlapping.rows;
      mistakes.push({
        path: `${path}/rows`,
        message: `must not overlap rows ${first}–${last} of ${overlapping.cabin}`,
      });
    }
    const currency = cabins[0]!.fare.currency;
    if (minorUnitDigits(fare.currency) === undefined) {
      mistakes.push({ path: `${path}/fare/currency`, message: 'must be a currency of ISO 4217 with a minor unit' });
    } else if (fare.currency !== currency) {
      mistakes.push({
        path: `${path}/fare/currency`,
        message: `must be ${currency} like the first cabin's: one flight, one currency`,
      });
    }
  });
  return mistakes;
}

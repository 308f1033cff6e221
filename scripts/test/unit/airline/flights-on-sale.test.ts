import { expect, jest, test } from '@jest/globals';
import { listFlights } from '../../../airline/list-flights.ts';
import { loadFlights } from '../../../airline/load-flights.ts';
import { requestBooking } from '../../../airline/request-booking.ts';
import type { Flight } from '../../../airline/schedule.ts';
import type { Target } from '../../../airline/target.ts';

const days = 24 * 3600 * 1000;
const daysFromNow = (number: number): string => new Date(Date.now() + number * days).toISOString();

function flight(flightNumber: string, departureTime: string): Flight {
  const airport = (iata: string) => ({ iata, city: 'a city', country: 'a country' });
  return {
    flightId: `${flightNumber}-${departureTime.slice(0, 10).replaceAll('-', '')}`,
    carrier: 'XX',
    flightNumber,
    origin: airport('AMS'),
    destination: airport('ABZ'),
    departureTime,
    durationMinutes: 90,
    aircraft: 'Embraer 190',
    cabins: [
      {
        cabin: 'economy',
        rows: { first: 1, last: 9 },
        letters: ['A'],
        fare: { amountMinor: 8100, currency: 'EUR' },
      },
    ],
  };
}

/** An airline whose front door serves these flights below a base path, two on a page. */
function airlineWith(flights: Flight[]): { target: Target; asked: string[]; published: { DetailType: string }[] } {
  const asked: string[] = [];
  const published: { DetailType: string }[] = [];
  const target = {
    async fetch(path: string): Promise<Response> {
      asked.push(path);
      const url = new URL(path, 'http://localhost');
      const { flightNumber, date, cursor = '0' } = Object.fromEntries(url.searchParams);
      const listed = flights.filter(
        (each) =>
          (flightNumber ?? each.flightNumber) === each.flightNumber &&
          new Date(each.departureTime).toISOString().startsWith(date ?? ''),
      );
      const end = Number(cursor) + 2;
      url.searchParams.set('cursor', String(end));
      const headers = end < listed.length ? { link: `</base${url.pathname}${url.search}>; rel="next"` } : undefined;
      return Response.json({ flights: listed.slice(Number(cursor), end) }, { ...(headers && { headers }) });
    },
    parameters: async () => new Map([['bus/name', 'airline']]),
    eventBridge: {
      async send({ input }: { input: { Entries: { DetailType: string }[] } }) {
        published.push(...input.Entries);
        return { FailedEntryCount: 0, Entries: input.Entries.map(() => ({ EventId: 'e' })) };
      },
    },
  };
  return { target: target as unknown as Target, asked, published };
}

test.each([0, 1, 2, 3, 7])('listFlights follows the pages of %i flights', async (count) => {
  const flights = Array.from({ length: count }, (_, index) => flight(`XX${index}`, daysFromNow(index + 1)));
  const { target, asked } = airlineWith(flights);
  expect(await listFlights(target)).toEqual(flights);
  expect(asked).toHaveLength(Math.max(1, Math.ceil(count / 2)));
});

test('listFlights repeats its filters on each page', async () => {
  const flights = Array.from({ length: 3 }, (_, index) => flight('XX1', daysFromNow(index + 1)));
  const { target, asked } = airlineWith([...flights, flight('XX2', daysFromNow(1))]);
  expect(await listFlights(target, { flightNumber: 'XX1' })).toEqual(flights);
  expect(asked).toEqual(['/flights?flightNumber=XX1', '/flights?flightNumber=XX1&cursor=2']);
});

test('an answer that is an error is an error on each page', async () => {
  const { target } = airlineWith(Array.from({ length: 3 }, (_, index) => flight(`XX${index}`, daysFromNow(1))));
  const failing = {
    fetch: async (path: string) =>
      path.includes('cursor') ? Response.json({ detail: 'cursor is wrong.' }, { status: 400 }) : target.fetch(path),
  };
  await expect(listFlights(failing)).rejects.toThrow('cursor is wrong.');
});

test('loadFlights asks for the days of its flights only, and for the number if there is one', async () => {
  const [tomorrow, later] = [daysFromNow(1), daysFromNow(9)];
  const loaded = [flight('XX1', tomorrow), flight('XX2', tomorrow), flight('XX1', later)];
  const { target, asked, published } = airlineWith([...loaded, flight('XX3', daysFromNow(2))]);
  await loadFlights(target, loaded);
  expect(published).toHaveLength(3);
  expect(asked).toEqual([
    `/flights?date=${tomorrow.slice(0, 10)}`,
    `/flights?date=${later.slice(0, 10)}&flightNumber=XX1`,
  ]);
});

test('loadFlights gives up when no further flight comes on sale for a minute, not when all together take longer', async () => {
  const [first, second] = [flight('XX1', daysFromNow(1)), flight('XX2', daysFromNow(1))];
  const flights: Flight[] = [];
  const { target } = airlineWith(flights);
  // Each answer takes 40 seconds. The first flight comes on sale with the second answer, the other one never.
  let elapsed = 0;
  let answers = 0;
  const now = Date.now.bind(Date);
  const clock = jest.spyOn(Date, 'now').mockImplementation(() => now() + elapsed);
  const slow = {
    ...target,
    async fetch(path: string): Promise<Response> {
      elapsed += 40_000;
      answers += 1;
      if (answers === 2) flights.push(first);
      return target.fetch(path);
    },
  };
  try {
    await expect(loadFlights(slow, [first, second])).rejects.toThrow(
      `1 flight of 2 on ${first.departureTime.slice(0, 10)} did not come on sale within a minute.`,
    );
    expect(answers).toBe(4);
  } finally {
    clock.mockRestore();
  }
});

test('loadFlights does not wait for a flight that has departed, whatever the offset of its time', async () => {
  // As text, both are later than the current time. The first departed an hour ago.
  const local = (hours: number): string =>
    new Date(Date.now() + (hours + 14) * 3600 * 1000).toISOString().replace('Z', '+14:00');
  const [departed, onSale] = [flight('XX1', local(-1)), flight('XX2', local(2))];
  await loadFlights(airlineWith([onSale]).target, [departed, onSale]);
});

test('loadFlights waits for a flight that has not departed, although its time is earlier as text', async () => {
  const departure = new Date(Date.now() + (1 - 12) * 3600 * 1000).toISOString().replace('Z', '-12:00');
  const flights: Flight[] = [];
  const { target, asked } = airlineWith(flights);
  const loaded = flight('XX1', departure);
  const loading = loadFlights(target, [loaded]);
  while (asked.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  flights.push(loaded);
  await loading;
});

test('book --flight NUMBER is the next departure, and reads no further page', async () => {
  const flights = Array.from({ length: 5 }, (_, index) => flight('XX1', daysFromNow(index + 1)));
  const { target, asked } = airlineWith(flights);
  const wish = { seat: ['1A'], email: 'a@example.com', name: 'A', paymentMethod: 'pm_card_visa', expiresIn: 600 };
  expect((await requestBooking(target, { ...wish, flight: 'xx1' })).flight).toEqual(flights[0]);
  expect(asked).toEqual(['/flights?flightNumber=XX1']);
});

test('book --flight ID finds a flight of a later page, and names at most ten departures if there is none', async () => {
  const flights = Array.from({ length: 15 }, (_, index) => flight('XX1', daysFromNow(index + 1)));
  const { target } = airlineWith(flights);
  const wish = { seat: ['1A'], email: 'a@example.com', name: 'A', paymentMethod: 'pm_card_visa', expiresIn: 600 };
  expect((await requestBooking(target, { ...wish, flight: flights[13]!.flightId })).flight).toEqual(flights[13]);
  await expect(requestBooking(target, { ...wish, flight: 'XX1-20200101' })).rejects.toThrow(
    `No flight XX1-20200101 is on sale. XX1 departs as ${flights
      .slice(0, 10)
      .map(({ flightId }) => flightId)
      .join(', ')} and 5 more.`,
  );
});

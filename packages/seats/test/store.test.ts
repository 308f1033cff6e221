import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type DynamoDbForTests, startDynamoDb } from '@airline/local-cloud/test/support/start-dynamodb';
import { newEvent } from '@airline/events-schemas/events';
import { flightVersionOf } from '@airline/events-schemas/flight-version';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { type Flight, hold, type SeatsRecord } from '../src/domain.ts';
import { flightIndexes } from '../src/dynamodb-flight-list.ts';
import { createDynamoDbSeatStore } from '../src/dynamodb-seat-store.ts';
import { type FlightFilters, type FlightPage, isPosition, positionAfter } from '../src/flight-list.ts';
import { createHandlers } from '../src/handlers.ts';
import { createInMemorySeatStore } from '../src/in-memory-seat-store.ts';
import type { SeatStore } from '../src/seat-store.ts';
import { flight, holdRules, now, request } from './fixtures.ts';

const paidEarly: SeatsRecord = { state: 'PAID_EARLY', amountMinor: 8_100, currency: 'EUR' };

let dynamoDb: DynamoDbForTests;
let flightNumber = 1000;

beforeAll(async () => {
  dynamoDb = await startDynamoDb();
  await dynamoDb.createTable('seats', flightIndexes);
});
afterAll(() => dynamoDb.stop());

const onDynamoDb = (table: string): SeatStore =>
  createDynamoDbSeatStore(DynamoDBDocumentClient.from(dynamoDb.client), table);

const adapters: [string, () => SeatStore, () => Promise<SeatStore>][] = [
  ['in memory', createInMemorySeatStore, async () => createInMemorySeatStore()],
  [
    'DynamoDB',
    () => onDynamoDb('seats'),
    async () => {
      const table = `seats-${randomUUID()}`;
      await dynamoDb.createTable(table, flightIndexes);
      return onDynamoDb(table);
    },
  ],
];

describe.each(adapters)('seat store: %s', (_, create, createEmpty) => {
  /** Schedules a new flight. Each test needs its own, because the tests share one table. */
  const scheduled = async (store: SeatStore): Promise<string> => {
    const flightId = `XX${flightNumber++}-20270101`;
    await store.scheduleFlight(flight({ flightId, departureTime: '2027-01-01T00:00:00Z' }), now);
    return flightId;
  };
  const held = (flightId: string): SeatsRecord =>
    hold(request({ flightId }), holdRules, now, { metadata: { eventId: 'e' } });

  test('a record is written only if it is unchanged since it was read', async () => {
    const store = create();
    const bookingId = randomUUID();
    const record = held('KL1001-20261218');
    expect(await store.load(bookingId)).toBeUndefined();
    expect(await store.save(bookingId, paidEarly, undefined)).toBe(true);
    expect(await store.save(bookingId, record, undefined)).toBe(false);
    const read = await store.load(bookingId);
    expect(read?.record).toEqual(paidEarly);
    expect(await store.save(bookingId, record, read)).toBe(true);
    expect(await store.save(bookingId, paidEarly, read)).toBe(false);
    expect((await store.load(bookingId))?.record).toEqual(record);
  });

  test('a seat has one holder, who may claim it again, and only the holder can free it', async () => {
    const store = create();
    const flightId = await scheduled(store);
    expect(await store.claimSeat(flightId, '12A', 'first')).toBe(true);
    expect(await store.claimSeat(flightId, '12A', 'first')).toBe(true);
    expect(await store.claimSeat(flightId, '12A', 'second')).toBe(false);
    await store.freeSeats(flightId, ['12A', '12C'], 'second');
    expect(await store.claimSeat(flightId, '12A', 'second')).toBe(false);
    await store.freeSeats(flightId, ['12A', '12C'], 'first');
    expect(await store.claimSeat(flightId, '12A', 'second')).toBe(true);
  });

  test('viewRequest reads the record, the flight and the holders of the requested seats', async () => {
    const store = create();
    const flightId = await scheduled(store);
    const booking = request({ flightId, seats: ['12A', '12C'] });
    await store.claimSeat(flightId, '12C', 'another');
    await store.claimSeat(flightId, '13A', 'another');
    await store.save(booking.bookingId, paidEarly, undefined);
    const view = await store.viewRequest(booking);
    expect(view.stored?.record).toEqual(paidEarly);
    expect(view.flight?.flightId).toBe(flightId);
    expect([...view.holders]).toEqual([['12C', 'another']]);
  });

  test('viewRequest finds nothing for an unknown flight', async () => {
    const view = await create().viewRequest(request({ flightId: 'ZZ1-20270101' }));
    expect(view).toEqual({ stored: undefined, flight: undefined, holders: new Map() });
  });

  test('a seat map distinguishes held and sold seats', async () => {
    const store = create();
    const flightId = await scheduled(store);
    const [holding, selling] = [randomUUID(), randomUUID()];
    await store.claimSeat(flightId, '12A', holding);
    await store.claimSeat(flightId, '1A', selling);
    await store.save(holding, held(flightId), undefined);
    await store.save(selling, { ...held(flightId), state: 'SOLD' } as SeatsRecord, undefined);
    const map = await store.seatMap(flightId);
    expect(map?.flight.flightId).toBe(flightId);
    expect(new Map([...map!.claimed].sort())).toEqual(
      new Map([
        ['12A', 'held'],
        ['1A', 'sold'],
      ]),
    );
    expect(await store.seatMap('ZZ1-20270101')).toBeUndefined();
  });

  test('a seat map has all seats of a sold-out flight, even if one BatchGetItem cannot read all their bookings', async () => {
    const store = create();
    const flightId = await scheduled(store);
    const seats = Array.from({ length: 26 }, (_, row) =>
      ['A', 'C', 'D', 'F'].map((letter) => `${row + 1}${letter}`),
    ).flat();
    for (const seat of seats) {
      const bookingId = randomUUID();
      await store.claimSeat(flightId, seat, bookingId);
      await store.save(bookingId, { ...held(flightId), state: 'SOLD' } as SeatsRecord, undefined);
    }
    const { claimed } = (await store.seatMap(flightId))!;
    expect(claimed.size).toBe(104);
    expect(new Set(claimed.values())).toEqual(new Set(['sold']));
  });

  test('in any order, with any duplicates: the flight of the latest version is kept, also of two from one millisecond', async () => {
    const store = create();
    const handlers = createHandlers({
      store,
      holdTimer: { set: async () => undefined },
      holdRules,
      now: () => new Date(now),
      reportImpossible: () => undefined,
    });
    const departureTime = '2027-01-01T00:00:00Z';
    // A producer may give two events the same id. Each of these pairs is from the same millisecond.
    const events = ['2026-12-01T09:30:00Z', '2026-12-01T09:30:00.500Z', '2026-12-01T09:30:00.5Z'].flatMap(
      (occurredAt) => ['Embraer 190', 'Boeing 737-800'].map((aircraft) => ({ occurredAt, aircraft })),
    );
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([...events, ...events], { minLength: 2 }), async (received) => {
        const flightId = `XX${flightNumber++}-20270101`;
        const scheduled = received.map(({ occurredAt, aircraft }) =>
          newEvent('FlightScheduled', flight({ flightId, departureTime, aircraft }), { occurredAt }),
        );
        for (const event of scheduled) await handlers.FlightScheduled(event);
        const latest = scheduled.toSorted((a, b) => (flightVersionOf(a) < flightVersionOf(b) ? -1 : 1)).at(-1)!;
        expect((await store.seatMap(flightId))!.flight).toEqual(latest.data);
      }),
      { numRuns: 30 },
    );
  });

  test('a flight is listed once, in its latest version, and on its day in UTC', async () => {
    const store = await createEmpty();
    const schedule = (departureTime: string, aircraft: string, version: string) =>
      store.scheduleFlight(flight({ flightId: 'YY1-20280102', departureTime, aircraft }), version);
    await schedule('2028-01-02T00:30:00+01:00', 'new', '2026-12-02T00:00:00Z');
    await schedule('2028-01-02T00:30:00Z', 'old', '2026-12-01T00:00:00Z');
    const aircraftOn = async (date: string): Promise<string[]> =>
      (await pagesOf(store, { date }, '', 10)).flat().map(({ aircraft }) => aircraft);
    expect([await aircraftOn('2028-01-01'), await aircraftOn('2028-01-02')]).toEqual([['new'], []]);
    await schedule('2028-01-02T00:30:00Z', 'newest', '2026-12-03T00:00:00Z');
    expect([await aircraftOn('2028-01-01'), await aircraftOn('2028-01-02')]).toEqual([[], ['newest']]);
    expect((await pagesOf(store, {}, '', 10)).flat()).toHaveLength(1);
  });

  test('flights that depart at an instant are not after it, whatever the offset and digits of their times', async () => {
    const store = await createEmpty();
    const times = ['2028-01-02T01:00:00+01:00', '2028-01-02T00:00:00.000999Z', '2028-01-01T23:00:00.001-01:00'];
    for (const [index, departureTime] of times.entries())
      await store.scheduleFlight(flight({ flightId: `YY${index}-20280102`, departureTime }), now);
    const after = async (instant: string): Promise<string[]> =>
      (await store.listFlights({}, positionAfter(new Date(instant)), 10)).flights.map(({ flightId }) => flightId);
    expect(await after('2028-01-01T23:59:59.999Z')).toEqual(['YY0-20280102', 'YY1-20280102', 'YY2-20280102']);
    expect(await after('2028-01-02T00:00:00Z')).toEqual(['YY2-20280102']);
    expect(await after('2028-01-02T00:00:00.001Z')).toEqual([]);
  });

  test('the pages together are the whole list: each flight once, soonest first, whatever the limit and the filters', async () => {
    const airport = (iata: string) => ({ iata, city: 'a city', country: 'a country' });
    const iata = fc.constantFrom('AMS', 'ABZ', 'LHR');
    const flights = fc.uniqueArray(
      fc.record({
        flightNumber: fc.constantFrom('XX1', 'XX10', 'XX2', 'ZZ9Z'),
        origin: iata.map(airport),
        destination: iata.map(airport),
        // More days than one page can read.
        day: fc.integer({ min: 0, max: 45 }),
        time: fc.constantFrom('00:00:00Z', '00:00:00.000Z', '23:59:59.999Z', '12:00:00.5Z', '01:30:00+02:00'),
      }),
      { selector: ({ flightNumber, day }) => `${flightNumber} ${day}`, maxLength: 50, size: 'max' },
    );
    const dayOfDeparture = (departureTime: string): string => new Date(departureTime).toISOString().slice(0, 10);
    const optional = <Name extends keyof FlightFilters>(name: Name, value: fc.Arbitrary<string>) =>
      fc.option(value, { freq: 2 }).map((given) => (given === null ? {} : { [name]: given }));
    const filters = fc
      .tuple(
        optional('flightNumber', fc.constantFrom('XX1', 'ZZ9Z')),
        optional('origin', iata),
        optional('destination', iata),
        optional(
          'date',
          fc.integer({ min: 0, max: 45 }).map((day) => isoDayAt(day)),
        ),
      )
      .map((given): FlightFilters => Object.assign({}, ...given) as FlightFilters);
    await fc.assert(
      fc.asyncProperty(
        flights,
        fc.array(filters, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: -1, max: 50 }),
        async (generated, queries, limit, afterDay) => {
          const store = await createEmpty();
          const scheduled = generated.map(({ day, time, ...parts }) =>
            flight({
              ...parts,
              flightId: `${parts.flightNumber}-${isoDayAt(day).replaceAll('-', '')}`,
              departureTime: `${isoDayAt(day)}T${time}`,
            }),
          );
          await Promise.all(scheduled.map((each) => store.scheduleFlight(each, now)));
          const after = new Date(`${isoDayAt(afterDay)}T10:00:00Z`);
          for (const query of [{}, ...queries]) {
            const expected = scheduled
              .filter(
                ({ flightNumber: number, origin, destination, departureTime }) =>
                  Date.parse(departureTime) > after.getTime() &&
                  (query.flightNumber ?? number) === number &&
                  (query.origin ?? origin.iata) === origin.iata &&
                  (query.destination ?? destination.iata) === destination.iata &&
                  (query.date ?? dayOfDeparture(departureTime)) === dayOfDeparture(departureTime),
              )
              .toSorted(
                (a, b) =>
                  Date.parse(a.departureTime) - Date.parse(b.departureTime) || (a.flightId < b.flightId ? -1 : 1),
              );
            const pages = await pagesOf(store, query, positionAfter(after), limit);
            expect(pages.flat().map(({ flightId }) => flightId)).toEqual(expected.map(({ flightId }) => flightId));
            expect(Math.max(...pages.map(({ length }) => length))).toBeLessThanOrEqual(limit);
          }
        },
      ),
      { numRuns: 20 },
    );
  }, 60_000);
});

/** Follows the pages of a list from a position to its end. */
async function pagesOf(store: SeatStore, filters: FlightFilters, after: string, limit: number): Promise<Flight[][]> {
  const pages: Flight[][] = [];
  for (let position: string | undefined = after; position !== undefined;) {
    const { flights, next }: FlightPage = await store.listFlights(filters, position, limit);
    pages.push(flights);
    if (next !== undefined) expect([isPosition(next), next > position]).toEqual([true, true]);
    position = next;
  }
  return pages;
}

function isoDayAt(day: number): string {
  return new Date(Date.UTC(2028, 0, 10 + day)).toISOString().slice(0, 10);
}

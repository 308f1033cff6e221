import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type DynamoDbForTests, startDynamoDb } from '@airline/local-cloud/test/support/start-dynamodb';
import { newEvent } from '@airline/events-schemas/events';
import { flightVersionOf } from '@airline/events-schemas/flight-version';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { hold, type SeatsRecord } from '../src/domain.ts';
import { createDynamoDbSeatStore, flightsIndexName } from '../src/dynamodb-seat-store.ts';
import { createHandlers } from '../src/handlers.ts';
import { createInMemorySeatStore } from '../src/in-memory-seat-store.ts';
import type { SeatStore } from '../src/seat-store.ts';
import { flight, holdRules, now, request } from './fixtures.ts';

const paidEarly: SeatsRecord = { state: 'PAID_EARLY', amountMinor: 8_100, currency: 'EUR' };

let dynamoDb: DynamoDbForTests;
let flightNumber = 1000;

beforeAll(async () => {
  dynamoDb = await startDynamoDb();
  await dynamoDb.createTable('seats', { [flightsIndexName]: ['listing', 'departureTime'] });
});
afterAll(() => dynamoDb.stop());

const adapters: [string, () => SeatStore][] = [
  ['in memory', createInMemorySeatStore],
  ['DynamoDB', () => createDynamoDbSeatStore(DynamoDBDocumentClient.from(dynamoDb.client), 'seats')],
];

describe.each(adapters)('seat store: %s', (_, create) => {
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

  test('flights are listed by departure, without departed ones, and in their latest version', async () => {
    const store = create();
    const [early, late] = ['YY2-20280101', 'YY1-20280102'];
    await store.scheduleFlight(
      flight({ flightId: late, departureTime: '2028-01-02T00:00:00Z', aircraft: 'new' }),
      '2026-12-02T00:00:00Z',
    );
    await store.scheduleFlight(
      flight({ flightId: late, departureTime: '2028-01-02T00:00:00Z', aircraft: 'old' }),
      '2026-12-01T00:00:00Z',
    );
    await store.scheduleFlight(flight({ flightId: early, departureTime: '2028-01-01T00:00:00Z' }), now);
    expect((await store.listFlights(new Date('2027-12-31T00:00:00Z'))).map(({ flightId }) => flightId)).toEqual([
      early,
      late,
    ]);
    expect((await store.listFlights(new Date('2028-01-01T00:00:00Z'))).map(({ aircraft }) => aircraft)).toEqual([
      'new',
    ]);
  });
});

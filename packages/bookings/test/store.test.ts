import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type DynamoDbForTests, startDynamoDb } from '@airline/local-cloud/test/support/start-dynamodb';
import { flightVersionOf } from '@airline/events-schemas/flight-version';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import type { CancellationStore } from '../src/cancellation-store.ts';
import type { Flight } from '../src/domain.ts';
import { createDynamoDbCancellationStore } from '../src/dynamodb-cancellation-store.ts';
import { createDynamoDbFlightStore } from '../src/dynamodb-flight-store.ts';
import { createDynamoDbOwnerStore } from '../src/dynamodb-owner-store.ts';
import type { FlightStore } from '../src/flight-store.ts';
import { createHandlers } from '../src/handlers.ts';
import { createInMemoryCancellationStore } from '../src/in-memory-cancellation-store.ts';
import { createInMemoryFlightStore } from '../src/in-memory-flight-store.ts';
import { createInMemoryOwnerStore } from '../src/in-memory-owner-store.ts';
import type { OwnerStore } from '../src/owner-store.ts';
import { flight, flightScheduled } from './fixtures.ts';

let dynamoDb: DynamoDbForTests;

beforeAll(async () => {
  dynamoDb = await startDynamoDb();
  await dynamoDb.createTable('bookings');
});
afterAll(() => dynamoDb.stop());

const adapters: [string, () => FlightStore][] = [
  ['in memory', createInMemoryFlightStore],
  ['DynamoDB', () => createDynamoDbFlightStore(DynamoDBDocumentClient.from(dynamoDb.client), 'bookings')],
];

describe.each(adapters)('flight store: %s', (_, create) => {
  let store: FlightStore;
  let flightNumber = 1000;
  let flightId: string;
  const departing = (departureTime: string): Flight => ({ flightId, departureTime, cabins: flight().cabins });

  beforeAll(() => {
    store = create();
  });
  const unusedFlight = (): void => {
    flightId = `XX${flightNumber++}-20270101`;
  };

  test('a flight is unknown until it is scheduled', async () => {
    unusedFlight();
    expect(await store.findFlight(flightId)).toBeUndefined();
    await store.scheduleFlight(departing('2027-01-01T10:00:00Z'), '2026-12-01T09:30:00Z');
    expect(await store.findFlight(flightId)).toEqual(departing('2027-01-01T10:00:00Z'));
  });

  test.each([
    ['a later version replaces an earlier one', '2026-12-01T09:30:00.000Z#1', '2026-12-01T09:31:00.000Z#0', 'second'],
    ['an earlier version is ignored', '2026-12-01T09:31:00.000Z#0', '2026-12-01T09:30:00.000Z#1', 'first'],
    ['the digest decides between two of one time', '2026-12-01T09:30:00.000Z#1', '2026-12-01T09:30:00.000Z#0', 'first'],
    ['a duplicate is accepted', '2026-12-01T09:30:00.000Z#1', '2026-12-01T09:30:00.000Z#1', 'second'],
  ])('%s', async (_case, firstVersion, secondVersion, winner) => {
    unusedFlight();
    const versions = { first: departing('2027-01-01T10:00:00Z'), second: departing('2027-01-01T11:00:00Z') };
    await store.scheduleFlight(versions.first, firstVersion);
    await store.scheduleFlight(versions.second, secondVersion);
    expect(await store.findFlight(flightId)).toEqual(versions[winner as keyof typeof versions]);
  });

  test('FlightScheduled in any order, with any duplicates: the latest version is kept, also of two from one millisecond', async () => {
    const handlers = createHandlers({ flights: store });
    // A producer may give two events the same id, as these have. Each pair is from the same millisecond.
    const times = ['2026-12-01T09:30:00Z', '2026-12-01T09:30:00.500Z', '2026-12-01T09:30:00.5Z'];
    const kinds = times.flatMap((occurredAt) =>
      ['2027-01-01T10:00:00Z', '2027-01-01T11:00:00Z'].map((departureTime) => ({ occurredAt, departureTime })),
    );
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([...kinds, ...kinds], { minLength: 2 }), async (received) => {
        unusedFlight();
        const events = received.map(({ occurredAt, departureTime }) =>
          flightScheduled(flight({ flightId, departureTime }), occurredAt),
        );
        for (const event of events) await handlers.FlightScheduled(event);
        const latest = events.toSorted((a, b) => (flightVersionOf(a) < flightVersionOf(b) ? -1 : 1)).at(-1)!;
        expect((await store.findFlight(flightId))?.departureTime).toBe(latest.data.departureTime);
      }),
      { numRuns: 30 },
    );
  });
});

const cancellationStores: [string, () => CancellationStore][] = [
  ['in memory', createInMemoryCancellationStore],
  ['DynamoDB', () => createDynamoDbCancellationStore(DynamoDBDocumentClient.from(dynamoDb.client), 'bookings')],
];

describe.each(cancellationStores)('cancellation store: %s', (_, create) => {
  const cancelled = (bookingId: string, second: number) => ({
    bookingId,
    cancelledAt: `2026-12-01T09:30:0${second}.000Z`,
    traceparent: `trace-${second}`,
  });

  test('the first cancellation of a booking is kept', async () => {
    const store = create();
    const [one, another] = [randomUUID(), randomUUID()];
    expect(await store.keep(cancelled(one, 1))).toEqual(cancelled(one, 1));
    expect(await store.keep(cancelled(one, 2))).toEqual(cancelled(one, 1));
    expect(await store.keep(cancelled(another, 3))).toEqual(cancelled(another, 3));
  });

  test('many concurrent cancellations all get the same one back', async () => {
    const store = create();
    const bookingId = randomUUID();
    const kept = await Promise.all(Array.from({ length: 9 }, (_, second) => store.keep(cancelled(bookingId, second))));
    expect(new Set(kept.map(({ cancelledAt }) => cancelledAt)).size).toBe(1);
  });
});

const ownerStores: [string, () => OwnerStore][] = [
  ['in memory', createInMemoryOwnerStore],
  ['DynamoDB', () => createDynamoDbOwnerStore(DynamoDBDocumentClient.from(dynamoDb.client), 'bookings')],
];

describe.each(ownerStores)('owner store: %s', (_, create) => {
  test('a booking has no owner until one is stored; storing it again changes nothing', async () => {
    const store = create();
    const bookingId = randomUUID();
    expect(await store.findOwner(bookingId)).toBeUndefined();
    for (let time = 0; time < 2; time++) {
      await store.keep({ bookingId, customerId: 'ada', departureTime: '2026-12-18T06:37:00Z' });
      expect(await store.findOwner(bookingId)).toBe('ada');
    }
  });
});

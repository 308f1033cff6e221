import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createHandlers } from '../src/handlers.ts';
import { createInMemoryFlightStore } from '../src/in-memory-flight-store.ts';
import { flight, flightScheduled, now } from './fixtures.ts';

test('FlightScheduled: the fares of the flight are stored, and nothing is published', async () => {
  const flights = createInMemoryFlightStore();
  expect(await createHandlers({ flights }).FlightScheduled(flightScheduled())).toEqual([]);
  const { flightId, departureTime, cabins } = flight();
  const fares = cabins.map(({ rows, letters, fare }) => ({ rows, letters, fare }));
  expect(await flights.findFlight(flightId)).toEqual({ flightId, departureTime, cabins: fares });
});

test('FlightScheduled in any order, with any duplicates: the latest version of a flight is kept', async () => {
  const versions = [0, 1, 2, 3].map((hour) =>
    flightScheduled(flight({ departureTime: `2026-12-18T1${hour}:00:00Z` }), `2026-12-01T0${hour}:00:00Z`),
  );
  const deliveries = fc
    .shuffledSubarray([...versions, ...versions])
    .filter((received) => received.includes(versions[3]!));
  await fc.assert(
    fc.asyncProperty(deliveries, async (received) => {
      const flights = createInMemoryFlightStore();
      for (const event of received) await createHandlers({ flights }).FlightScheduled(event);
      expect((await flights.findFlight(flight().flightId))?.departureTime).toBe('2026-12-18T13:00:00Z');
    }),
  );
});

test('FlightScheduled when the store fails: throws, so that SQS redelivers the message', async () => {
  const flights = createInMemoryFlightStore();
  const failing = { ...flights, scheduleFlight: () => Promise.reject(new Error('throttled')) };
  await expect(createHandlers({ flights: failing }).FlightScheduled(flightScheduled())).rejects.toThrow('throttled');
  await createHandlers({ flights }).FlightScheduled(flightScheduled(flight(), now));
  expect(await flights.findFlight(flight().flightId)).toBeDefined();
});

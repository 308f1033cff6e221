import { expect, test } from '@jest/globals';
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

test('FlightScheduled when the store fails: throws, so that SQS redelivers the message', async () => {
  const flights = createInMemoryFlightStore();
  const failing = { ...flights, scheduleFlight: () => Promise.reject(new Error('throttled')) };
  await expect(createHandlers({ flights: failing }).FlightScheduled(flightScheduled())).rejects.toThrow('throttled');
  await createHandlers({ flights }).FlightScheduled(flightScheduled(flight(), now));
  expect(await flights.findFlight(flight().flightId)).toBeDefined();
});

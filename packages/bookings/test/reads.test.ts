import type { AirlineEvent } from '@airline/events-schemas/events';
import { findDrift } from '@airline/events-schemas/test/support/recorded-reads';
import type { Handlers } from '@airline/messaging/consume';
import { expect, test } from '@jest/globals';
import { createHandlers } from '../src/handlers.ts';
import { createInMemoryFlightStore } from '../src/in-memory-flight-store.ts';
import { reads } from '../src/reads.ts';
import { flight, flightScheduled } from './fixtures.ts';

async function handle(events: readonly AirlineEvent[]): Promise<unknown> {
  const flights = createInMemoryFlightStore();
  const handlers: Handlers = createHandlers({ flights });
  for (const event of events) await handlers[event.type]!(event as never, { receiveCount: 1 });
  return flights.findFlight(flight().flightId);
}

test('bookings reads the fields that it declares, and no others', async () => {
  const scenarios = [
    [flightScheduled()],
    [flightScheduled(), flightScheduled(flight({ departureTime: '2026-12-19T06:37:00Z' }))],
  ];
  expect(await findDrift(reads, scenarios, handle)).toEqual({ undeclared: [], unread: [], differing: [] });
});

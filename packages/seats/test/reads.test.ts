import { newEvent, type AirlineEvent } from '@airline/events-schemas/events';
import type { Handlers } from '@airline/messaging/consume';
import { findDrift } from '@airline/events-schemas/test/support/recorded-reads';
import { expect, test } from '@jest/globals';
import { createHandlers } from '../src/handlers.ts';
import { createInMemorySeatStore } from '../src/in-memory-seat-store.ts';
import { reads } from '../src/reads.ts';
import {
  bookingCancelled,
  bookingRequested,
  flight,
  holdRules,
  now,
  paymentFailed,
  paymentOk,
  request,
} from './fixtures.ts';

const data = { ...request({ seats: ['12A', '12C'] }), expiresAt: '2026-12-01T09:40:00.000Z' };
const scheduled = newEvent('FlightScheduled', flight(), { occurredAt: now });
const requested = bookingRequested(data);

/** Together these take every path through the handlers that reads a field. */
const scenarios: AirlineEvent[][] = [
  [scheduled, requested, paymentOk(data), requested],
  [scheduled, requested, paymentFailed(data, 'declined')],
  [scheduled, paymentOk(data), requested, paymentFailed(data)],
  [scheduled, bookingCancelled(data), requested],
  [scheduled, requested, bookingCancelled(data)],
  [scheduled, paymentFailed(data, 'expired'), requested],
  [scheduled, requested, paymentOk(data, { currency: 'USD' })],
].map((events) => events.map(traced));

/** Returns the event with every optional field of its metadata. */
function traced(event: AirlineEvent): AirlineEvent {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  return { ...event, metadata: { ...event.metadata, causationId: 'a-cause', traceparent } };
}

async function handle(events: readonly AirlineEvent[]): Promise<unknown> {
  const store = createInMemorySeatStore();
  const effects: unknown[] = [];
  const handlers: Handlers = createHandlers({
    store,
    holdTimer: { set: async (...timer) => void effects.push(timer) },
    holdRules,
    now: () => new Date(now),
    // Reads the same fields as src/consumer.ts.
    reportImpossible: ({ type, metadata: { eventId, correlationId } }) => effects.push([type, eventId, correlationId]),
  });
  for (const event of events) effects.push(await handlers[event.type]!(event as never, { receiveCount: 1 }));
  return [
    effects,
    await store.load(data.bookingId),
    await store.listFlights({}, '', 100),
    await store.seatMap(data.flightId),
  ];
}

test('seats reads the fields that it declares, and no others', async () => {
  expect(await findDrift(reads, scenarios, handle)).toEqual({ undeclared: [], unread: [], differing: [] });
});

test('a field that is read but not declared is found, and a field that is declared but not read', async () => {
  const other = {
    ...reads,
    PaymentOk: [...reads.PaymentOk, 'data.paidAt'],
    BookingCancelled: ['data.bookingId'],
  } as const;
  expect(await findDrift(other, scenarios, handle)).toEqual({
    undeclared: ['BookingCancelled metadata.eventId', 'BookingCancelled metadata.traceparent'],
    unread: ['PaymentOk data.paidAt'],
    differing: [4],
  });
});

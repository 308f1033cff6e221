import { beforeEach, describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { type Api, createApi } from '../src/api.ts';
import { hold } from '../src/domain.ts';
import { createInMemorySeatStore } from '../src/in-memory-seat-store.ts';
import { flight, holdRules, now, request } from './fixtures.ts';

let api: Api;
const held = request();

beforeEach(async () => {
  const store = createInMemorySeatStore();
  await store.scheduleFlight(flight(), now);
  await store.scheduleFlight(
    flight({ flightId: 'KL1002-20261219', flightNumber: 'KL1002', departureTime: '2026-12-19T00:00:00Z' }),
    now,
  );
  await store.scheduleFlight(flight({ flightId: 'KL1-20261101', departureTime: '2026-11-01T00:00:00Z' }), now);
  await store.claimSeat(held.flightId, '12A', held.bookingId);
  await store.save(held.bookingId, hold(held, holdRules, now, { metadata: { eventId: 'e' } }), undefined);
  api = createApi({ store, now: () => new Date(now) });
});

async function get(routeKey: string, parts: Partial<APIGatewayProxyEventV2> = {}) {
  const { statusCode, headers, body } = await api({ routeKey: `GET ${routeKey}`, ...parts } as APIGatewayProxyEventV2);
  return { statusCode, type: headers?.['content-type'], body: JSON.parse(body!) };
}

describe('GET /flights', () => {
  test('lists the flights that have not departed, soonest first, with their number of seats', async () => {
    const { statusCode, body } = await get('/flights');
    expect(statusCode).toBe(200);
    const flights = body.flights as { flightId: string; seatCount: number }[];
    expect(flights.map(({ flightId, seatCount }) => [flightId, seatCount])).toEqual([
      ['KL1001-20261218', 104],
      ['KL1002-20261219', 104],
    ]);
  });

  test('filters by flight number, in upper or lower case', async () => {
    const { body } = await get('/flights', { queryStringParameters: { flightNumber: 'kl1002' } });
    expect((body.flights as { flightId: string }[]).map(({ flightId }) => flightId)).toEqual(['KL1002-20261219']);
  });

  test('refuses an unknown query parameter', async () => {
    const { statusCode, type, body } = await get('/flights', { queryStringParameters: { to: 'ABZ' } });
    expect([statusCode, type]).toEqual([400, 'application/problem+json']);
    expect(body.detail).toBe('GET /flights takes flightNumber, origin, destination, not to.');
  });

  test('refuses malformed filters', async () => {
    const { statusCode, body } = await get('/flights', {
      queryStringParameters: { flightNumber: 'KL', origin: 'Amsterdam' },
    });
    expect(statusCode).toBe(400);
    expect((body.errors as { field: string }[]).map(({ field }) => field)).toEqual(['flightNumber', 'origin']);
  });
});

describe('GET /flights/{flightId}/seats', () => {
  test('returns every seat with cabin, fare and state, but not who holds it', async () => {
    const { body } = await get('/flights/{flightId}/seats', { pathParameters: { flightId: 'KL1001-20261218' } });
    expect(body.counts).toEqual({ free: 103, held: 1, sold: 0 });
    expect(body.seats).toContainEqual({
      seat: '12A',
      cabin: 'economy',
      fare: { amountMinor: 8_100, currency: 'EUR' },
      state: 'held',
    });
    expect(body.seats).toContainEqual({
      seat: '1A',
      cabin: 'business',
      fare: { amountMinor: 22_680, currency: 'EUR' },
      state: 'free',
    });
    expect(JSON.stringify(body)).not.toContain(held.bookingId);
  });

  test.each(['KL1001', 'kl1001-20261218', '../../etc', 'x'.repeat(5000)])(
    'refuses the malformed flight id %j',
    async (flightId) => {
      const { statusCode, body } = await get('/flights/{flightId}/seats', { pathParameters: { flightId } });
      expect([statusCode, body.errors[0].field]).toEqual([400, 'flightId']);
      expect(JSON.stringify(body).length).toBeLessThan(500);
    },
  );

  test('refuses query parameters', async () => {
    const parts = { pathParameters: { flightId: 'KL1001-20261218' }, queryStringParameters: { cabin: 'economy' } };
    expect((await get('/flights/{flightId}/seats', parts)).statusCode).toBe(400);
  });

  test('answers 404 for an unknown flight, and names it', async () => {
    const { statusCode, body } = await get('/flights/{flightId}/seats', {
      pathParameters: { flightId: 'KL9-20261218' },
    });
    expect(statusCode).toBe(404);
    expect(body.detail).toContain('KL9-20261218');
  });
});

import { beforeEach, describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { type Api, createApi } from '../src/api.ts';
import { hold } from '../src/domain.ts';
import { createInMemorySeatStore } from '../src/in-memory-seat-store.ts';
import type { SeatStore } from '../src/seat-store.ts';
import { flight, holdRules, now, request } from './fixtures.ts';

let api: Api;
let store: SeatStore;
const held = request();

beforeEach(async () => {
  store = createInMemorySeatStore();
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
  const event = { routeKey: `GET ${routeKey}`, rawPath: routeKey, headers: {}, ...parts };
  const { statusCode, headers, body } = await api(event as APIGatewayProxyEventV2);
  return { statusCode, headers, type: headers?.['content-type'], body: body === undefined ? body : JSON.parse(body) };
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
    expect(body.detail).toBe('GET /flights takes flightNumber, origin, destination, date, limit, cursor, not to.');
  });

  const ask = (queryStringParameters: Record<string, string>, headers: Record<string, string> = {}) =>
    get('/flights', { queryStringParameters, headers });
  const idsOf = (body: unknown): string[] =>
    (body as { flights: { flightId: string }[] }).flights.map(({ flightId }) => flightId);
  /** The query parameters in the Link header; undefined on the last page. */
  const nextOf = (headers: Record<string, unknown> | undefined): Record<string, string> | undefined => {
    if (headers?.link === undefined) return undefined;
    const [, query] = /^<\/flights\?([^>]+)>; rel="next"$/.exec(headers.link as string)!;
    return Object.fromEntries(new URLSearchParams(query));
  };

  test.each<[Record<string, string>, string[]]>([
    [{ date: '2026-12-18' }, ['KL1001-20261218']],
    [{ date: '2026-12-20' }, []],
    [{ date: '2026-11-01' }, []],
    [{ origin: 'ams', destination: 'abz', date: '2026-12-19' }, ['KL1002-20261219']],
    [{ origin: 'ABZ' }, []],
  ])('filters by %j', async (query, expected) => {
    const { statusCode, body } = await ask(query);
    expect([statusCode, idsOf(body)]).toEqual([200, expected]);
  });

  test('links to the next page, which has the same filters and limit', async () => {
    const first = await ask({ limit: '1', origin: 'ams' });
    expect(idsOf(first.body)).toEqual(['KL1001-20261218']);
    const next = nextOf(first.headers)!;
    expect(next).toEqual({ origin: 'AMS', limit: '1', cursor: expect.any(String) });
    const second = await ask(next);
    expect(idsOf(second.body)).toEqual(['KL1002-20261219']);
    expect(second.headers).not.toHaveProperty('link');
  });

  test('a cursor may be used with another limit, and is the same for filters in upper or lower case', async () => {
    const { cursor } = nextOf((await ask({ limit: '1', origin: 'ams' })).headers)!;
    const { body } = await ask({ origin: 'aMs', cursor: cursor! });
    expect(idsOf(body)).toEqual(['KL1002-20261219']);
  });

  test('a flight that departed since the cursor was made is not listed', async () => {
    const { cursor } = nextOf((await ask({ limit: '1' })).headers)!;
    const later = createApi({ store, now: () => new Date('2026-12-19T00:00:00Z') });
    const event = { routeKey: 'GET /flights', rawPath: '/flights', headers: {}, queryStringParameters: { cursor } };
    const { body } = await later(event as unknown as APIGatewayProxyEventV2);
    expect(JSON.parse(body!)).toEqual({ flights: [] });
  });

  const position = (text: string): string => Buffer.from(text).toString('base64url');
  test.each([
    '',
    ' ',
    'garbage',
    '2026-12-18',
    'x'.repeat(5000),
    position('12345678'),
    position('123456782026-12-18'),
    position('123456782026-02-30T00:00:00.000Z#KL1001-20261218'),
    position('123456782026-12-18T06:37:00.000Z#\n'),
    position('123456782026-12-18T06:37:00Z#KL1001-20261218'),
  ])('refuses the cursor %j', async (cursor) => {
    const { statusCode, body } = await ask({ cursor });
    expect([statusCode, body.errors]).toEqual([
      400,
      [
        {
          field: 'cursor',
          message: expect.stringMatching(
            /^must be from the Link header of a response .*; leave it out for the first page$/,
          ),
        },
      ],
    ]);
    expect(JSON.stringify(body).length).toBeLessThan(500);
  });

  test('refuses every changed cursor', async () => {
    const { cursor = '' } = nextOf((await ask({ limit: '1' })).headers)!;
    const changed = [...cursor].map((character, index) => {
      return `${cursor.slice(0, index)}${character === 'A' ? 'B' : 'A'}${cursor.slice(index + 1)}`;
    });
    for (const each of [...changed, `${cursor}=`, `${cursor}A`, cursor.slice(1), cursor.slice(0, -1)]) {
      const { statusCode, body } = await ask({ cursor: each });
      expect([statusCode, body.errors[0].field]).toEqual([400, 'cursor']);
    }
  });

  test.each<[Record<string, string>, Record<string, string>]>([
    [{}, { origin: 'AMS' }],
    [{ origin: 'AMS' }, {}],
    [{ origin: 'AMS' }, { destination: 'AMS' }],
    [{ origin: 'AMS' }, { origin: 'LHR' }],
    [{ origin: 'AMS' }, { origin: 'AMS', date: '2026-12-19' }],
  ])('refuses a cursor of the filters %j with the filters %j', async (query, other) => {
    const { cursor } = nextOf((await ask({ ...query, limit: '1' })).headers)!;
    const { statusCode, body } = await ask({ ...other, cursor: cursor! });
    expect(statusCode).toBe(400);
    expect(body.detail).toBe(
      'cursor must be from the Link header of a response to the same flightNumber, origin, destination, date; ' +
        'leave it out for the first page.',
    );
  });

  test.each(['', '0', '-1', '501', '1000', '1.5', '1e2', ' 5', '0x10', 'all', '1,2'])(
    'refuses the limit %j',
    async (limit) => {
      const { statusCode, body } = await ask({ limit });
      expect([statusCode, body.errors]).toEqual([
        400,
        [{ field: 'limit', message: 'must be a whole number from 1 to 500' }],
      ]);
    },
  );

  test.each(['', '2026-02-30', '2026-13-01', '20261218', '2026-12-18T00:00:00Z', 'tomorrow', '-026-12-18'])(
    'refuses the date %j',
    async (date) => {
      const { statusCode, body } = await ask({ date });
      expect([statusCode, body.errors[0]]).toEqual([
        400,
        { field: 'date', message: 'must be a day of the calendar (UTC), such as 2026-12-18' },
      ]);
    },
  );

  test('refuses malformed filters', async () => {
    const { statusCode, body } = await ask({ flightNumber: 'KL', origin: 'Amsterdam', limit: '0', date: 'now' });
    expect(statusCode).toBe(400);
    expect((body.errors as { field: string }[]).map(({ field }) => field)).toEqual([
      'flightNumber',
      'origin',
      'date',
      'limit',
    ]);
  });

  test('may be cached, and is 304 as long as neither the flights nor the next page have changed', async () => {
    const { headers } = await ask({ limit: '1' });
    expect(headers).toMatchObject({ 'cache-control': 'public, max-age=30', etag: expect.stringMatching(/^"[\w-]+"$/) });
    const etag = headers!.etag as string;
    expect(await ask({ limit: '1' }, { 'if-none-match': `W/${etag}` })).toEqual({
      statusCode: 304,
      headers,
      type: 'application/json',
      body: undefined,
    });
    expect((await ask({ limit: '1', date: '2026-12-18' }, { 'if-none-match': etag })).statusCode).toBe(200);
    await store.scheduleFlight(flight({ aircraft: 'Airbus A320' }), '2026-12-02T00:00:00.000Z');
    expect((await ask({ limit: '1' }, { 'if-none-match': etag })).statusCode).toBe(200);
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

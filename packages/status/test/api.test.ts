import type { AirlineEvent } from '@airline/events-schemas/events';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { createApi } from '../src/api.ts';
import type { FactType } from '../src/domain.ts';
import type { FactStore } from '../src/fact-store.ts';
import { createInMemoryFactStore } from '../src/in-memory-fact-store.ts';
import { bookingId, events, facts, happy } from './fixtures.ts';

/** What happens while a client waits: an event, so many milliseconds after it asked. */
type Happening = [afterMilliseconds: number, event: AirlineEvent<FactType>];

let store: FactStore;
let elapsed: number;
let pauses: number[];

const know = async (...heard: AirlineEvent<FactType>[]): Promise<void> => {
  for (const fact of facts(...heard)) await store.keep(bookingId, fact);
};

interface Asked {
  id?: string;
  wait?: string;
  etag?: string;
  meanwhile?: Happening[];
  remaining?: number;
  query?: Record<string, string>;
  /** The claims of the token, on a route that has an authorizer. */
  claims?: Record<string, string>;
}

/** Asks by a clock that only sleeping moves. */
async function ask({ id = bookingId, wait, etag, meanwhile = [], remaining = 29_000, query, claims }: Asked = {}) {
  elapsed = 0;
  pauses = [];
  const api = createApi({
    store,
    now: () => new Date(1_800_000_000_000 + elapsed),
    sleep: async (milliseconds) => {
      pauses.push(milliseconds);
      elapsed += milliseconds;
      for (const [after, event] of meanwhile) if (after <= elapsed) await know(event);
    },
  });
  const event = {
    routeKey: 'GET /bookings/{bookingId}',
    pathParameters: { bookingId: id },
    ...(wait !== undefined && { queryStringParameters: { wait } }),
    ...(query && { queryStringParameters: query }),
    requestContext: claims ? { authorizer: { jwt: { claims, scopes: null } } } : {},
    headers: { ...(etag !== undefined && { 'if-none-match': etag }) },
  } as unknown as APIGatewayProxyEventV2;
  const { statusCode, headers, body } = await api(event, { getRemainingTimeInMillis: () => remaining - elapsed });
  return {
    status: statusCode,
    etag: headers?.etag as string,
    headers,
    body: body === undefined ? undefined : JSON.parse(body),
  };
}

beforeEach(() => {
  store = createInMemoryFactStore();
});

describe('GET /bookings/{bookingId}', () => {
  test('a known booking: its status and timeline, without personal data or payment method', async () => {
    await know(...happy);
    const { status, body, headers } = await ask();
    expect(status).toBe(200);
    expect(headers).toEqual({
      'content-type': 'application/json',
      'cache-control': 'private, no-cache',
      etag: expect.stringMatching(/^"[\w-]{22}"$/),
    });
    expect(body).toMatchObject({ bookingId, status: 'CONFIRMED', settled: true, receiptNumber: 'R-7K2M-9QXD-4TBN' });
    expect(JSON.stringify(body)).not.toMatch(/Ada|ada@|pm_card/);
  });

  test('an unknown booking: 404 with a sentence that helps', async () => {
    const { status, body, headers } = await ask();
    expect(status).toBe(404);
    expect(headers).toMatchObject({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
    expect(body).toMatchObject({ status: 404, detail: expect.stringContaining('?wait=') });
  });

  const malformedIds = ['', 'x', '12345', `${bookingId}0`, '7f8c2f0e-3b1a-1c7e-9d55-1f6a2b3c4d5e'];
  test.each(malformedIds)('a malformed id, %j: 400 that names it', async (id) => {
    const { status, body } = await ask({ id });
    expect(status).toBe(400);
    expect(body.errors).toEqual([{ field: 'bookingId', message: expect.any(String) }]);
  });

  test.each(['', '-1', '26', '1.5', '1e1', 'soon', '100', '1,2'])(
    'a malformed wait, %j: 400 that names it',
    async (wait) => {
      const { status, body } = await ask({ wait });
      expect(status).toBe(400);
      expect(body.errors).toEqual([{ field: 'wait', message: 'must be a whole number of seconds from 0 to 25' }]);
    },
  );
});

test('a query parameter that it would ignore: 400 that names it', async () => {
  const { status, body } = await ask({ query: { wiat: '5' } });
  expect([status, body.errors[0].field]).toEqual([400, 'wiat']);
});

describe('where customers log in', () => {
  const adas = events.requested({ customerId: 'ada' });

  test('the owner sees the booking, and whose it is stays out of the answer', async () => {
    await know(adas, ...happy.slice(1));
    const { status, body } = await ask({ claims: { sub: 'ada' } });
    expect(status).toBe(200);
    expect(body.status).toBe('CONFIRMED');
    expect(body).not.toHaveProperty('customerId');
  });

  test.each([
    ['of somebody else', adas],
    ['of a guest', events.requested()],
  ])(
    'a booking %s is answered as one that nobody knows, after the same wait, whatever its ETag',
    async (_, requested) => {
      const unknown = await ask({ claims: { sub: 'grace' }, wait: '3' });
      const waited = elapsed;
      await know(requested, ...happy.slice(1));
      const { etag } = await ask(requested === adas ? { claims: { sub: 'ada' } } : {});
      expect(await ask({ claims: { sub: 'grace' }, wait: '3' })).toEqual(unknown);
      expect(elapsed).toBe(waited);
      expect(unknown.status).toBe(404);
      expect(await ask({ claims: { sub: 'grace' }, etag })).toMatchObject({ status: 404 });
    },
  );

  test('the owner who waits is answered once the request itself is heard, though others told of the booking first', async () => {
    await know(events.seatBooked());
    const { status } = await ask({ claims: { sub: 'ada' }, wait: '5', meanwhile: [[500, adas]] });
    expect(status).toBe(200);
    expect(elapsed).toBeLessThan(1000);
  });

  test.each<Record<string, string>>([{}, { sub: '' }, { sub: 'x'.repeat(201) }])(
    'a token that names no customer, %j: 403',
    async (claims) => {
      await know(adas);
      expect(await ask({ claims })).toMatchObject({
        status: 403,
        body: { title: 'No customer' },
      });
    },
  );
});

describe('ETag', () => {
  test('depends on the facts, not on the order in which they came', async () => {
    await know(...happy);
    const { etag } = await ask();
    store = createInMemoryFactStore();
    await know(...happy.toReversed());
    expect((await ask()).etag).toBe(etag);
  });

  test('each further fact changes it', async () => {
    const etags: string[] = [];
    for (const event of happy) {
      await know(event);
      etags.push((await ask()).etag);
    }
    expect(new Set(etags).size).toBe(4);
  });

  test('If-None-Match with it, in a list or made weak on the way: 304 without a body', async () => {
    await know(...happy);
    const { etag } = await ask();
    for (const condition of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      expect(await ask({ etag: condition })).toMatchObject({ status: 304, etag, body: undefined });
    }
    expect(await ask({ etag: '"other"' })).toMatchObject({ status: 200, etag });
  });
});

describe('?wait', () => {
  test('a settled booking: answers at once', async () => {
    await know(...happy);
    expect(await ask({ wait: '25' })).toMatchObject({ status: 200 });
    expect(elapsed).toBe(0);
  });

  test('answers as soon as something changes from what the first look saw', async () => {
    await know(events.requested());
    const meanwhile: Happening[] = [
      [1000, events.seatBooked()],
      [2000, events.paymentOk()],
    ];
    const { status, body } = await ask({ wait: '25', meanwhile });
    expect([status, body.status]).toEqual([200, 'SEAT_BOOKED']);
    expect(elapsed).toBeGreaterThanOrEqual(1000);
    expect(elapsed).toBeLessThanOrEqual(1250);
  });

  test('an unknown booking: answers as soon as anything is heard of it', async () => {
    const { status, body } = await ask({ wait: '10', meanwhile: [[300, events.requested()]] });
    expect([status, body.status]).toEqual([200, 'REQUESTED']);
    expect(elapsed).toBeLessThan(600);
  });

  test('an unknown booking that stays unknown: 404 when the time is up', async () => {
    expect(await ask({ wait: '2' })).toMatchObject({ status: 404 });
    expect(elapsed).toBe(2000);
  });

  test('nothing changes: the answer as it is when the time is up', async () => {
    await know(events.requested());
    expect(await ask({ wait: '3' })).toMatchObject({ status: 200, body: { status: 'REQUESTED' } });
    expect(elapsed).toBe(3000);
  });

  test('with If-None-Match of an older answer: the newer one at once', async () => {
    await know(events.requested());
    const { etag } = await ask();
    await know(events.seatBooked());
    expect(await ask({ wait: '25', etag })).toMatchObject({ status: 200, body: { status: 'SEAT_BOOKED' } });
    expect(elapsed).toBe(0);
  });

  test('with If-None-Match of the answer as it is: the next change, or 304 when the time is up', async () => {
    await know(events.requested());
    const { etag } = await ask();
    const paid = await ask({ wait: '25', etag, meanwhile: [[500, events.paymentOk()]] });
    expect(paid).toMatchObject({ status: 200, body: { status: 'PAYMENT_OK' } });
    const next = paid.etag;
    expect(await ask({ wait: '1', etag: next })).toMatchObject({ status: 304, etag: next });
    expect(elapsed).toBe(1000);
  });

  test('with If-None-Match of a settled booking: 304 at once', async () => {
    await know(...happy);
    const { etag } = await ask();
    expect(await ask({ wait: '25', etag })).toMatchObject({ status: 304 });
    expect(elapsed).toBe(0);
  });

  test('looks often at first, and four times a second in the long run', async () => {
    await know(events.requested());
    await ask({ wait: '5' });
    expect(pauses[0]).toBe(50);
    expect(pauses.slice(5, -1).every((milliseconds) => milliseconds === 250)).toBe(true);
  });

  test('ends in time for the function to answer', async () => {
    expect(await ask({ wait: '25', remaining: 4000 })).toMatchObject({ status: 404 });
    expect(elapsed).toBe(3000);
  });
});

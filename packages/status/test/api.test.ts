import type { AirlineEvent } from '@airline/events-schemas/events';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { createApi } from '../src/api.ts';
import type { FactType } from '../src/domain.ts';
import type { FactStore } from '../src/fact-store.ts';
import { createInMemoryFactStore } from '../src/in-memory-fact-store.ts';
import { bookingId, events, facts, happy } from './fixtures.ts';

/** An event that arrives while a client waits. */
type Arrival = [afterMilliseconds: number, event: AirlineEvent<FactType>];

let store: FactStore;
let elapsed: number;
let pauses: number[];

const receive = async (...received: AirlineEvent<FactType>[]): Promise<void> => {
  for (const fact of facts(...received)) await store.keep(bookingId, fact);
};

interface Request {
  id?: string;
  wait?: string;
  etag?: string;
  meanwhile?: Arrival[];
  remaining?: number;
  query?: Record<string, string>;
  /** The claims of the token, on a route that has an authorizer. */
  claims?: Record<string, string>;
}

/** Sends a request. The clock advances only while the API sleeps. */
async function get({ id = bookingId, wait, etag, meanwhile = [], remaining = 29_000, query, claims }: Request = {}) {
  elapsed = 0;
  pauses = [];
  const api = createApi({
    store,
    now: () => new Date(1_800_000_000_000 + elapsed),
    sleep: async (milliseconds) => {
      pauses.push(milliseconds);
      elapsed += milliseconds;
      for (const [after, event] of meanwhile) if (after <= elapsed) await receive(event);
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
  test('a known booking: returns its status and timeline, without personal data or payment method', async () => {
    await receive(...happy);
    const { status, body, headers } = await get();
    expect(status).toBe(200);
    expect(headers).toEqual({
      'content-type': 'application/json',
      'cache-control': 'private, no-cache',
      etag: expect.stringMatching(/^"[\w-]{22}"$/),
    });
    expect(body).toMatchObject({ bookingId, status: 'CONFIRMED', settled: true, receiptNumber: 'R-7K2M-9QXD-4TBN' });
    expect(JSON.stringify(body)).not.toMatch(/Ada|ada@|pm_card/);
  });

  test('an id in capitals is the same booking', async () => {
    await receive(...happy);
    const { status, body } = await get({ id: bookingId.toUpperCase() });
    expect({ status, bookingId: body.bookingId }).toEqual({ status: 200, bookingId });
  });

  test('an unknown booking: 404 that recommends ?wait', async () => {
    const { status, body, headers } = await get();
    expect(status).toBe(404);
    expect(headers).toMatchObject({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
    expect(body).toMatchObject({ status: 404, detail: expect.stringContaining('?wait=') });
  });

  const malformedIds = ['', 'x', '12345', `${bookingId}0`, '7f8c2f0e-3b1a-1c7e-9d55-1f6a2b3c4d5e'];
  test.each(malformedIds)('a malformed id, %j: 400 that names it', async (id) => {
    const { status, body } = await get({ id });
    expect(status).toBe(400);
    expect(body.errors).toEqual([{ field: 'bookingId', message: expect.any(String) }]);
  });

  test.each(['', '-1', '26', '1.5', '1e1', 'soon', '100', '1,2'])(
    'a malformed wait, %j: 400 that names it',
    async (wait) => {
      const { status, body } = await get({ wait });
      expect(status).toBe(400);
      expect(body.errors).toEqual([{ field: 'wait', message: 'must be a whole number of seconds from 0 to 25' }]);
    },
  );
});

test('an unknown query parameter: 400 that names it', async () => {
  const { status, body } = await get({ query: { wiat: '5' } });
  expect([status, body.errors[0].field]).toEqual([400, 'wiat']);
});

describe('where customers log in', () => {
  const requestOfAda = events.requested({ customerId: 'ada' });

  test('the owner sees the booking, and the answer does not contain the customerId', async () => {
    await receive(requestOfAda, ...happy.slice(1));
    const { status, body } = await get({ claims: { sub: 'ada' } });
    expect(status).toBe(200);
    expect(body.status).toBe('CONFIRMED');
    expect(body).not.toHaveProperty('customerId');
  });

  test.each([
    ['of another customer', requestOfAda],
    ['of a guest', events.requested()],
  ])(
    'a booking %s is answered like an unknown one: after the same wait, and whatever the ETag',
    async (_, requested) => {
      const unknown = await get({ claims: { sub: 'grace' }, wait: '3' });
      const waited = elapsed;
      await receive(requested, ...happy.slice(1));
      const { etag } = await get(requested === requestOfAda ? { claims: { sub: 'ada' } } : {});
      expect(await get({ claims: { sub: 'grace' }, wait: '3' })).toEqual(unknown);
      expect(elapsed).toBe(waited);
      expect(unknown.status).toBe(404);
      expect(await get({ claims: { sub: 'grace' }, etag })).toMatchObject({ status: 404 });
    },
  );

  test('a waiting owner is answered when the request arrives, even if other events arrived before it', async () => {
    await receive(events.seatBooked());
    const { status } = await get({ claims: { sub: 'ada' }, wait: '5', meanwhile: [[500, requestOfAda]] });
    expect(status).toBe(200);
    expect(elapsed).toBeLessThan(1000);
  });

  test.each<Record<string, string>>([{}, { sub: '' }, { sub: 'x'.repeat(201) }])(
    'a token that names no customer, %j: 403',
    async (claims) => {
      await receive(requestOfAda);
      expect(await get({ claims })).toMatchObject({
        status: 403,
        body: { title: 'No customer' },
      });
    },
  );
});

describe('ETag', () => {
  test('depends on the facts, not on their order', async () => {
    await receive(...happy);
    const { etag } = await get();
    store = createInMemoryFactStore();
    await receive(...happy.toReversed());
    expect((await get()).etag).toBe(etag);
  });

  test('changes with each further fact', async () => {
    const etags: string[] = [];
    for (const event of happy) {
      await receive(event);
      etags.push((await get()).etag);
    }
    expect(new Set(etags).size).toBe(4);
  });

  test('If-None-Match with the ETag, also in a list or as a weak one: 304 without a body', async () => {
    await receive(...happy);
    const { etag } = await get();
    for (const condition of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const answer = await get({ etag: condition });
      expect(answer).toMatchObject({ status: 304, etag, body: undefined });
      // Without a type, API Gateway sends text/plain, and a cache may take that over.
      expect(answer.headers).toMatchObject({ 'content-type': 'application/json' });
    }
    expect(await get({ etag: '"other"' })).toMatchObject({ status: 200, etag });
  });
});

describe('?wait', () => {
  test('a settled booking: responds at once', async () => {
    await receive(...happy);
    expect(await get({ wait: '25' })).toMatchObject({ status: 200 });
    expect(elapsed).toBe(0);
  });

  test('responds when the booking has changed since the first read', async () => {
    await receive(events.requested());
    const meanwhile: Arrival[] = [
      [1000, events.seatBooked()],
      [2000, events.paymentOk()],
    ];
    const { status, body } = await get({ wait: '25', meanwhile });
    expect([status, body.status]).toEqual([200, 'SEAT_BOOKED']);
    expect(elapsed).toBeGreaterThanOrEqual(1000);
    expect(elapsed).toBeLessThanOrEqual(1250);
  });

  test('an unknown booking: responds when its first event arrives', async () => {
    const { status, body } = await get({ wait: '10', meanwhile: [[300, events.requested()]] });
    expect([status, body.status]).toEqual([200, 'REQUESTED']);
    expect(elapsed).toBeLessThan(600);
  });

  test.each([
    ['0', 0],
    ['1', 1000],
    ['2', 2000],
    ['3', 2000],
    ['25', 2000],
  ])('a booking that stays unknown, ?wait=%s: 404 after %i ms', async (wait, milliseconds) => {
    expect(await get({ wait })).toMatchObject({ status: 404 });
    expect(elapsed).toBe(milliseconds);
  });

  test("another customer's booking has no longer wait than an unknown one", async () => {
    await receive(events.requested({ customerId: 'ada' }));
    expect(await get({ wait: '25', claims: { sub: 'grace' } })).toMatchObject({ status: 404 });
    expect(elapsed).toBe(2000);
  });

  test('a booking that becomes known within two seconds: waits up to the asked time for what the client lacks', async () => {
    await receive(events.requested());
    const { etag } = await get();
    store = createInMemoryFactStore();
    const meanwhile: Arrival[] = [
      [1900, events.requested()],
      [9000, events.paymentOk()],
    ];
    expect(await get({ wait: '25', etag, meanwhile })).toMatchObject({ status: 200, body: { status: 'PAYMENT_OK' } });
    expect(elapsed).toBeGreaterThanOrEqual(9000);
    store = createInMemoryFactStore();
    expect(await get({ wait: '10', etag, meanwhile: meanwhile.slice(0, 1) })).toMatchObject({ status: 304 });
    expect(elapsed).toBe(10_000);
  });

  test('a booking that does not change: responds when the time is up', async () => {
    await receive(events.requested());
    expect(await get({ wait: '3' })).toMatchObject({ status: 200, body: { status: 'REQUESTED' } });
    expect(elapsed).toBe(3000);
  });

  test('with the ETag of an older answer: responds at once', async () => {
    await receive(events.requested());
    const { etag } = await get();
    await receive(events.seatBooked());
    expect(await get({ wait: '25', etag })).toMatchObject({ status: 200, body: { status: 'SEAT_BOOKED' } });
    expect(elapsed).toBe(0);
  });

  test('with the ETag of the current answer: responds at the next change, or with 304 when the time is up', async () => {
    await receive(events.requested());
    const { etag } = await get();
    const paid = await get({ wait: '25', etag, meanwhile: [[500, events.paymentOk()]] });
    expect(paid).toMatchObject({ status: 200, body: { status: 'PAYMENT_OK' } });
    const next = paid.etag;
    expect(await get({ wait: '1', etag: next })).toMatchObject({ status: 304, etag: next });
    expect(elapsed).toBe(1000);
  });

  test('with the ETag of a settled booking: 304 at once', async () => {
    await receive(...happy);
    const { etag } = await get();
    expect(await get({ wait: '25', etag })).toMatchObject({ status: 304 });
    expect(elapsed).toBe(0);
  });

  test('reads often at first, and four times a second later', async () => {
    await receive(events.requested());
    await get({ wait: '5' });
    const later = Array<number>(18).fill(250);
    expect(pauses).toEqual([50, 100, 200, ...later, 150]);
  });

  test('ends the wait early enough for the function to respond', async () => {
    expect(await get({ wait: '25', remaining: 2500 })).toMatchObject({ status: 404 });
    expect(elapsed).toBe(1500);
    await receive(events.requested());
    expect(await get({ wait: '25', remaining: 4000 })).toMatchObject({ status: 200 });
    expect(elapsed).toBe(3000);
  });
});

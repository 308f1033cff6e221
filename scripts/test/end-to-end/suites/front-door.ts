import { beforeAll, describe, expect, test } from '@jest/globals';
import { type Customer, type RunningAirline, testExceptOnEmulator } from '../support/running-airline.ts';
import { sharedAirline } from '../support/shared-airline.ts';

let airline: RunningAirline;
let customer: Customer;

beforeAll(async () => {
  airline = await sharedAirline();
  customer = await airline.customer('KL1009');
});

const json = { 'content-type': 'application/json' };
const unknownId = '7f8c2f0e-3b1a-4c7e-9d55-1f6a2b3c4d5e';

/** The status of an answer. `fetch` compares the whole answer with docs/openapi.yaml. */
async function statusOf(method: string, path: string, init: RequestInit = {}): Promise<number> {
  return (await airline.fetch(path, { method, ...init })).status;
}

const booking = (overrides: object = {}): string => {
  const { flightId, seats, passenger } = customer.request();
  return JSON.stringify({ flightId, seats, passenger, payment: { method: 'pm_card_visa' }, ...overrides });
};

describe('the front door answers as docs/openapi.yaml says', () => {
  test.each([
    ['GET', '/'],
    ['GET', '/bookings'],
    ['POST', '/flights'],
    ['HEAD', '/flights'],
    ['PATCH', `/bookings/${unknownId}`],
  ])('%s %s, which is no route', async (method, path) => {
    expect(await statusOf(method, path, { headers: { origin: 'https://elsewhere.example' } })).toBe(404);
  });

  testExceptOnEmulator('MiniStack 1.5.33 has answers of its own')(
    'a slash at the end, and OPTIONS, which are no routes',
    async () => {
      expect(await statusOf('GET', '/flights/')).toBe(404);
      expect(await statusOf('OPTIONS', '/bookings', { headers: { origin: 'https://elsewhere.example' } })).toBe(404);
    },
  );

  test.each([
    ['GET', '/flights?to=ABZ', 400],
    ['GET', '/flights?limit=0&date=2026-02-30&origin=A&flightNumber=1', 400],
    ['GET', '/flights?limit=1&limit=2', 400],
    ['GET', '/flights?cursor=of-my-own', 400],
    ['GET', '/flights?origin=ams&limit=2', 200],
    ['GET', '/flights/KL1001/seats', 400],
    ['GET', '/flights/KL9999-20261218/seats', 404],
    ['GET', '/flights/KL9999-20261218/seats?cabin=economy', 400],
    ['GET', '/bookings/KL1001', 400],
    ['GET', `/bookings/${unknownId}`, 404],
    ['GET', `/bookings/${unknownId}?wait=26`, 400],
    ['GET', `/bookings/${unknownId}?timeout=2`, 400],
    ['DELETE', '/bookings/KL1001', 400],
    ['DELETE', `/bookings/${unknownId}?reason=weather`, 400],
  ])('%s %s', async (method, path, status) => {
    expect(await statusOf(method, path)).toBe(status);
  });

  test.each<[string, number, () => RequestInit]>([
    ['without a body', 400, () => ({ headers: json })],
    ['with a body that is not JSON', 400, () => ({ headers: json, body: '{' })],
    ['with a body that is not UTF-8', 400, () => ({ headers: json, body: Buffer.from('{"a":"\xe9"}', 'latin1') })],
    ['with a list', 400, () => ({ headers: json, body: '[]' })],
    ['with fields of the wrong kind', 400, () => ({ headers: json, body: booking({ seats: '12A', passenger: 1 }) })],
    ['with an unknown field', 400, () => ({ headers: json, body: booking({ upgrade: true }) })],
    ['with an empty key', 400, () => ({ headers: { ...json, 'idempotency-key': '' }, body: booking() })],
    ['as a form', 415, () => ({ body: new URLSearchParams({ seats: '12A' }) })],
    ['without a content type', 415, () => ({ body: Buffer.from(booking()) })],
    ['with 20 KB', 413, () => ({ headers: json, body: 'x'.repeat(20_000) })],
    ['of a flight that is not scheduled', 422, () => ({ headers: json, body: booking({ flightId: 'XX1-20261218' }) })],
    ['of a seat that does not exist', 422, () => ({ headers: json, body: booking({ seats: ['999Z'] }) })],
  ])('POST /bookings %s: %d', async (_, status, init) => {
    expect(await statusOf('POST', '/bookings', init())).toBe(status);
  });

  testExceptOnEmulator('MiniStack 1.5.33 has no such limit')('a body that is too long for API Gateway', async () => {
    expect(await statusOf('POST', '/bookings', { headers: json, body: 'x'.repeat(11_000_000) })).toBe(413);
  });

  test('If-None-Match with an ETag that is current, and the next page', async () => {
    const first = await airline.fetch('/flights?limit=2');
    const [, next] = /^<(.+)>; rel="next"$/.exec(first.headers.get('link')!)!;
    expect(await statusOf('GET', next!)).toBe(200);
    const headers = { 'if-none-match': first.headers.get('etag')! };
    expect(await statusOf('GET', '/flights?limit=2', { headers })).toBe(304);
  });

  test('a booking is requested, followed by its ETag, and cancelled', async () => {
    const requested = await airline.fetch('/bookings', { method: 'POST', headers: json, body: booking() });
    expect(requested.status).toBe(202);
    const path = requested.headers.get('location')!;
    await airline.settled(path.split('/').at(-1)!);
    const { headers } = await airline.fetch(path);
    expect(await statusOf('GET', `${path}?wait=1`, { headers: { 'if-none-match': headers.get('etag')! } })).toBe(304);
    expect([await statusOf('DELETE', path), await statusOf('DELETE', path)]).toEqual([202, 202]);
  });
});

import { startTokenIssuer, type TokenIssuer } from '@airline/local-cloud/test/support/token-issuer';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { BookingStatus } from '../../airline/follow-booking.ts';
import { type Customer, RunningAirline, runsOnEmulator } from './support/running-airline.ts';

/** With a rate of one a second only the burst is admitted, however long this machine takes to send its requests. */
const burst = 60;

let issuer: TokenIssuer;
let airline: RunningAirline;
let customer: Customer;
let ada: string;
let grace: string;

beforeAll(async () => {
  issuer = await startTokenIssuer('airline-customers');
  const login = { jwtIssuer: issuer.issuer, jwtAudience: 'airline-customers' };
  airline = await RunningAirline.start({ ...login, apiRateLimit: 1, apiBurstLimit: burst });
  customer = await airline.customer('KL1003');
  [ada, grace] = [await issuer.token({ sub: 'ada' }), await issuer.token({ sub: 'grace' })];
});
afterAll(async () => {
  await airline?.stop();
  await issuer?.stop();
});

async function ask(method: string, path: string, token?: string, body?: object) {
  const response = await airline.fetch(path, {
    method,
    headers: { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const type = response.headers.get('content-type');
  return {
    status: response.status,
    type,
    headers: response.headers,
    body: text === '' ? {} : (JSON.parse(text) as Answer),
  };
}

type Answer = Partial<BookingStatus> & { bookingId?: string; message?: string; detail?: string };

const request = (overrides = {}) => {
  const { flightId, seats, passenger, payment } = customer.request();
  return { flightId, seats, passenger, payment: { method: payment.method }, ...overrides };
};

/** @returns the id of a confirmed booking */
async function booked(token: string): Promise<string> {
  const { status, body } = await ask('POST', '/bookings', token, request());
  expect(status).toBe(202);
  const { bookingId } = body as { bookingId: string };
  expect(await settled(bookingId, token)).toMatchObject({ status: 'CONFIRMED', settled: true });
  return bookingId;
}

async function settled(bookingId: string, token: string): Promise<Answer> {
  for (;;) {
    const { status, body } = await ask('GET', `/bookings/${bookingId}?wait=20`, token);
    if (status !== 200 || body.settled) return body;
  }
}

const describeHere = runsOnEmulator ? describe.skip : describe;
const why = runsOnEmulator ? ' (not on the emulator: logging in has not been tried there)' : '';

describeHere(`where customers log in${why}`, () => {
  test('everyone sees what is on sale; bookings ask who is there, before anything else', async () => {
    expect((await ask('GET', '/flights')).status).toBe(200);
    expect((await ask('GET', `/flights/${customer.flight.flightId}/seats`)).status).toBe(200);

    const path = '/bookings/7f8c2f0e-3b1a-4c7e-9d55-1f6a2b3c4d5e';
    const expired = await issuer.token({ exp: 1_700_000_000 });
    const forged = await issuer.token({}, { forged: true });
    const ofAnotherAirline = await issuer.token({ aud: 'another' });
    for (const token of [undefined, expired, forged, ofAnotherAirline]) {
      for (const [method, route] of [
        ['POST', '/bookings'],
        ['GET', path],
        ['DELETE', path],
      ] as const) {
        const { status, body, headers } = await ask(method, route, token);
        expect([method, status, body]).toEqual([method, 401, { message: 'Unauthorized' }]);
        expect(headers.get('www-authenticate')).toMatch(/^Bearer/);
      }
    }
  });

  test('a customer books, sees and cancels their own; for others it is not there', async () => {
    const bookingId = await booked(ada);
    const path = `/bookings/${bookingId}`;

    const seen = await ask('GET', path, grace);
    expect([seen.status, seen.type]).toEqual([404, 'application/problem+json']);
    const unknown = await ask('GET', '/bookings/7f8c2f0e-3b1a-4c7e-9d55-1f6a2b3c4d5e', grace);
    expect(seen.body.detail).toBe(unknown.body.detail!.replaceAll('7f8c2f0e-3b1a-4c7e-9d55-1f6a2b3c4d5e', bookingId));

    expect((await ask('DELETE', path, grace)).status).toBe(404);
    expect((await ask('GET', path, ada)).body).toMatchObject({ status: 'CONFIRMED' });

    expect((await ask('DELETE', path, ada)).status).toBe(202);
    let answer: Answer = {};
    while (answer.status !== 'CANCELLED' || !answer.settled) answer = (await ask('GET', `${path}?wait=1`, ada)).body;
    expect((await airline.charged(bookingId)).net).toBe(0);
  });

  test("nobody books in somebody else's name", async () => {
    const { status, type } = await ask('POST', '/bookings', grace, request({ customerId: 'ada' }));
    expect([status, type]).toEqual([403, 'application/problem+json']);
  });

  test('what was requested on the bus in their name a customer sees, and cannot cancel here', async () => {
    const asked = customer.request({ customerId: 'ada' });
    await airline.publish('BookingRequested', asked);
    expect(await settled(asked.bookingId, ada)).toMatchObject({ status: 'CONFIRMED' });
    expect((await ask('GET', `/bookings/${asked.bookingId}`, grace)).status).toBe(404);
    expect((await ask('DELETE', `/bookings/${asked.bookingId}`, ada)).status).toBe(404);
    expect((await ask('GET', `/bookings/${asked.bookingId}`, ada)).body).toMatchObject({ status: 'CONFIRMED' });
  });

  test('the commands ask with the token in AIRLINE_TOKEN, and say so where there is none', async () => {
    const bookingId = await booked(ada);
    const own = await airline.commandAs(ada, 'status', bookingId, '--json');
    expect([own.code, (JSON.parse(own.stdout) as BookingStatus).status]).toEqual([0, 'CONFIRMED']);
    const stranger = await airline.command('status', bookingId);
    expect([stranger.code, stranger.stderr]).toEqual([1, expect.stringContaining('Set AIRLINE_TOKEN')]);
  });
});

describeHere(`the front door${why}`, () => {
  test('answers 429 to who asks too much of a route, while other routes go on', async () => {
    const answers = await Promise.all(
      Array.from({ length: burst * 2 }, () => ask('GET', '/flights?flightNumber=KL1003')),
    );
    const throttled = answers.filter(({ status }) => status === 429);
    expect(throttled.length).toBeGreaterThan(0);
    expect(throttled[0]!.body).toEqual({ message: 'Too Many Requests' });
    expect(answers.length - throttled.length).toBeGreaterThanOrEqual(burst / 2);
    expect((await ask('GET', `/flights/${customer.flight.flightId}/seats`)).status).toBe(200);
  });

  test('answers 413 to a body longer than any request, and says how long it may be', async () => {
    const { status, type, body } = await ask('POST', '/bookings', ada, request({ customerId: 'x'.repeat(20_000) }));
    expect([status, type]).toEqual([413, 'application/problem+json']);
    expect(body.detail).toMatch(/^The body may have at most 16384 bytes; it has \d+\.$/);
  });
});

import { PublishError } from '@airline/messaging/publish';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { createInMemoryFlightStore } from '../src/in-memory-flight-store.ts';
import { type Answer, type Desk, fieldsOf, flight, now, openDesk, request } from './fixtures.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

let desk: Desk;

beforeEach(async () => {
  desk = await openDesk();
});

function expectProblem(answer: Answer, status: number): void {
  expect(answer.status).toBe(status);
  expect(answer.headers).toMatchObject({ 'content-type': 'application/problem+json' });
  expect(answer.body).toMatchObject({
    type: 'about:blank',
    status,
    title: expect.any(String),
    detail: expect.any(String),
  });
}

describe('a request that can be booked', () => {
  test('is answered with its bookingId, its price and its Location', async () => {
    const answer = await desk.post(request({ seats: ['5F', '12A'] }));
    expect(answer.status).toBe(202);
    const { bookingId } = answer.body;
    expect(bookingId).toMatch(uuid);
    expect(answer.headers).toMatchObject({ location: `/bookings/${bookingId}`, 'content-type': 'application/json' });
    expect(answer.body).toEqual({
      bookingId,
      flightId: 'KL1001-20261218',
      seats: ['5F', '12A'],
      amount: { amountMinor: 30_780, currency: 'EUR' },
      status: 'REQUESTED',
      links: { self: `/bookings/${bookingId}` },
    });
  });

  test('is published once, without a cause, with the time of the request and of its expiry', async () => {
    const { body } = await desk.post(request({ customerId: 'c-1' }));
    expect(desk.published).toEqual([
      {
        type: 'BookingRequested',
        metadata: {
          eventId: `${body.bookingId}.BookingRequested`,
          correlationId: body.bookingId,
          occurredAt: now,
          service: 'bookings',
          schemaVersion: 1,
          traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
        },
        data: {
          ...request({ customerId: 'c-1' }),
          bookingId: body.bookingId,
          payment: { method: 'pm_card_visa', amountMinor: 8_100, currency: 'EUR' },
          requestedAt: now,
          expiresAt: '2026-12-01T09:40:00.000Z',
        },
      },
    ]);
  });

  test('is a new booking every time without an Idempotency-Key', async () => {
    const [first, second] = [await desk.post(request()), await desk.post(request())];
    expect(first.body.bookingId).not.toBe(second.body.bookingId);
    expect(desk.published).toHaveLength(2);
  });

  test('keeps the order of its nine seats', async () => {
    const seats = ['7A', '6A', '8A', '9A', '10A', '11A', '12A', '13A', '14A'];
    expect((await desk.post(request({ seats }))).body).toMatchObject({ seats, amount: { amountMinor: 9 * 8_100 } });
  });

  test.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON'])(
    'may be sent as %s',
    async (type) => {
      expect((await desk.post(request(), { 'content-type': type })).status).toBe(202);
    },
  );
});

describe('a body that is not UTF-8', () => {
  test('is refused, and nothing is booked', async () => {
    const sent = JSON.stringify(request({ passenger: { name: 'Jörg', email: 'joerg@example.com' } }));
    const base64 = Buffer.from(sent, 'latin1').toString('base64');
    const { status, body } = await desk.post(base64, {}, { isBase64Encoded: true });
    expect({ status, errors: body.errors }).toEqual({
      status: 400,
      errors: [{ field: '', message: expect.stringContaining('not UTF-8') }],
    });
    expect(desk.published).toEqual([]);
  });
});

describe('traceparent', () => {
  const own = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';
  const tracePublished = async (traceparent: string): Promise<string> => {
    await desk.post(request(), { traceparent });
    return desk.published[0]!.metadata.traceparent!;
  };

  test("continues the client's trace", async () => {
    expect(await tracePublished(own)).toBe(own);
  });

  test.each([
    '',
    'nonsense',
    own.toUpperCase(),
    `${own},${own}`,
    own.replace(/^00/, 'ff'),
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`,
  ])('starts a new trace where the header is invalid: %j', async (traceparent) => {
    const trace = await tracePublished(traceparent);
    expect(trace).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(trace).not.toContain('4bf92f3577b34da6a3ce929d0e0e4736');
  });
});

describe('a request that cannot be booked (422)', () => {
  test.each([
    ['an unknown flight', request({ flightId: 'KL9999-20261218' }), ['/flightId'], 'KL9999-20261218'],
    ['an unknown seat', request({ seats: ['99A'] }), ['/seats/0'], '"99A"'],
    ['two unknown seats of three', request({ seats: ['12B', '12A', '27F'] }), ['/seats/0', '/seats/2'], '"12B"'],
  ])('%s', async (_, body, fields, value) => {
    const answer = await desk.post(body);
    expectProblem(answer, 422);
    expect(fieldsOf(answer)).toEqual(fields);
    expect(answer.body.errors[0].message).toContain(value);
    expect(desk.published).toEqual([]);
  });

  test('a departed flight', async () => {
    desk = await openDesk({ now: () => new Date('2026-12-18T06:37:00Z') });
    const answer = await desk.post(request());
    expectProblem(answer, 422);
    expect(fieldsOf(answer)).toEqual(['/flightId']);
    expect(answer.body.errors[0].message).toContain('2026-12-18T06:37:00Z');
  });

  test('seats that together cost more than the contract allows', async () => {
    const flights = createInMemoryFlightStore();
    desk = await openDesk({ flights });
    const fare = { amountMinor: 99_999_999, currency: 'USD' };
    const cabins = [{ cabin: 'space', rows: { first: 1, last: 9 }, letters: ['A'], fare }];
    await flights.scheduleFlight(flight({ cabins }), now);
    expect((await desk.post(request({ seats: ['1A'] }))).status).toBe(202);
    const answer = await desk.post(request({ seats: ['1A', '2A'] }));
    expectProblem(answer, 422);
    expect(fieldsOf(answer)).toEqual(['/seats']);
  });
});

describe('a malformed request (400)', () => {
  test('is answered with all its mistakes at once, including those against the schedule', async () => {
    const answer = await desk.post({
      flightId: 'KL9999-20261218',
      seats: ['12A', '12A', 'window'],
      passenger: { name: '', email: 'ada' },
      payment: { method: 'pm_card_visa', amountMinor: 1 },
      sets: [],
    });
    expectProblem(answer, 400);
    const passenger = ['/passenger/email', '/passenger/name'];
    const seats = ['/seats/0', '/seats/1', '/seats/2'];
    expect(fieldsOf(answer).sort()).toEqual(['/flightId', ...passenger, '/payment/amountMinor', ...seats, '/sets']);
    expect(desk.published).toEqual([]);
  });

  test('a malformed seat is reported once, and the other seats are still checked against the schedule', async () => {
    const answer = await desk.post({ ...request(), seats: [12, '99A'] });
    expectProblem(answer, 400);
    expect(fieldsOf(answer)).toEqual(['/seats/0', '/seats/1']);
  });

  test.each([
    ['not JSON', '{"flightId": '],
    ['empty', ''],
  ])('a body that is %s', async (_, body) => {
    const answer = await desk.post(body);
    expectProblem(answer, 400);
    expect(fieldsOf(answer)).toEqual(['']);
  });

  test('a body that is not JSON is not quoted in the answer', async () => {
    const answer = await desk.post('{"passenger":{"name":"Ada Lovelace","email":"ada@example.com"},');
    expect(JSON.stringify(answer)).not.toMatch(/Ada|ada@/);
  });

  const otherTypes = [undefined, 'text/plain', 'application/x-www-form-urlencoded', 'application/jsonp'];
  test.each(otherTypes)('415 for a body sent as %s', async (type) => {
    const answer = await desk.post(request(), { 'content-type': type as string });
    expectProblem(answer, 415);
    expect(answer.body.detail).toContain('Content-Type: application/json');
  });

  test('413 for a body that is longer than any valid one', async () => {
    expectProblem(await desk.post(request({ customerId: 'x'.repeat(20_000) })), 413);
  });
});

describe('when the table or the bus fails (503)', () => {
  test.each([
    ['the bus', { publish: async () => [new PublishError('throttled')] }],
    [
      'the table',
      { flights: { ...createInMemoryFlightStore(), findFlight: () => Promise.reject(new Error('throttled')) } },
    ],
    ['the idempotency table', { idempotency: { once: () => Promise.reject(new Error('throttled')) } }],
  ])('because %s fails, the request is not accepted and the client may try again', async (_, failing) => {
    const logged: unknown[] = [];
    const logger = { info: () => undefined, error: (...line: unknown[]) => void logged.push(line) };
    desk = await openDesk({ ...failing, logger });
    const answer = await desk.post(request(), { 'idempotency-key': 'k' });
    expectProblem(answer, 503);
    expect(answer.headers['retry-after']).toMatch(/^\d+$/);
    expect(answer.headers).not.toHaveProperty('location');
    expect(logged).toHaveLength(1);
  });
});

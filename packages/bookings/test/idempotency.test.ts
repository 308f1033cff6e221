import { type DynamoDbForTests, startDynamoDb } from '@airline/local-cloud/test/support/start-dynamodb';
import { PublishError } from '@airline/messaging/publish';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createDynamoDbFlightStore } from '../src/dynamodb-flight-store.ts';
import type { FlightStore } from '../src/flight-store.ts';
import type { Idempotency } from '../src/idempotency.ts';
import { createInMemoryFlightStore } from '../src/in-memory-flight-store.ts';
import { createInMemoryIdempotency } from '../src/in-memory-idempotency.ts';
import { createPowertoolsIdempotency } from '../src/powertools-idempotency.ts';
import { context, type Desk, flight, functionSeconds, now, openDesk, request } from './fixtures.ts';

const dayInSeconds = 24 * 60 * 60;
const realNow = Date.now.bind(Date);

let dynamoDb: DynamoDbForTests;

beforeAll(async () => {
  dynamoDb = await startDynamoDb();
  await dynamoDb.createTable('bookings');
});
afterAll(() => dynamoDb.stop());
afterEach(() => {
  jest.restoreAllMocks();
});

/** Sets the clock of both implementations ahead of the real time. */
function setClockAhead(seconds: number): void {
  jest.spyOn(Date, 'now').mockImplementation(() => realNow() + seconds * 1000);
}

function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/** Work that reports when it has begun, and that ends when the test calls `end`. */
function slowWork<T>(result: T): { work: () => Promise<T>; begun: Promise<void>; end: () => void } {
  const [beginning, ending] = [gate(), gate()];
  const work = async (): Promise<T> => {
    beginning.open();
    await ending.opened;
    return result;
  };
  return { work, begun: beginning.opened, end: ending.open };
}

const implementations: [string, () => Idempotency][] = [
  ['in memory', createInMemoryIdempotency],
  ['Powertools on DynamoDB', () => createPowertoolsIdempotency(dynamoDb.client, 'bookings')],
];

describe.each(implementations)('idempotency: %s', (_, create) => {
  const call = (overrides: object = {}) => ({ key: randomUUID(), payload: 'p', context, ...overrides });

  test('does the work once for each key, and returns the first result to later calls', async () => {
    const [idempotency, same] = [create(), call()];
    const first = { id: 1, nested: { text: 'a' } };
    expect(await idempotency.once(same, async () => first)).toEqual({ kind: 'done', result: first });
    expect(await idempotency.once(same, () => Promise.reject(new Error('worked twice')))).toEqual({
      kind: 'done',
      result: first,
    });
  });

  test('does the work again for another key', async () => {
    const idempotency = create();
    expect(await idempotency.once(call(), async () => ({ id: 1 }))).toEqual({ kind: 'done', result: { id: 1 } });
    expect(await idempotency.once(call(), async () => ({ id: 2 }))).toEqual({ kind: 'done', result: { id: 2 } });
  });

  test('refuses the same key with another payload, during the work and after it', async () => {
    const [idempotency, same, { work, begun, end }] = [create(), call(), slowWork({ id: 1 })];
    const working = idempotency.once(same, work);
    const other = () => idempotency.once({ ...same, payload: 'other' }, async () => ({ id: 2 }));
    await begun;
    expect(await other()).toEqual({ kind: 'key-reused' });
    end();
    await working;
    expect(await other()).toEqual({ kind: 'key-reused' });
  });

  test('of two concurrent calls, one does the work and the other gets in-progress', async () => {
    const [idempotency, same, { work, begun, end }] = [create(), call(), slowWork({ id: 1 })];
    const working = idempotency.once(same, work);
    await begun;
    expect(await idempotency.once(same, async () => ({ id: 2 }))).toEqual({ kind: 'in-progress' });
    end();
    expect(await working).toEqual({ kind: 'done', result: { id: 1 } });
    expect(await idempotency.once(same, async () => ({ id: 2 }))).toEqual({ kind: 'done', result: { id: 1 } });
  });

  test('throws what the work throws, and frees the key for any payload', async () => {
    const [idempotency, same, refusal] = [create(), call(), new Error('no')];
    await expect(idempotency.once(same, () => Promise.reject(refusal))).rejects.toBe(refusal);
    expect(await idempotency.once({ ...same, payload: 'other' }, async () => ({ id: 2 }))).toEqual({
      kind: 'done',
      result: { id: 2 },
    });
  });

  test('a crashed run keeps its key until the timeout of its function, and no longer', async () => {
    const [idempotency, same, { work, begun }] = [create(), call(), slowWork({ id: 1 })];
    void idempotency.once(same, work);
    await begun;
    setClockAhead(functionSeconds - 2);
    expect(await idempotency.once(same, async () => ({ id: 2 }))).toEqual({ kind: 'in-progress' });
    setClockAhead(functionSeconds + 2);
    expect(await idempotency.once(same, async () => ({ id: 2 }))).toEqual({ kind: 'done', result: { id: 2 } });
  });

  test('stores a key for 24 hours, and no longer', async () => {
    const [idempotency, same] = [create(), call()];
    await idempotency.once(same, async () => ({ id: 1 }));
    setClockAhead(dayInSeconds - 60);
    expect(await idempotency.once(same, async () => ({ id: 2 }))).toEqual({ kind: 'done', result: { id: 1 } });
    setClockAhead(dayInSeconds + 60);
    expect(await idempotency.once({ ...same, payload: 'other' }, async () => ({ id: 2 }))).toEqual({
      kind: 'done',
      result: { id: 2 },
    });
  });
});

const desks: [string, (flights?: FlightStore) => Promise<{ flights: FlightStore; idempotency: Idempotency }>][] = [
  ['in memory', async () => ({ flights: createInMemoryFlightStore(), idempotency: createInMemoryIdempotency() })],
  [
    'on DynamoDB',
    async () => ({
      flights: createDynamoDbFlightStore(DynamoDBDocumentClient.from(dynamoDb.client), 'bookings'),
      idempotency: createPowertoolsIdempotency(dynamoDb.client, 'bookings'),
    }),
  ],
];

describe.each(desks)('POST /bookings with an Idempotency-Key, %s', (_, createStores) => {
  const keyed = (key: string = randomUUID()) => ({ 'idempotency-key': key });
  const open = async (overrides: Parameters<typeof openDesk>[0] = {}): Promise<Desk> =>
    openDesk({ ...(await createStores()), ...overrides });

  test('the same key and body: the same answer and event, even after departure and with new fares', async () => {
    const { flights, idempotency } = await createStores();
    let time = new Date(now);
    const desk = await open({ flights, idempotency, now: () => time });
    const headers = keyed();
    const first = await desk.post(request(), headers);
    expect(first.status).toBe(202);
    time = new Date('2026-12-24T00:00:00Z');
    const cabins = flight().cabins.map((cabin) => ({ ...cabin, fare: { amountMinor: 1, currency: 'USD' } }));
    await flights.scheduleFlight(flight({ cabins }), '2026-12-02T00:00:00Z');

    expect(
      await desk.post(request(), { ...headers, traceparent: `00-${'1'.repeat(32)}-${'1'.repeat(16)}-01` }),
    ).toEqual(first);
    const { payment, seats, flightId, passenger } = request();
    expect(await desk.post({ passenger, seats, payment, flightId }, headers)).toEqual(first);
    expect(desk.published).toHaveLength(3);
    expect(desk.published[1]).toEqual(desk.published[0]);
    expect(desk.published[2]).toEqual(desk.published[0]);
    await flights.scheduleFlight(flight(), '2026-12-03T00:00:00Z');
  });

  test.each([
    ['seats', request({ seats: ['12C'] })],
    ['order of seats', request({ seats: ['12C', '12A'] })],
    ['passenger', request({ passenger: { name: 'Ada', email: 'ada@example.com' } })],
    ['account', request({ customerId: 'c' })],
  ])('the same key and other %s: 422, and nothing is published', async (_field, other) => {
    const desk = await open();
    const headers = keyed();
    await desk.post(request({ seats: ['12A', '12C'] }), headers);
    const answer = await desk.post(other, headers);
    expect(answer.status).toBe(422);
    expect(answer.body.title).toBe('Idempotency-Key reused');
    expect(desk.published).toHaveLength(1);
  });

  test('while the first request is in progress: 409 with Retry-After', async () => {
    const { flights, idempotency } = await createStores();
    const { work, begun, end } = slowWork(flight());
    const desk = await open({ flights: { ...flights, findFlight: work }, idempotency });
    const headers = keyed();
    const first = desk.post(request(), headers);
    await begun;
    const second = await desk.post(request(), headers);
    expect(second.status).toBe(409);
    expect(second.headers['retry-after']).toMatch(/^\d+$/);
    end();
    expect((await first).status).toBe(202);
    expect(await desk.post(request(), headers)).toEqual(await first);
  });

  test('a refusal is not stored: once the flight is scheduled, the same request is booked', async () => {
    const { flights, idempotency } = await createStores();
    const desk = await open({ flights, idempotency });
    const [headers, flightId] = [keyed(), `KL${Math.floor(Math.random() * 9000) + 1000}-20261218`];
    expect((await desk.post(request({ flightId }), headers)).status).toBe(422);
    await flights.scheduleFlight(flight({ flightId }), now);
    expect((await desk.post(request({ flightId }), headers)).status).toBe(202);
  });

  test.each([
    ['before the event was published', false],
    ['after the event was published', true],
  ])(
    'a crash between assignment and answer, %s: a retry publishes the identical event',
    async (_case, wasPublished) => {
      const stores = await createStores();
      const lost: unknown[] = [];
      const crashing = await open({
        ...stores,
        publish: async (events) => {
          lost.push(...structuredClone(events));
          return [new PublishError(wasPublished ? 'timeout' : 'throttled')];
        },
      });
      const headers = keyed();
      expect((await crashing.post(request(), headers)).status).toBe(503);
      const desk = await open(stores);
      expect((await desk.post(request(), headers)).status).toBe(202);
      expect(desk.published).toEqual(lost);
    },
  );

  test.each([
    ['empty', ''],
    ['not ASCII', 'é'],
    ['with a control character', 'tab\there'],
    ['256 characters long', 'x'.repeat(256)],
  ])('a key that is %s is refused', async (_case, key) => {
    const answer = await (await open()).post(request(), keyed(key));
    expect(answer.status).toBe(400);
    expect(answer.body.detail).toContain('Idempotency-Key must be 1 to 255 printable ASCII characters');
  });

  test.each([
    ['255 characters long', 'x'.repeat(255)],
    ['one character', '0'],
    ['a quoted string', '"quoted" key ~!'],
  ])('a key may be %s', async (_case, key) => {
    // These keys are the same in every run, so each run needs its own store.
    const desk = await open({ idempotency: createInMemoryIdempotency() });
    const first = await desk.post(request(), keyed(key));
    expect(first.status).toBe(202);
    expect(await desk.post(request(), keyed(key))).toEqual(first);
  });
});

describe('in DynamoDB', () => {
  test('a key is one item, with its time to live and without personal data', async () => {
    const document = DynamoDBDocumentClient.from(dynamoDb.client);
    await dynamoDb.createTable('fresh');
    const desk = await openDesk({ idempotency: createPowertoolsIdempotency(dynamoDb.client, 'fresh') });
    const { body } = await desk.post(request(), { 'idempotency-key': 'my-secret-key' });
    const { Items } = await document.send(new ScanCommand({ TableName: 'fresh' }));
    expect(Items).toEqual([
      {
        pk: expect.stringMatching(/^IDEMPOTENCY#[\w+/]{43}=$/),
        sk: 'ASSIGNMENT',
        status: 'COMPLETED',
        data: {
          bookingId: body.bookingId,
          amount: body.amount,
          requestedAt: now,
          expiresAt: '2026-12-01T09:40:00.000Z',
          traceparent: expect.any(String),
        },
        validation: expect.any(String),
        in_progress_expiration: expect.any(Number),
        expiresAtEpoch: expect.any(Number),
      },
    ]);
    expect(Math.abs((Items![0]!.expiresAtEpoch as number) - Date.now() / 1000 - dayInSeconds)).toBeLessThan(60);
    expect(JSON.stringify(Items)).not.toMatch(/Ada|ada@|my-secret-key|pm_card_visa/);
  });

  /** The commands of one request, in order. Each fails once, before or after DynamoDB has executed it. */
  const commands = ['PutItem of the key', 'GetItem of the flight', 'UpdateItem of the key'];
  const faults = commands.flatMap((command, index) => [
    [`${command} is not executed`, index, false] as const,
    [`${command} is executed, but its response is lost`, index, true] as const,
  ]);

  test.each(faults)('%s: 503, nothing is published, and a retry is booked once', async (_, failing, isExecuted) => {
    const document = DynamoDBDocumentClient.from(dynamoDb.client);
    const stores = {
      flights: createDynamoDbFlightStore(document, 'bookings'),
      idempotency: createPowertoolsIdempotency(dynamoDb.client, 'bookings'),
    };
    const desk = await openDesk(stores);
    let sent = 0;
    // The client is shared between tests, so the fault has a name by which it is removed again.
    dynamoDb.client.middlewareStack.add(
      (next) => async (input) => {
        const fails = sent++ === failing;
        if (fails && !isExecuted) throw new Error('connection refused');
        const output = await next(input);
        if (fails) throw new Error('connection reset');
        return output;
      },
      { name: 'fault', step: 'initialize' },
    );
    const headers = { 'idempotency-key': randomUUID() };
    try {
      const answer = await desk.post(request(), headers);
      expect(answer.status).toBe(503);
    } finally {
      dynamoDb.client.middlewareStack.remove('fault');
    }
    expect(desk.published).toEqual([]);

    // The failed run keeps its key until the timeout of its function.
    setClockAhead(functionSeconds + 2);
    const repeated = await desk.post(request(), headers);
    expect(repeated.status).toBe(202);
    expect(await desk.post(request(), headers)).toEqual(repeated);
    expect(new Set(desk.published.map(({ metadata }) => metadata.eventId)).size).toBe(1);
  });
});

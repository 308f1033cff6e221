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

/** Moves the clock that both guards go by, as seen from the real time. */
function laterBy(seconds: number): void {
  jest.spyOn(Date, 'now').mockImplementation(() => realNow() + seconds * 1000);
}

function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/** Work that tells when it has begun and ends when it is told to. */
function slowWork<T>(result: T): { work: () => Promise<T>; begun: Promise<void>; end: () => void } {
  const [beginning, ending] = [gate(), gate()];
  const work = async (): Promise<T> => {
    beginning.open();
    await ending.opened;
    return result;
  };
  return { work, begun: beginning.opened, end: ending.open };
}

const guards: [string, () => Idempotency][] = [
  ['in memory', createInMemoryIdempotency],
  ['Powertools on DynamoDB', () => createPowertoolsIdempotency(dynamoDb.client, 'bookings')],
];

describe.each(guards)('idempotency: %s', (_, create) => {
  const call = (overrides: object = {}) => ({ key: randomUUID(), payload: 'p', context, ...overrides });

  test('works once for a key and gives the first result to those that follow', async () => {
    const [guard, same] = [create(), call()];
    const first = { id: 1, nested: { text: 'a' } };
    expect(await guard.once(same, async () => first)).toEqual({ kind: 'done', result: first });
    expect(await guard.once(same, () => Promise.reject(new Error('worked twice')))).toEqual({
      kind: 'done',
      result: first,
    });
  });

  test('another key is another piece of work', async () => {
    const guard = create();
    expect(await guard.once(call(), async () => ({ id: 1 }))).toEqual({ kind: 'done', result: { id: 1 } });
    expect(await guard.once(call(), async () => ({ id: 2 }))).toEqual({ kind: 'done', result: { id: 2 } });
  });

  test('the same key with another payload is refused, done or not', async () => {
    const [guard, same, { work, begun, end }] = [create(), call(), slowWork({ id: 1 })];
    const working = guard.once(same, work);
    const other = () => guard.once({ ...same, payload: 'other' }, async () => ({ id: 2 }));
    await begun;
    expect(await other()).toEqual({ kind: 'key-reused' });
    end();
    await working;
    expect(await other()).toEqual({ kind: 'key-reused' });
  });

  test('two at once: one works, the other hears that it does', async () => {
    const [guard, same, { work, begun, end }] = [create(), call(), slowWork({ id: 1 })];
    const working = guard.once(same, work);
    await begun;
    expect(await guard.once(same, async () => ({ id: 2 }))).toEqual({ kind: 'in-progress' });
    end();
    expect(await working).toEqual({ kind: 'done', result: { id: 1 } });
    expect(await guard.once(same, async () => ({ id: 2 }))).toEqual({ kind: 'done', result: { id: 1 } });
  });

  test('what the work throws is thrown and not remembered: the key is free again, for any payload', async () => {
    const [guard, same, refusal] = [create(), call(), new Error('no')];
    await expect(guard.once(same, () => Promise.reject(refusal))).rejects.toBe(refusal);
    expect(await guard.once({ ...same, payload: 'other' }, async () => ({ id: 2 }))).toEqual({
      kind: 'done',
      result: { id: 2 },
    });
  });

  test('a run that died holds its key until its function would have been stopped, and no longer', async () => {
    const [guard, same, { work, begun }] = [create(), call(), slowWork({ id: 1 })];
    void guard.once(same, work);
    await begun;
    laterBy(functionSeconds - 2);
    expect(await guard.once(same, async () => ({ id: 2 }))).toEqual({ kind: 'in-progress' });
    laterBy(functionSeconds + 2);
    expect(await guard.once(same, async () => ({ id: 2 }))).toEqual({ kind: 'done', result: { id: 2 } });
  });

  test('a key is remembered for 24 hours, and no longer', async () => {
    const [guard, same] = [create(), call()];
    await guard.once(same, async () => ({ id: 1 }));
    laterBy(dayInSeconds - 60);
    expect(await guard.once(same, async () => ({ id: 2 }))).toEqual({ kind: 'done', result: { id: 1 } });
    laterBy(dayInSeconds + 60);
    expect(await guard.once({ ...same, payload: 'other' }, async () => ({ id: 2 }))).toEqual({
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

describe.each(desks)('POST /bookings with an Idempotency-Key, %s', (_, memory) => {
  const keyed = (key: string = randomUUID()) => ({ 'idempotency-key': key });
  const open = async (overrides: Parameters<typeof openDesk>[0] = {}): Promise<Desk> =>
    openDesk({ ...(await memory()), ...overrides });

  test('the same key and body: the same answer and event, whatever the clock and the fares say by then', async () => {
    const { flights, idempotency } = await memory();
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

  test('while the first request is at work: 409 and when to come again', async () => {
    const { flights, idempotency } = await memory();
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

  test('a refusal is not remembered: once the flight is scheduled, the same request is booked', async () => {
    const { flights, idempotency } = await memory();
    const desk = await open({ flights, idempotency });
    const [headers, flightId] = [keyed(), `KL${Math.floor(Math.random() * 9000) + 1000}-20261218`];
    expect((await desk.post(request({ flightId }), headers)).status).toBe(422);
    await flights.scheduleFlight(flight({ flightId }), now);
    expect((await desk.post(request({ flightId }), headers)).status).toBe(202);
  });

  test.each([
    ['before the event got out', false],
    ['after the event got out', true],
  ])(
    'a crash between assigning and answering, %s: the repetition is the same booking, word for word',
    async (_case, gotOut) => {
      const memories = await memory();
      const lost: unknown[] = [];
      const crashing = await open({
        ...memories,
        publish: async (events) => {
          lost.push(...structuredClone(events));
          return [new PublishError(gotOut ? 'timeout' : 'throttled')];
        },
      });
      const headers = keyed();
      expect((await crashing.post(request(), headers)).status).toBe(503);
      const desk = await open(memories);
      expect((await desk.post(request(), headers)).status).toBe(202);
      expect(desk.published).toEqual(lost);
    },
  );

  test.each([
    ['empty', ''],
    ['not ASCII', 'é'],
    ['with a control character', 'tab\there'],
    ['256 characters long', 'x'.repeat(256)],
  ])('a key is refused that is %s', async (_case, key) => {
    const answer = await (await open()).post(request(), keyed(key));
    expect(answer.status).toBe(400);
    expect(answer.body.detail).toContain('Idempotency-Key must be 1 to 255 printable ASCII characters');
  });

  test.each([
    ['255 characters long', 'x'.repeat(255)],
    ['one character', '0'],
    ['a quoted string', '"quoted" key ~!'],
  ])('a key may be %s', async (_case, key) => {
    // These keys are the same in every run of this test; only the memory tells them apart.
    const desk = await open({ idempotency: createInMemoryIdempotency() });
    const first = await desk.post(request(), keyed(key));
    expect(first.status).toBe(202);
    expect(await desk.post(request(), keyed(key))).toEqual(first);
  });
});

describe('in DynamoDB', () => {
  test('one item a key, with its time to live, and nothing in it that names the passenger', async () => {
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

  /** The commands of one request, in order; the n-th fails before or after DynamoDB did it. */
  const commands = ['PutItem of the key', 'GetItem of the flight', 'UpdateItem of the key'];
  const faults = commands.flatMap((command, index) => [
    [`${command} not done`, index, false] as const,
    [`${command} done, its answer lost`, index, true] as const,
  ]);

  test.each(faults)('%s: 503, nothing published, and the repetition is booked once', async (_, failing, done) => {
    const document = DynamoDBDocumentClient.from(dynamoDb.client);
    const memories = {
      flights: createDynamoDbFlightStore(document, 'bookings'),
      idempotency: createPowertoolsIdempotency(dynamoDb.client, 'bookings'),
    };
    const desk = await openDesk(memories);
    let sent = 0;
    // An own name: the client is shared, and the fault leaves with this test.
    dynamoDb.client.middlewareStack.add(
      (next) => async (input) => {
        const fails = sent++ === failing;
        if (fails && !done) throw new Error('connection refused');
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

    // What the failed run left behind holds the key no longer than its function could have run.
    laterBy(functionSeconds + 2);
    const repeated = await desk.post(request(), headers);
    expect(repeated.status).toBe(202);
    expect(await desk.post(request(), headers)).toEqual(repeated);
    expect(new Set(desk.published.map(({ metadata }) => metadata.eventId)).size).toBe(1);
  });
});

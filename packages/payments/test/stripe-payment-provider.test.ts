import { type AroundExecution, createPaymentProvider } from '@airline/local-cloud/payment-provider/payment-provider';
import { createInMemoryOnce } from '@airline/messaging/in-memory-once';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import Stripe from 'stripe';
import { createHandlers } from '../src/handlers.ts';
import { createInMemoryPaymentStore } from '../src/in-memory-payment-store.ts';
import { type IntentReference, type PaymentProvider, UndecidedPaymentError } from '../src/payment-provider.ts';
import { createStripePaymentProvider, stripeLimits } from '../src/stripe-payment-provider.ts';
import { bookingRequested, request, seatUnavailable } from './fixtures.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let url: string;
let standIn: Answer;
/** Executes the requests of the stand-in. A test replaces it. */
let aroundExecution: AroundExecution;
/** Answers the requests. A test replaces it. */
let answer: Answer;
/** Method, path and idempotency key of each request, e.g. `POST /v1/refunds …#refund`. */
let requests: string[];
let today: Date;
let provider: PaymentProvider;
/** A second client, in place of Stripe's dashboard. */
let dashboard: Stripe;

beforeEach(async () => {
  today = new Date();
  aroundExecution = (_, execute) => execute();
  standIn = createPaymentProvider({
    now: () => today,
    aroundExecution: (request, execute) => aroundExecution(request, execute),
  }).handle;
  answer = standIn;
  requests = [];
  server = createServer((incoming, response) => {
    requests.push(
      [incoming.method, incoming.url?.split('?')[0], incoming.headers['idempotency-key']].filter(Boolean).join(' '),
    );
    answer(incoming, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  url = `http://127.0.0.1:${port}`;
  provider = createStripePaymentProvider({ apiKey: () => Promise.resolve('sk_test'), url, timeoutMilliseconds: 300 });
  dashboard = new Stripe('sk_test', { host: '127.0.0.1', port, protocol: 'http', telemetry: false });
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const aDayLater = (): void => void (today = new Date(today.getTime() + 25 * 3600 * 1000));
const amountMinor = 8_100;

async function created(method = 'pm_card_visa'): Promise<IntentReference> {
  const bookingId = randomUUID();
  const intent = await provider.createIntent(bookingId, { method, amountMinor, currency: 'EUR' });
  if (intent.kind !== 'created') throw new Error(`refused: ${intent.declineCode}`);
  return { bookingId, intentId: intent.intentId, amountMinor };
}

async function charged(): Promise<IntentReference> {
  const intent = await created();
  await provider.confirm(intent);
  return intent;
}

/** The stand-in handles the request, but its answer is lost. */
const loseAnswers: Answer = (incoming, response) => {
  response.end = (() => response.destroy()) as typeof response.end;
  standIn(incoming, response);
};
/** Requests that match the path have this answer; the stand-in answers the others. */
function answering(path: RegExp, statusCode: number, body: object): Answer {
  return (incoming, response) => {
    if (!path.test(`${incoming.method} ${incoming.url}`)) return standIn(incoming, response);
    response
      .writeHead(statusCode, { 'content-type': 'application/json', 'stripe-should-retry': 'false' })
      .end(JSON.stringify(body));
  };
}
const failing = (statusCode: number, error: object): Answer => answering(/./, statusCode, { error });

describe('an intent', () => {
  test('is created without taking money, with exactly the requested amount', async () => {
    const { bookingId, intentId } = await created();
    expect(await provider.findIntent(intentId)).toEqual({ kind: 'unconfirmed' });
    const intent = await dashboard.paymentIntents.retrieve(intentId);
    expect(intent).toMatchObject({
      amount: 8_100,
      amount_received: 0,
      currency: 'eur',
      metadata: { bookingId },
      capture_method: 'automatic',
    });
    expect(requests[0]).toBe(`POST /v1/payment_intents ${bookingId}#intent`);
  });

  test('is the same one when created again', async () => {
    const { bookingId, intentId } = await created();
    expect(await provider.createIntent(bookingId, { method: 'pm_card_visa', amountMinor, currency: 'EUR' })).toEqual({
      kind: 'created',
      intentId,
    });
  });

  test('for an unknown payment method is refused: a value, since it can never succeed', async () => {
    const refused = await provider.createIntent(randomUUID(), { method: 'pm_nonsense', amountMinor, currency: 'EUR' });
    expect(refused).toEqual({ kind: 'refused', declineCode: 'invalid_payment_method' });
  });

  test('below the minimum amount of Stripe is refused with its code', async () => {
    answer = failing(400, {
      type: 'invalid_request_error',
      code: 'amount_too_small',
      param: 'amount',
      message: 'too small',
    });
    const refused = await provider.createIntent(randomUUID(), {
      method: 'pm_card_visa',
      amountMinor: 1,
      currency: 'EUR',
    });
    expect(refused).toEqual({ kind: 'refused', declineCode: 'amount_too_small' });
  });
});

describe('confirming', () => {
  test('takes the money, once', async () => {
    const intent = await created();
    const outcome = await provider.confirm(intent);
    expect(outcome).toEqual({
      kind: 'charged',
      paidAt: new Date(Math.floor(today.getTime() / 1000) * 1000).toISOString(),
    });
    expect(await provider.confirm(intent)).toEqual(outcome);
    expect(await provider.findIntent(intent.intentId)).toEqual(outcome);
    expect(requests[1]).toBe(`POST /v1/payment_intents/${intent.intentId}/confirm ${intent.bookingId}#confirm`);
  });

  test('takes the money once, even after Stripe has forgotten the key', async () => {
    const intent = await created();
    const outcome = await provider.confirm(intent);
    aDayLater();
    expect(await provider.confirm(intent)).toEqual(outcome);
    expect((await dashboard.charges.list({ payment_intent: intent.intentId })).data).toHaveLength(1);
  });

  test.each([
    ['pm_card_visa_chargeDeclined', 'generic_decline'],
    ['pm_card_visa_chargeDeclinedInsufficientFunds', 'insufficient_funds'],
    ['pm_card_authenticationRequired', 'authentication_not_handled'],
  ])('with %s is a decline: a value, and the same when looked up later', async (method, declineCode) => {
    const intent = await created(method);
    const outcome = { kind: 'declined', declineCode };
    expect(await provider.confirm(intent)).toEqual(outcome);
    expect(await provider.findIntent(intent.intentId)).toEqual(outcome);
    aDayLater();
    expect(await provider.confirm(intent)).toEqual(outcome);
  });

  test('whose answer is lost has an unknown outcome, and has not failed; the charge can be looked up later', async () => {
    const intent = await created();
    answer = loseAnswers;
    await expect(provider.confirm(intent)).rejects.toThrow(UndecidedPaymentError);
    answer = standIn;
    expect(await provider.findIntent(intent.intentId)).toMatchObject({ kind: 'charged' });
    expect((await dashboard.charges.list({ payment_intent: intent.intentId })).data).toHaveLength(1);
  });

  test('that times out has an unknown outcome, and is tried twice with one key', async () => {
    const intent = await created();
    answer = () => undefined;
    await expect(provider.confirm(intent)).rejects.toThrow(UndecidedPaymentError);
    expect(requests.filter((line) => line.endsWith('#confirm'))).toHaveLength(2);
  });

  test.each([
    [500, { type: 'api_error', message: 'oops' }],
    [429, { type: 'invalid_request_error', code: 'lock_timeout', message: 'later' }],
    [409, { type: 'invalid_request_error', code: 'idempotency_key_in_use', message: 'later' }],
    [400, { type: 'idempotency_error', message: 'other parameters' }],
    [401, { type: 'invalid_request_error', message: 'wrong key' }],
  ])('that is answered with %i %j has an unknown outcome', async (statusCode, error) => {
    const intent = await created();
    answer = failing(statusCode, error);
    await expect(provider.confirm(intent)).rejects.toThrow(UndecidedPaymentError);
    await expect(
      provider.createIntent(intent.bookingId, { method: 'pm_card_visa', amountMinor, currency: 'EUR' }),
    ).rejects.toThrow(UndecidedPaymentError);
  });

  test('with a payment method that Stripe does not accept any more is a decline, after the intent is cancelled', async () => {
    const intent = await created();
    answer = answering(/confirm/, 400, {
      error: { type: 'invalid_request_error', code: 'resource_missing', param: 'payment_method', message: 'gone' },
    });
    expect(await provider.confirm(intent)).toEqual({ kind: 'declined', declineCode: 'invalid_payment_method' });
    expect(await provider.findIntent(intent.intentId)).toEqual({ kind: 'cancelled' });
  });

  test('of an intent that is still processing has an unknown outcome', async () => {
    const intent = await created();
    answer = answering(/./, 200, { id: intent.intentId, object: 'payment_intent', status: 'processing' });
    await expect(provider.confirm(intent)).rejects.toThrow(UndecidedPaymentError);
    await expect(provider.findIntent(intent.intentId)).rejects.toThrow('processing');
  });

  test('throws an error with the data that an operator needs, and without the card', async () => {
    const intent = await created();
    answer = failing(429, {
      type: 'invalid_request_error',
      code: 'lock_timeout',
      message: 'later',
      payment_method: { card: { last4: '4242' } },
    });
    const error = await provider.confirm(intent).catch((thrown: Error) => thrown);
    if (!(error instanceof UndecidedPaymentError)) throw new Error('not thrown');
    expect(error.message).toContain('lock_timeout, 429');
    // Unlike JSON, `inspect` shows the message, the stack and the cause.
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain('4242');
  });
});

describe('cancelling', () => {
  test('prevents any later charge', async () => {
    const intent = await created();
    expect(await provider.cancel(intent)).toEqual({ kind: 'cancelled' });
    expect(await provider.cancel(intent)).toEqual({ kind: 'cancelled' });
    expect(await provider.confirm(intent)).toEqual({ kind: 'cancelled' });
  });

  test('returns the charge when it comes too late', async () => {
    expect(await provider.cancel(await charged())).toMatchObject({ kind: 'charged' });
  });

  test('after a day finds the intent cancelled', async () => {
    const intent = await created();
    await provider.cancel(intent);
    aDayLater();
    expect(await provider.cancel(intent)).toEqual({ kind: 'cancelled' });
  });
});

describe('refunding', () => {
  test('refunds the whole charge once, and the refund is found afterwards', async () => {
    const intent = await charged();
    expect(await provider.findRefund(intent)).toBeUndefined();
    const refund = await provider.refund(intent);
    expect(await provider.refund(intent)).toEqual(refund);
    expect(await provider.findRefund(intent)).toEqual(refund);
    const { data } = await dashboard.refunds.list({ payment_intent: intent.intentId });
    expect(data.map(({ amount }) => amount)).toEqual([8_100]);
    expect(requests).toContain(`POST /v1/refunds ${intent.bookingId}#refund`);
  });

  test('whose kept answer is outdated is requested under another key, once nothing is pending', async () => {
    const intent = await charged();
    answer = (incoming, response) => {
      if (incoming.headers['idempotency-key'] !== `${intent.bookingId}#refund`) return standIn(incoming, response);
      const headers = { 'content-type': 'application/json', 'idempotent-replayed': 'true' };
      response.writeHead(200, headers).end(JSON.stringify(refundWith('pending')));
    };
    expect(await provider.refund(intent)).toEqual({ refundId: expect.stringMatching(/^re_3/) });
    expect((await dashboard.refunds.list()).data.map(({ amount }) => amount)).toEqual([8_100]);
    // While it is pending, no other refund is requested.
    const other = await charged();
    answer = (incoming, response) => {
      const isListing = incoming.method === 'GET';
      const body = isListing
        ? { object: 'list', data: [refundWith('pending')], has_more: false }
        : refundWith('pending');
      const headers = { 'content-type': 'application/json', 'idempotent-replayed': 'true' };
      response.writeHead(200, headers).end(JSON.stringify(body));
    };
    await expect(provider.refund(other)).rejects.toThrow('re_1 is pending');
    expect(requests.filter((line) => line.includes('/refunds') && line.includes(other.bookingId))).toHaveLength(1);
  });

  test('after Stripe has forgotten the key finds the earlier refund', async () => {
    const intent = await charged();
    const refund = await provider.refund(intent);
    aDayLater();
    expect(await provider.refund(intent)).toEqual(refund);
  });

  test('refunds the rest when a part was refunded by hand', async () => {
    const intent = await charged();
    await dashboard.refunds.create({ payment_intent: intent.intentId, amount: 100 });
    expect(await provider.findRefund(intent)).toBeUndefined();
    await provider.refund(intent);
    const { data } = await dashboard.refunds.list({ payment_intent: intent.intentId });
    expect(data.map(({ amount }) => amount)).toEqual([8_000, 100]);
    expect(await provider.findRefund(intent)).toEqual({ refundId: data[0]!.id });
  });

  test('whose answer is lost has an unknown outcome; the refund can be looked up later', async () => {
    const intent = await charged();
    answer = loseAnswers;
    await expect(provider.refund(intent)).rejects.toThrow(UndecidedPaymentError);
    answer = standIn;
    expect(await provider.findRefund(intent)).toBeDefined();
  });

  const refundWith = (status: string) => ({ id: 're_1', object: 'refund', amount: 8_100, status });
  const listed = (status: string): Answer =>
    answering(/^GET .*refunds/, 200, { object: 'list', data: [refundWith(status)], has_more: false });

  test.each(['pending', 'failed', 'canceled', 'requires_action'])('with the result %s is no refund', async (status) => {
    const intent = await charged();
    answer = answering(/^POST .*refunds/, 200, refundWith(status));
    await expect(provider.refund(intent)).rejects.toThrow(`re_1 is ${status}`);
  });

  test.each(['failed', 'canceled'])('does not find a %s refund', async (status) => {
    const intent = await charged();
    answer = listed(status);
    expect(await provider.findRefund(intent)).toBeUndefined();
  });

  test.each(['pending', 'requires_action'])('finds a %s refund undecided', async (status) => {
    const intent = await charged();
    answer = listed(status);
    await expect(provider.findRefund(intent)).rejects.toThrow(UndecidedPaymentError);
    await expect(provider.findRefund(intent)).rejects.toThrow(`re_1 is ${status}`);
  });
});

test('the API key is read when it is first needed, and read again after a failure', async () => {
  const keys = [() => Promise.reject(new Error('no such parameter')), () => Promise.resolve('sk_test')];
  const lazy = createStripePaymentProvider({ apiKey: () => keys.shift()!(), url });
  expect(keys).toHaveLength(2);
  await expect(lazy.findIntent('pi_1')).rejects.toThrow('no such parameter');
  const intent = await created();
  expect(await lazy.findIntent(intent.intentId)).toEqual({ kind: 'unconfirmed' });
  expect(await lazy.findIntent(intent.intentId)).toEqual({ kind: 'unconfirmed' });
});

describe('a key that Stripe refuses', () => {
  /** The keys of the requests, in order. */
  let used: (string | undefined)[];
  let valid: string;
  let stored: string;
  let reads: number;
  let warm: PaymentProvider;

  beforeEach(async () => {
    [used, valid, stored, reads] = [[], 'sk_old', 'sk_old', 0];
    answer = (incoming, response) => {
      const key = incoming.headers.authorization?.replace('Bearer ', '');
      used.push(key);
      if (key === valid) return standIn(incoming, response);
      const error = { type: 'invalid_request_error', message: 'Invalid API Key provided' };
      return response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
    };
    const apiKey = (): Promise<string> => {
      reads++;
      return Promise.resolve(stored);
    };
    warm = createStripePaymentProvider({ apiKey, url, timeoutMilliseconds: 300 });
    await warm.createIntent(randomUUID(), { method: 'pm_card_visa', amountMinor, currency: 'EUR' });
    expect([used.splice(0), reads]).toEqual([['sk_old'], 1]);
  });

  const charge = () => warm.createIntent(randomUUID(), { method: 'pm_card_visa', amountMinor, currency: 'EUR' });

  test('was rotated: it is read again, and the request and those after it use the new one', async () => {
    valid = stored = 'sk_new';
    expect(await charge()).toMatchObject({ kind: 'created' });
    expect(await charge()).toMatchObject({ kind: 'created' });
    expect([used, reads]).toEqual([['sk_old', 'sk_new', 'sk_new'], 2]);
  });

  test('was rotated while several requests were under way: each succeeds', async () => {
    valid = stored = 'sk_new';
    const intents = await Promise.all(Array.from({ length: 5 }, charge));
    expect(intents.map(({ kind }) => kind)).toEqual(Array(5).fill('created'));
    expect(used.filter((key) => key === 'sk_old')).toHaveLength(5);
    expect(used.filter((key) => key === 'sk_new')).toHaveLength(5);
  });

  test('was revoked, and no new one is stored: the request fails, and the next one reads again', async () => {
    valid = 'sk_new';
    await expect(charge()).rejects.toThrow(UndecidedPaymentError);
    expect([used.splice(0), reads]).toEqual([['sk_old'], 2]);
    stored = 'sk_new';
    expect(await charge()).toMatchObject({ kind: 'created' });
    expect(used).toEqual(['sk_old', 'sk_new']);
  });

  test('was replaced by another wrong one: the request fails after one more attempt', async () => {
    [valid, stored] = ['sk_new', 'sk_typo'];
    await expect(charge()).rejects.toThrow('Invalid API Key provided');
    expect([used, reads]).toEqual([['sk_old', 'sk_typo'], 2]);
  });
});

test('a booking that is charged and then fails elsewhere costs four requests', async () => {
  const handlers = createHandlers({
    store: createInMemoryPaymentStore(),
    provider,
    once: createInMemoryOnce(),
    now: () => new Date(),
  });
  const booking = request();
  expect((await handlers.BookingRequested(bookingRequested(booking))).map(({ type }) => type)).toEqual(['PaymentOk']);
  expect((await handlers.SeatUnavailable(seatUnavailable(booking))).map(({ type }) => type)).toEqual([
    'PaymentRefunded',
  ]);
  expect(requests.map((line) => line.replace(/pi_\w+/, 'ID').replace(booking.bookingId, 'B'))).toEqual([
    'POST /v1/payment_intents B#intent',
    'POST /v1/payment_intents/ID/confirm B#confirm',
    'GET /v1/refunds',
    'POST /v1/refunds B#refund',
  ]);
});

describe('a 500 that Stripe keeps under the key of an operation', () => {
  const operations: Record<string, { path: RegExp; run: () => Promise<unknown>; moved: () => Promise<number[]> }> = {
    createIntent: {
      path: /payment_intents$/,
      run: () => createOnce(),
      moved: async () => (await dashboard.charges.list()).data.map(({ amount }) => amount),
    },
    confirm: {
      path: /confirm$/,
      run: async () => provider.confirm(await theIntent()),
      moved: async () => (await dashboard.charges.list()).data.map(({ amount }) => amount),
    },
    cancel: {
      path: /cancel$/,
      run: async () => provider.cancel(await theIntent()),
      moved: async () => (await dashboard.charges.list()).data.map(({ amount }) => amount),
    },
    refund: {
      path: /refunds$/,
      run: async () => {
        const intent = await theIntent();
        await provider.confirm(intent);
        return provider.refund(intent);
      },
      moved: async () => (await dashboard.refunds.list()).data.map(({ amount }) => amount),
    },
  };
  const bookingId = randomUUID();
  const createOnce = () => provider.createIntent(bookingId, { method: 'pm_card_visa', amountMinor, currency: 'EUR' });
  let intent: IntentReference | undefined;
  async function theIntent(): Promise<IntentReference> {
    const answer = await createOnce();
    if (answer.kind !== 'created') throw new Error('refused');
    return (intent ??= { bookingId, intentId: answer.intentId, amountMinor });
  }
  beforeEach(() => (intent = undefined));

  /** The next `times` executions end in a 500, before or after their effect. */
  function breakDown(path: RegExp, moment: 'before' | 'after', times: number): void {
    let left = times;
    aroundExecution = (request, execute) => {
      if (!path.test(request.path) || left === 0) return execute();
      left -= 1;
      if (moment === 'after') execute();
      throw new Error('out of paper');
    };
  }

  const cases = Object.keys(operations).flatMap((operation) =>
    (['before', 'after'] as const).flatMap((moment) => [1, 2, 3].map((times) => [operation, moment, times] as const)),
  );

  test.each(cases)(
    'of %s, %s its effect, %i times: the first answer is unknown, a later run has the result, and it is done once',
    async (operation, moment, times) => {
      const { path, run, moved } = operations[operation]!;
      breakDown(path, moment, times);
      let unknown = 0;
      let result: unknown;
      for (let delivery = 1; result === undefined && delivery <= 5; delivery++) {
        try {
          result = await run();
        } catch (error) {
          expect(error).toBeInstanceOf(UndecidedPaymentError);
          unknown += 1;
        }
      }
      expect(unknown).toBeGreaterThanOrEqual(1);
      expect(result).toMatchObject(
        {
          createIntent: { kind: 'created' },
          confirm: { kind: 'charged' },
          cancel: { kind: 'cancelled' },
          refund: { refundId: expect.stringMatching(/^re_/) },
        }[operation]!,
      );
      expect(await moved()).toEqual(operation === 'confirm' || operation === 'refund' ? [amountMinor] : []);
      // The result stays the same.
      if (operation !== 'refund') expect(await run()).toEqual(result);
    },
  );

  test('of a decline is a decline all the same', async () => {
    const declined = await created('pm_card_visa_chargeDeclined');
    aroundExecution = (request, execute) => {
      try {
        return execute();
      } catch (error) {
        throw request.path.endsWith('confirm') ? new Error('out of paper') : error;
      }
    };
    await expect(provider.confirm(declined)).rejects.toThrow(UndecidedPaymentError);
    expect(await provider.confirm(declined)).toEqual({ kind: 'declined', declineCode: 'generic_decline' });
  });

  test('again and again is never called a failed payment, and ends after ten keys', async () => {
    const unlucky = await created();
    breakDown(/confirm$/, 'before', Infinity);
    for (let delivery = 1; delivery <= 12; delivery++)
      await expect(provider.confirm(unlucky)).rejects.toThrow(UndecidedPaymentError);
    const keys = new Set(requests.filter((line) => line.includes('/confirm')).map((line) => line.split(' ')[2]));
    expect(keys.size).toBe(10);
    aDayLater();
    aroundExecution = (_, execute) => execute();
    expect(await provider.confirm(unlucky)).toMatchObject({ kind: 'charged' });
  });

  test('does not stop a booking: its message is delivered again, and it is charged and refunded once', async () => {
    const handlers = createHandlers({
      store: createInMemoryPaymentStore(),
      provider,
      once: createInMemoryOnce(),
      now: () => new Date(),
    });
    const broken = new Set<string>();
    aroundExecution = ({ method, path }, execute) => {
      const answer = execute();
      const isFirst = method === 'POST' && !broken.has(path);
      if (!isFirst) return answer;
      broken.add(path);
      throw new Error('out of paper');
    };
    const booking = request();
    async function delivered<T>(deliver: () => Promise<T>): Promise<T> {
      for (let tries = 1; ; tries++) {
        try {
          return await deliver();
        } catch (error) {
          if (tries === 5) throw error;
        }
      }
    }
    const paid = await delivered(() => handlers.BookingRequested(bookingRequested(booking)));
    const refunded = await delivered(() => handlers.SeatUnavailable(seatUnavailable(booking)));
    expect([...paid, ...refunded].map(({ type }) => type)).toEqual(['PaymentOk', 'PaymentRefunded']);
    const { data } = await dashboard.charges.list();
    expect(data.map(({ amount, amount_refunded }) => [amount, amount_refunded])).toEqual([[8_100, 8_100]]);
  });
});

describe('the amount', () => {
  test.each([
    ['ISK', 12_500, 1_250_000],
    ['UGX', 400_000, 40_000_000],
    ['KWD', 5_120, 5_120],
    ['MGA', 500_000, 5_000],
    ['HUF', 1_234_567, 1_234_567],
    ['JPY', 12_000, 12_000],
  ])('%s %i is charged as %i, and refunded', async (currency, minor, amount) => {
    const bookingId = randomUUID();
    const intent = await provider.createIntent(bookingId, { method: 'pm_card_visa', amountMinor: minor, currency });
    if (intent.kind !== 'created') throw new Error(intent.declineCode);
    const reference = { bookingId, intentId: intent.intentId, amountMinor: minor };
    await provider.confirm(reference);
    expect(await provider.findRefund(reference)).toBeUndefined();
    const refund = await provider.refund(reference);
    expect(await provider.findRefund(reference)).toEqual(refund);
    expect((await dashboard.charges.list()).data).toMatchObject([{ amount, amount_refunded: amount }]);
  });

  test.each([
    ['KWD', 5_124, 'inexpressible_amount'],
    ['MGA', 1_001, 'inexpressible_amount'],
    ['IQD', 10_000, 'unsupported_currency'],
    ['ISK', 2_000_000, 'amount_too_large'],
  ])('%s %i is refused without a request to Stripe', async (currency, minor, declineCode) => {
    const payment = { method: 'pm_card_visa', amountMinor: minor, currency };
    expect(await provider.createIntent(randomUUID(), payment)).toEqual({ kind: 'refused', declineCode });
    expect(requests).toEqual([]);
  });
});

describe('the time that is left', () => {
  const operations: [string, (until: number) => Promise<unknown>][] = [
    ['createIntent', (until) => createUntil(until)],
    ['findIntent', (until) => provider.findIntent('pi_1', until)],
    ['confirm', (until) => provider.confirm(unknown, until)],
    ['cancel', (until) => provider.cancel(unknown, until)],
    ['findRefund', (until) => provider.findRefund(unknown, until)],
    ['refund', (until) => provider.refund(unknown, until)],
  ];
  const unknown: IntentReference = { bookingId: 'b', intentId: 'pi_1', amountMinor };
  const createUntil = (until: number) =>
    provider.createIntent(randomUUID(), { method: 'pm_card_visa', amountMinor, currency: 'EUR' }, until);

  test.each(operations)('is too short: %s sends no request, and its outcome is unknown', async (_, call) => {
    const tooShort = Date.now() + stripeLimits.leastMilliseconds - 10;
    await expect(call(tooShort)).rejects.toThrow(UndecidedPaymentError);
    expect(requests).toEqual([]);
  });

  test.each(operations)('ends %s, whatever Stripe does', async (_, call) => {
    provider = createStripePaymentProvider({ apiKey: () => Promise.resolve('sk_test'), url });
    // A response that never ends: a timeout of silence does not see it.
    let drip: NodeJS.Timeout | undefined;
    answer = (__, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      drip = setInterval(() => response.write(' '), 50);
    };
    const until = Date.now() + stripeLimits.leastMilliseconds + 100;
    await expect(call(until)).rejects.toThrow(UndecidedPaymentError);
    clearInterval(drip);
    expect(Date.now()).toBeGreaterThanOrEqual(until - 10);
    expect(Date.now()).toBeLessThan(until + 500);
  });

  test('is enough for one attempt only: a lost answer is not asked for again', async () => {
    answer = () => undefined;
    const once = Date.now() + stripeLimits.leastMilliseconds + 50;
    provider = createStripePaymentProvider({
      apiKey: () => Promise.resolve('sk_test'),
      url,
      timeoutMilliseconds: 700,
    });
    await expect(createUntil(once)).rejects.toThrow(UndecidedPaymentError);
    expect(requests).toHaveLength(1);
  });
});

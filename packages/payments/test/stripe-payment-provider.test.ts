import { createPaymentProvider } from '@airline/local-cloud/payment-provider/payment-provider';
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
import { createStripePaymentProvider } from '../src/stripe-payment-provider.ts';
import { bookingRequested, request, seatUnavailable } from './fixtures.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let url: string;
let standIn: Answer;
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
  standIn = createPaymentProvider({ now: () => today }).handle;
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

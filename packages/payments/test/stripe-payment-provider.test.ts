import { createPaymentProvider } from '@airline/local-cloud/payment-provider/payment-provider';
import { createInMemoryOnce } from '@airline/messaging/in-memory-once';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import { createHandlers } from '../src/handlers.ts';
import { createInMemoryPaymentStore } from '../src/in-memory-payment-store.ts';
import { type IntentOf, type PaymentProvider, UndecidedPaymentError } from '../src/payment-provider.ts';
import { createStripePaymentProvider } from '../src/stripe-payment-provider.ts';
import { bookingRequested, request, seatUnavailable } from './fixtures.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let url: string;
let standIn: Answer;
/** What answers; a test puts itself between. */
let answer: Answer;
/** `POST /v1/refunds`, with the idempotency key. */
let requests: string[];
let today: Date;
let provider: PaymentProvider;
/** A second client, as Stripe's dashboard would be. */
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

async function created(method = 'pm_card_visa'): Promise<IntentOf> {
  const bookingId = randomUUID();
  const intent = await provider.createIntent(bookingId, { method, amountMinor, currency: 'EUR' });
  if (intent.kind !== 'created') throw new Error(`refused: ${intent.declineCode}`);
  return { bookingId, intentId: intent.intentId, amountMinor };
}

async function charged(): Promise<IntentOf> {
  const intent = await created();
  await provider.confirm(intent);
  return intent;
}

/** The stand-in does what it is asked, and its answer never arrives. */
const loseAnswers: Answer = (incoming, response) => {
  response.end = (() => response.destroy()) as typeof response.end;
  standIn(incoming, response);
};
/** One operation answers like this, the others as ever. */
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
  test('is created without taking money, for exactly what was asked', async () => {
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

  test('is the same one when asked again', async () => {
    const { bookingId, intentId } = await created();
    expect(await provider.createIntent(bookingId, { method: 'pm_card_visa', amountMinor, currency: 'EUR' })).toEqual({
      kind: 'created',
      intentId,
    });
  });

  test('for a payment method that does not exist is refused: a value, since it can never succeed', async () => {
    const refused = await provider.createIntent(randomUUID(), { method: 'pm_nonsense', amountMinor, currency: 'EUR' });
    expect(refused).toEqual({ kind: 'refused', declineCode: 'invalid_payment_method' });
  });

  test('below the least amount that Stripe takes is refused with its code', async () => {
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
  ])('with %s is a decline: a value, which a later look confirms', async (method, declineCode) => {
    const intent = await created(method);
    const outcome = { kind: 'declined', declineCode };
    expect(await provider.confirm(intent)).toEqual(outcome);
    expect(await provider.findIntent(intent.intentId)).toEqual(outcome);
    aDayLater();
    expect(await provider.confirm(intent)).toEqual(outcome);
  });

  test('whose answer is lost is unknown, not failed; a later look finds the charge', async () => {
    const intent = await created();
    answer = loseAnswers;
    await expect(provider.confirm(intent)).rejects.toThrow(UndecidedPaymentError);
    answer = standIn;
    expect(await provider.findIntent(intent.intentId)).toMatchObject({ kind: 'charged' });
    expect((await dashboard.charges.list({ payment_intent: intent.intentId })).data).toHaveLength(1);
  });

  test('that nobody answers in time is unknown, and tried twice with one key', async () => {
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
  ])('that is answered by %i %j is unknown', async (statusCode, error) => {
    const intent = await created();
    answer = failing(statusCode, error);
    await expect(provider.confirm(intent)).rejects.toThrow(UndecidedPaymentError);
    await expect(
      provider.createIntent(intent.bookingId, { method: 'pm_card_visa', amountMinor, currency: 'EUR' }),
    ).rejects.toThrow(UndecidedPaymentError);
  });

  test('with a payment method that Stripe refuses by now is a decline, and the intent is cancelled before that is said', async () => {
    const intent = await created();
    answer = answering(/confirm/, 400, {
      error: { type: 'invalid_request_error', code: 'resource_missing', param: 'payment_method', message: 'gone' },
    });
    expect(await provider.confirm(intent)).toEqual({ kind: 'declined', declineCode: 'invalid_payment_method' });
    expect(await provider.findIntent(intent.intentId)).toEqual({ kind: 'cancelled' });
  });

  test('an intent that is still processing is unknown', async () => {
    const intent = await created();
    answer = answering(/./, 200, { id: intent.intentId, object: 'payment_intent', status: 'processing' });
    await expect(provider.confirm(intent)).rejects.toThrow(UndecidedPaymentError);
    await expect(provider.findIntent(intent.intentId)).rejects.toThrow('processing');
  });

  test('says in its error what an operator needs, and nothing of the card', async () => {
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
    expect(JSON.stringify([error, error.cause])).not.toContain('4242');
  });
});

describe('cancelling', () => {
  test('makes sure that an intent is never charged', async () => {
    const intent = await created();
    expect(await provider.cancel(intent)).toEqual({ kind: 'cancelled' });
    expect(await provider.cancel(intent)).toEqual({ kind: 'cancelled' });
    expect(await provider.confirm(intent)).toEqual({ kind: 'cancelled' });
  });

  test('comes too late for a charge, and says so', async () => {
    expect(await provider.cancel(await charged())).toMatchObject({ kind: 'charged' });
  });

  test('after a day finds it cancelled', async () => {
    const intent = await created();
    await provider.cancel(intent);
    aDayLater();
    expect(await provider.cancel(intent)).toEqual({ kind: 'cancelled' });
  });
});

describe('refunding', () => {
  test('gives back all, once, and is found afterwards', async () => {
    const intent = await charged();
    expect(await provider.findRefund(intent)).toBeUndefined();
    const refund = await provider.refund(intent);
    expect(await provider.refund(intent)).toEqual(refund);
    expect(await provider.findRefund(intent)).toEqual(refund);
    const { data } = await dashboard.refunds.list({ payment_intent: intent.intentId });
    expect(data.map(({ amount }) => amount)).toEqual([8_100]);
    expect(requests).toContain(`POST /v1/refunds ${intent.bookingId}#refund`);
  });

  test('what was refunded longer ago than Stripe remembers keys is found', async () => {
    const intent = await charged();
    const refund = await provider.refund(intent);
    aDayLater();
    expect(await provider.refund(intent)).toEqual(refund);
  });

  test('what was refunded in part by hand is given back for the rest', async () => {
    const intent = await charged();
    await dashboard.refunds.create({ payment_intent: intent.intentId, amount: 100 });
    expect(await provider.findRefund(intent)).toBeUndefined();
    await provider.refund(intent);
    const { data } = await dashboard.refunds.list({ payment_intent: intent.intentId });
    expect(data.map(({ amount }) => amount)).toEqual([8_000, 100]);
    expect(await provider.findRefund(intent)).toEqual({ refundId: data[0]!.id });
  });

  test('whose answer is lost is unknown; a later look finds it', async () => {
    const intent = await charged();
    answer = loseAnswers;
    await expect(provider.refund(intent)).rejects.toThrow(UndecidedPaymentError);
    answer = standIn;
    expect(await provider.findRefund(intent)).toBeDefined();
  });

  test.each(['pending', 'failed', 'canceled', 'requires_action'])('a %s refund is no refund', async (status) => {
    const intent = await charged();
    const refund = { id: 're_1', object: 'refund', amount: 8_100, status };
    answer = answering(/^POST .*refunds/, 200, refund);
    await expect(provider.refund(intent)).rejects.toThrow(`re_1 is ${status}`);
    answer = answering(/^GET .*refunds/, 200, { object: 'list', data: [refund], has_more: false });
    if (status === 'failed' || status === 'canceled') expect(await provider.findRefund(intent)).toBeUndefined();
    else await expect(provider.findRefund(intent)).rejects.toThrow(`re_1 is ${status}`);
  });
});

test('the key is fetched when it is first needed, and asked for again when that failed', async () => {
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
  const asked = request();
  expect((await handlers.BookingRequested(bookingRequested(asked))).map(({ type }) => type)).toEqual(['PaymentOk']);
  expect((await handlers.SeatUnavailable(seatUnavailable(asked))).map(({ type }) => type)).toEqual(['PaymentRefunded']);
  expect(requests.map((line) => line.replace(/pi_\w+/, 'ID').replace(asked.bookingId, 'B'))).toEqual([
    'POST /v1/payment_intents B#intent',
    'POST /v1/payment_intents/ID/confirm B#confirm',
    'GET /v1/refunds',
    'POST /v1/refunds B#refund',
  ]);
});

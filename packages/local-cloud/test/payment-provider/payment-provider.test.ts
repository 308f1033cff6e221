import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import Stripe from 'stripe';
import { createPaymentProvider } from '../../src/payment-provider/payment-provider.ts';
import type { PaymentProviderOptions } from '../../src/payment-provider/payment-provider.ts';

const AUTOMATIC = { enabled: true, allow_redirects: 'never' } as const;
const FARE = { amount: 12_950, currency: 'eur', automatic_payment_methods: AUTOMATIC };

const running: Server[] = [];

afterEach(async () => {
  for (const server of running.splice(0)) {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }
});

async function startProvider(options: PaymentProviderOptions = {}): Promise<{ stripe: Stripe; port: number }> {
  const provider = createPaymentProvider(options);
  const server = createServer((request, response) => provider.handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  running.push(server);
  const { port } = server.address() as AddressInfo;
  const stripe = new Stripe('sk_test_local', {
    host: '127.0.0.1',
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
    telemetry: false,
  });
  return { stripe, port };
}

async function errorOf(call: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Stripe.errors.StripeError) return error;
    throw error;
  }
  throw new Error('the call succeeded');
}

async function post(port: number, path: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    body,
    headers: { authorization: 'Bearer sk_test_local', 'content-type': 'application/x-www-form-urlencoded', ...headers },
  });
}

async function charged(stripe: Stripe): Promise<{ id: string; charge: string }> {
  const intent = await stripe.paymentIntents.create({ ...FARE, payment_method: 'pm_card_visa', confirm: true });
  if (typeof intent.latest_charge !== 'string') throw new Error('the intent has no charge');
  return { id: intent.id, charge: intent.latest_charge };
}

describe('payment intents', () => {
  test('an intent is created, retrieved and confirmed, and has a paid charge', async () => {
    const { stripe } = await startProvider({ now: () => new Date('2030-01-02T03:04:05.678Z') });
    const created = await stripe.paymentIntents.create({
      ...FARE,
      payment_method: 'pm_card_visa',
      receipt_email: 'ada@example.com',
      metadata: { bookingId: 'b-1', 'odd key': 'ä&=' },
    });
    expect(created).toMatchObject({
      object: 'payment_intent',
      status: 'requires_confirmation',
      amount: 12_950,
      amount_received: 0,
      currency: 'eur',
      livemode: false,
      latest_charge: null,
      last_payment_error: null,
      created: 1_893_553_445,
      metadata: { bookingId: 'b-1', 'odd key': 'ä&=' },
      receipt_email: 'ada@example.com',
      automatic_payment_methods: AUTOMATIC,
      payment_method_types: ['card'],
    });
    expect(created.id).toMatch(/^pi_[0-9A-Za-z]{24}$/);
    expect(created.client_secret).toMatch(new RegExp(`^${created.id}_secret_`));
    expect(created.payment_method).toMatch(/^pm_[0-9A-Za-z]{24}$/);
    expect(await stripe.paymentIntents.retrieve(created.id)).toEqual(created);

    const confirmed = await stripe.paymentIntents.confirm(created.id);
    expect(confirmed).toMatchObject({ id: created.id, status: 'succeeded', amount_received: 12_950 });

    const expanded = await stripe.paymentIntents.retrieve(created.id, { expand: ['latest_charge'] });
    expect(expanded.latest_charge).toMatchObject({
      id: confirmed.latest_charge,
      object: 'charge',
      amount: 12_950,
      paid: true,
      captured: true,
      status: 'succeeded',
      refunded: false,
      amount_refunded: 0,
      failure_code: null,
      payment_intent: created.id,
      outcome: { type: 'authorized' },
    });
  });

  test.each(['pm_card_visa_debit', 'pm_card_mastercard', 'pm_card_amex'])('%s pays', async (paymentMethod) => {
    const { stripe } = await startProvider();
    const intent = await stripe.paymentIntents.create({
      amount: 50,
      currency: 'usd',
      allowed_payment_method_types: ['card'],
      payment_method: paymentMethod,
      confirm: true,
    });
    expect(intent.status).toBe('succeeded');
  });

  test.each([
    ['pm_card_visa_chargeDeclined', 'card_declined', 'generic_decline'],
    ['pm_card_chargeDeclined', 'card_declined', 'generic_decline'],
    ['pm_card_visa_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'],
    ['pm_card_visa_chargeDeclinedLostCard', 'card_declined', 'lost_card'],
    ['pm_card_visa_chargeDeclinedStolenCard', 'card_declined', 'stolen_card'],
    ['pm_card_visa_chargeDeclinedVelocityLimitExceeded', 'card_declined', 'card_velocity_exceeded'],
    ['pm_card_chargeDeclinedFraudulent', 'card_declined', 'fraudulent'],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card', 'expired_card'],
    ['pm_card_chargeDeclinedIncorrectCvc', 'incorrect_cvc', 'incorrect_cvc'],
    ['pm_card_chargeDeclinedProcessingError', 'processing_error', 'processing_error'],
  ])('%s is declined with %s, %s', async (paymentMethod, code, declineCode) => {
    const { stripe } = await startProvider();
    const { id } = await stripe.paymentIntents.create({ ...FARE, payment_method: paymentMethod });
    const error = await errorOf(stripe.paymentIntents.confirm(id));
    expect(error).toBeInstanceOf(Stripe.errors.StripeCardError);
    expect(error).toMatchObject({ statusCode: 402, type: 'StripeCardError', code, decline_code: declineCode });
    expect(error.payment_intent).toMatchObject({ id, status: 'requires_payment_method', payment_method: null });

    const intent = await stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] });
    expect(intent).toMatchObject({
      status: 'requires_payment_method',
      amount_received: 0,
      last_payment_error: { type: 'card_error', code, decline_code: declineCode, charge: error.charge },
      latest_charge: { id: error.charge, paid: false, captured: false, status: 'failed', failure_code: code },
    });
  });

  test('after a decline the intent needs another card, and then succeeds', async () => {
    const { stripe } = await startProvider();
    const { id } = await stripe.paymentIntents.create({ ...FARE, payment_method: 'pm_card_visa_chargeDeclined' });
    await errorOf(stripe.paymentIntents.confirm(id));
    expect(await errorOf(stripe.paymentIntents.confirm(id))).toMatchObject({
      statusCode: 400,
      code: 'payment_intent_unexpected_state',
      payment_intent: { id, status: 'requires_payment_method' },
    });
    const paid = await stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_visa' });
    expect(paid).toMatchObject({ status: 'succeeded', last_payment_error: null });
    const charges = await stripe.charges.list({ payment_intent: id });
    expect(charges.data.map(({ status }) => status)).toEqual(['succeeded', 'failed']);
  });

  test('an intent with a card that needs authentication waits for it, or fails off session', async () => {
    const { stripe } = await startProvider();
    const open = () => stripe.paymentIntents.create({ ...FARE, payment_method: 'pm_card_authenticationRequired' });

    const waiting = await stripe.paymentIntents.confirm((await open()).id);
    expect(waiting).toMatchObject({
      status: 'requires_action',
      next_action: { type: 'use_stripe_sdk' },
      latest_charge: null,
    });

    const { id } = await open();
    const unhandled = await errorOf(stripe.paymentIntents.confirm(id, { error_on_requires_action: true }));
    expect(unhandled).toMatchObject({
      statusCode: 402,
      code: 'authentication_required',
      decline_code: 'authentication_not_handled',
      charge: undefined,
    });
    expect(await stripe.paymentIntents.retrieve(id)).toMatchObject({
      status: 'requires_payment_method',
      latest_charge: null,
    });

    const offSession = await errorOf(stripe.paymentIntents.confirm((await open()).id, { off_session: true }));
    const { code, decline_code: declineCode } = offSession;
    expect({ code, declineCode }).toEqual({ code: 'authentication_required', declineCode: 'authentication_required' });
    expect(offSession.charge).toMatch(/^ch_/);
  });

  test('a canceled intent cannot be confirmed; a paid one cannot be confirmed again or canceled', async () => {
    const { stripe } = await startProvider();
    const { id } = await stripe.paymentIntents.create({ ...FARE, payment_method: 'pm_card_visa' });
    expect(await stripe.paymentIntents.cancel(id, { cancellation_reason: 'abandoned' })).toMatchObject({
      status: 'canceled',
      cancellation_reason: 'abandoned',
      canceled_at: expect.any(Number),
    });
    const unexpected = { statusCode: 400, code: 'payment_intent_unexpected_state', type: 'StripeInvalidRequestError' };
    const canceled = { ...unexpected, payment_intent: { status: 'canceled' } };
    expect(await errorOf(stripe.paymentIntents.confirm(id))).toMatchObject(canceled);
    const paid = await charged(stripe);
    expect(await errorOf(stripe.paymentIntents.confirm(paid.id))).toMatchObject({
      ...unexpected,
      message: expect.stringContaining('has already succeeded'),
      payment_intent: { status: 'succeeded' },
    });
    expect(await errorOf(stripe.paymentIntents.cancel(paid.id))).toMatchObject(unexpected);
    expect((await stripe.charges.list({ payment_intent: paid.id })).data).toHaveLength(1);
  });

  test('intents are listed newest first, page by page', async () => {
    const { stripe } = await startProvider();
    const ids: string[] = [];
    for (let amount = 51; amount <= 75; amount += 1)
      ids.unshift((await stripe.paymentIntents.create({ ...FARE, amount })).id);
    const first = await stripe.paymentIntents.list({ limit: 10 });
    expect(first).toMatchObject({ object: 'list', url: '/v1/payment_intents', has_more: true });
    expect(first.data.map(({ id }) => id)).toEqual(ids.slice(0, 10));
    const all = await stripe.paymentIntents.list({ limit: 7 }).autoPagingToArray({ limit: 100 });
    expect(all.map(({ id }) => id)).toEqual(ids);
    const last = await stripe.paymentIntents.list({ limit: 10, starting_after: ids[19] ?? '' });
    expect(last.has_more).toBe(false);
    expect(await errorOf(stripe.paymentIntents.list({ starting_after: 'pi_unknown' }))).toMatchObject({
      statusCode: 400,
      code: 'resource_missing',
      param: 'starting_after',
    });
  });
});

describe('refunds', () => {
  test('a full refund leaves a net charge of zero', async () => {
    const { stripe } = await startProvider();
    const { id, charge } = await charged(stripe);
    const refund = await stripe.refunds.create({
      payment_intent: id,
      reason: 'requested_by_customer',
      metadata: { bookingId: 'b-1' },
    });
    expect(refund).toMatchObject({
      object: 'refund',
      amount: 12_950,
      charge,
      payment_intent: id,
      status: 'succeeded',
      reason: 'requested_by_customer',
      metadata: { bookingId: 'b-1' },
    });
    expect(refund.id).toMatch(/^re_/);
    expect(await stripe.refunds.retrieve(refund.id)).toEqual(refund);
    const { amount_captured: captured, amount_refunded: refunded, ...rest } = await stripe.charges.retrieve(charge);
    expect(captured - refunded).toBe(0);
    expect(rest.refunded).toBe(true);
    expect(await stripe.paymentIntents.retrieve(id)).toMatchObject({ status: 'succeeded', amount_received: 12_950 });
  });

  test('a second full refund is an error', async () => {
    const { stripe } = await startProvider();
    const { id, charge } = await charged(stripe);
    await stripe.refunds.create({ payment_intent: id });
    expect(await errorOf(stripe.refunds.create({ charge: charge }))).toMatchObject({
      statusCode: 400,
      code: 'charge_already_refunded',
      message: `Charge ${charge} has already been refunded.`,
    });
    expect((await stripe.refunds.list({ payment_intent: id })).data).toHaveLength(1);
  });

  test('partial refunds add up to the charge, and not to more', async () => {
    const { stripe } = await startProvider();
    const { id, charge } = await charged(stripe);
    const first = await stripe.refunds.create({ payment_intent: id, amount: 10_000 });
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ amount_refunded: 10_000, refunded: false });
    expect(await errorOf(stripe.refunds.create({ payment_intent: id, amount: 2_951 }))).toMatchObject({
      statusCode: 400,
      param: 'amount',
      message: 'Refund amount (€29.51) is greater than unrefunded amount on charge (€29.50)',
    });
    const second = await stripe.refunds.create({ payment_intent: id });
    expect(second.amount).toBe(2_950);
    expect((await stripe.refunds.list({ charge: charge })).data.map((refund) => refund.id)).toEqual([
      second.id,
      first.id,
    ]);
    expect((await stripe.refunds.list({ payment_intent: (await charged(stripe)).id })).data).toEqual([]);
  });

  test('an unpaid charge cannot be refunded', async () => {
    const { stripe } = await startProvider();
    const { id } = await stripe.paymentIntents.create({ ...FARE, payment_method: 'pm_card_visa_chargeDeclined' });
    const message = `This PaymentIntent (${id}) does not have a successful charge to refund.`;
    expect(await errorOf(stripe.refunds.create({ payment_intent: id }))).toMatchObject({ statusCode: 400, message });
    const { charge = '' } = await errorOf(stripe.paymentIntents.confirm(id));
    expect(await errorOf(stripe.refunds.create({ payment_intent: id }))).toMatchObject({ statusCode: 400, message });
    expect(await errorOf(stripe.refunds.create({ charge }))).toMatchObject({ statusCode: 400, message });
    expect(await errorOf(stripe.refunds.create({ payment_intent: 'pi_unknown' }))).toMatchObject({
      code: 'resource_missing',
    });
  });
});

describe('idempotency keys', () => {
  test('the same request gets the same response again, even when the object has changed', async () => {
    const { stripe, port } = await startProvider();
    const body =
      'amount=12950&currency=eur&payment_method=pm_card_visa&automatic_payment_methods[enabled]=true' +
      '&automatic_payment_methods[allow_redirects]=never';
    const first = await post(port, '/v1/payment_intents', body, { 'idempotency-key': 'b-1#create' });
    const firstText = await first.text();
    const { id } = JSON.parse(firstText) as { id: string };
    await stripe.paymentIntents.confirm(id);
    const reordered = body.split('&').reverse().join('&');
    const again = await post(port, '/v1/payment_intents', reordered, { 'idempotency-key': 'b-1#create' });
    expect(await again.text()).toBe(firstText);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.headers.get('original-request')).toBe(first.headers.get('request-id'));
    expect(again.headers.get('request-id')).not.toBe(first.headers.get('request-id'));
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect((await stripe.paymentIntents.list()).data).toHaveLength(1);
  });

  test('a repeated confirmation charges once, a repeated refund refunds once', async () => {
    const { stripe } = await startProvider();
    const { id } = await stripe.paymentIntents.create({ ...FARE, payment_method: 'pm_card_visa' });
    const confirm = () => stripe.paymentIntents.confirm(id, {}, { idempotencyKey: 'b-1#confirm' });
    expect(await confirm()).toEqual(await confirm());
    const refund = () => stripe.refunds.create({ payment_intent: id }, { idempotencyKey: 'b-1#refund' });
    const refunded = await refund();
    expect(await refund()).toEqual(refunded);
    expect((await stripe.charges.list({ payment_intent: id })).data).toMatchObject([{ amount_refunded: 12_950 }]);
    expect((await stripe.refunds.list()).data).toHaveLength(1);
  });

  test('a decline is repeated too, and the card is charged only once', async () => {
    const { stripe } = await startProvider();
    const { id } = await stripe.paymentIntents.create({ ...FARE, payment_method: 'pm_card_visa_chargeDeclined' });
    const decline = () => errorOf(stripe.paymentIntents.confirm(id, {}, { idempotencyKey: 'b-1#confirm' }));
    const first = await decline();
    const again = await decline();
    expect(again).toMatchObject({ statusCode: 402, code: 'card_declined', charge: first.charge });
    expect(again.raw).toMatchObject({ payment_intent: first.payment_intent });
    expect(again.headers?.['idempotent-replayed']).toBe('true');
    expect((await stripe.charges.list({ payment_intent: id })).data).toHaveLength(1);
  });

  test('a failure of the provider is repeated too', async () => {
    let failures = 0;
    const { stripe } = await startProvider({
      aroundExecution: (_, execute) => {
        failures += 1;
        if (failures === 1) throw new Error('out of paper');
        return execute();
      },
    });
    const create = () => errorOf(stripe.paymentIntents.create(FARE, { idempotencyKey: 'b-1#create' }));
    for (const error of [await create(), await create()]) {
      expect(error).toMatchObject({
        statusCode: 500,
        rawType: 'api_error',
        message: expect.stringContaining('out of paper'),
      });
      expect(error.headers?.['stripe-should-retry']).toBe('false');
    }
    expect(failures).toBe(1);
  });

  test('an operation can have its effect although its key repeats a 500', async () => {
    let failures = 0;
    const { stripe } = await startProvider({
      aroundExecution: ({ path }, execute) => {
        const answer = execute();
        if (path.endsWith('/confirm') && ++failures === 1) throw new Error('out of paper');
        return answer;
      },
    });
    const { id } = await stripe.paymentIntents.create({ ...FARE, payment_method: 'pm_card_visa' });
    const confirm = () => errorOf(stripe.paymentIntents.confirm(id, {}, { idempotencyKey: 'b-1#confirm' }));
    expect((await confirm()).headers).not.toHaveProperty('idempotent-replayed');
    expect(await confirm()).toMatchObject({ statusCode: 500, headers: { 'idempotent-replayed': 'true' } });
    expect((await stripe.paymentIntents.retrieve(id)).status).toBe('succeeded');
  });

  test('a request rejected before its execution does not use its key', async () => {
    const { stripe } = await startProvider();
    const key = { idempotencyKey: 'b-1#create' };
    const error = await errorOf(stripe.paymentIntents.create({ ...FARE, amount: 0 }, key));
    expect(error).toMatchObject({ statusCode: 400, code: 'parameter_invalid_integer', param: 'amount' });
    expect((await stripe.paymentIntents.create(FARE, key)).amount).toBe(12_950);
  });

  test('a key belongs to one request', async () => {
    const { stripe } = await startProvider();
    const key = { idempotencyKey: 'b-1' };
    const { id } = await stripe.paymentIntents.create(FARE, key);
    const otherParameters = await errorOf(stripe.paymentIntents.create({ ...FARE, amount: 50 }, key));
    expect(otherParameters).toBeInstanceOf(Stripe.errors.StripeIdempotencyError);
    expect(otherParameters).toMatchObject({ statusCode: 400, rawType: 'idempotency_error' });
    const otherPath = await errorOf(stripe.paymentIntents.cancel(id, {}, key));
    expect(otherPath).toMatchObject({
      statusCode: 400,
      rawType: 'idempotency_error',
      message: expect.stringContaining('same endpoint'),
    });
    expect((await stripe.paymentIntents.retrieve(id)).status).toBe('requires_payment_method');
  });

  test('during the first request, a second one with its key is rejected; a later retry succeeds', async () => {
    const execution = new EventEmitter();
    const { stripe } = await startProvider({
      aroundExecution: async ({ path }, execute) => {
        if (!path.endsWith('/confirm')) return execute();
        const released = once(execution, 'release');
        execution.emit('begin');
        await released;
        return execute();
      },
    });
    const { id } = await stripe.paymentIntents.create({ ...FARE, payment_method: 'pm_card_visa' });
    const key = { idempotencyKey: 'b-1#confirm' };
    const begun = once(execution, 'begin');
    const first = stripe.paymentIntents.confirm(id, {}, key);
    await begun;
    const second = await errorOf(stripe.paymentIntents.confirm(id, {}, key));
    expect(second).toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use' });
    expect(second.headers?.['stripe-should-retry']).toBe('true');
    execution.emit('release');
    expect((await first).status).toBe('succeeded');
    expect(await stripe.paymentIntents.confirm(id, {}, key)).toEqual(await first);
  });

  test('twenty concurrent confirmations with one key charge once', async () => {
    const { stripe } = await startProvider();
    const { id } = await stripe.paymentIntents.create({ ...FARE, payment_method: 'pm_card_visa' });
    const key = { idempotencyKey: 'b-1#confirm', maxNetworkRetries: 5 };
    const answers = await Promise.all(Array.from({ length: 20 }, () => stripe.paymentIntents.confirm(id, {}, key)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect((await stripe.charges.list({ payment_intent: id })).data).toHaveLength(1);
  });

  test('a key expires after 24 hours', async () => {
    let now = Date.parse('2030-01-01T00:00:00Z');
    const { stripe } = await startProvider({ now: () => new Date(now) });
    const create = () => stripe.paymentIntents.create(FARE, { idempotencyKey: 'b-1#create' });
    const first = await create();
    now += 24 * 60 * 60 * 1000 - 1;
    expect((await create()).id).toBe(first.id);
    now += 1;
    expect((await create()).id).not.toBe(first.id);
    expect((await stripe.paymentIntents.list()).data).toHaveLength(2);
  });
});

describe('errors', () => {
  test.each<[string, string, object]>([
    ['currency=eur', 'Missing required param: amount.', { code: 'parameter_missing', param: 'amount' }],
    ['amount=1', 'Missing required param: currency.', { code: 'parameter_missing', param: 'currency' }],
    ['amount=1.5&currency=eur', 'Invalid integer: 1.5', { code: 'parameter_invalid_integer', param: 'amount' }],
    ['amount=0&currency=eur', 'This value must be greater than or equal to 1.', { code: 'parameter_invalid_integer' }],
    ['amount=1&currency=euro', 'Invalid currency: euro. Stripe currently supports', { param: 'currency' }],
    ['amount=1000&currency=iqd', 'Invalid currency: iqd. Stripe currently supports', { param: 'currency' }],
    ['amount=550&currency=isk', 'must be evenly divisible by 100', { param: 'amount' }],
    ['amount=5&currency=ugx', 'must be evenly divisible by 100', { param: 'amount' }],
    ['amount=5124&currency=kwd', 'must be 0', { param: 'amount' }],
    ['amount=49&currency=eur', 'Amount must be at least €0.50', { code: 'amount_too_small', param: 'amount' }],
    ['amount=49&currency=jpy', 'Amount must be at least ¥50', { code: 'amount_too_small' }],
    ['amount=100000000&currency=usd', 'no more than $999,999.99', { code: 'amount_too_large', param: 'amount' }],
    ['amount=100000000&currency=isk', 'no more than ISK', { code: 'amount_too_large' }],
    [
      'amount=100&currency=eur&colour=red',
      'Received unknown parameter: colour',
      { code: 'parameter_unknown', param: 'colour' },
    ],
    [
      'amount=100&currency=eur&automatic_payment_methods[enabled]=true&automatic_payment_methods[a]=b',
      'Received unknown parameter: automatic_payment_methods[a]',
      { param: 'automatic_payment_methods[a]' },
    ],
    [
      'amount=100&currency=eur&payment_method_types[]=card',
      'The `payment_method_types` parameter is no longer supported.',
      { code: 'payment_method_types_no_longer_supported' },
    ],
    [
      'amount=100&currency=eur&payment_method=pm_nobody',
      "No such PaymentMethod: 'pm_nobody'",
      { code: 'resource_missing', param: 'payment_method' },
    ],
    ['amount=100&currency=eur&receipt_email=nobody', 'Invalid email address: nobody', { code: 'email_invalid' }],
    ['amount=100&currency=eur&description=', 'You passed an empty string', { code: 'parameter_invalid_empty' }],
    ['amount=100&currency=eur&capture_method=manual', 'Invalid capture_method', { param: 'capture_method' }],
    ['amount=100&currency=eur&expand[]=customer', 'This property cannot be expanded (customer).', {}],
    ['amount=100&currency=eur&off_session=true', '`off_session` can only be used', { param: 'off_session' }],
    ['amount=100&currency=eur&confirm=true&payment_method=pm_card_visa', 'you must provide a `return_url`', {}],
  ])('%s is rejected', async (body, message, details) => {
    const { stripe, port } = await startProvider();
    const response = await post(port, '/v1/payment_intents', body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { type: 'invalid_request_error', message: expect.stringContaining(message), ...details },
    });
    expect((await stripe.paymentIntents.list()).data).toEqual([]);
  });

  test("an unknown id, an unknown path and a missing key get Stripe's errors", async () => {
    const { stripe, port } = await startProvider();
    expect(await errorOf(stripe.paymentIntents.retrieve('pi_unknown'))).toMatchObject({
      statusCode: 404,
      code: 'resource_missing',
      param: 'intent',
      message: "No such payment_intent: 'pi_unknown'",
      requestId: expect.stringMatching(/^req_\w{14}$/),
    });
    expect(await errorOf(stripe.customers.list())).toMatchObject({
      statusCode: 404,
      message: expect.stringContaining('Unrecognized request URL (GET: /v1/customers)'),
    });
    const anonymous = await fetch(`http://127.0.0.1:${port}/v1/payment_intents`);
    expect(anonymous.status).toBe(401);
    expect(await anonymous.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
    const basic = `Basic ${Buffer.from('sk_test_local:').toString('base64')}`;
    expect(
      (await fetch(`http://127.0.0.1:${port}/v1/payment_intents`, { headers: { authorization: basic } })).status,
    ).toBe(200);
  });

  test("a refund reason is one of Stripe's", async () => {
    const { port } = await startProvider();
    const response = await post(port, '/v1/refunds', 'payment_intent=pi_1&reason=seat-taken');
    expect(await response.json()).toMatchObject({
      error: {
        param: 'reason',
        message: 'Invalid reason: must be one of duplicate, fraudulent, or requested_by_customer',
      },
    });
  });
});

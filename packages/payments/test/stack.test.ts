import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { statementsOn } from '@airline/infra/test/support/policy-statements';
import { consumerTimesOf, testServiceStack } from '@airline/infra/test/support/service-stack-contract';
import { describe, expect, test } from '@jest/globals';
import { handlersReserveMilliseconds } from '@airline/messaging/batch-time';
import { PaymentsStack } from '../infra/stack.ts';
import { guardLifetimeSeconds } from '../src/charge-guard.ts';
import { recordingMilliseconds } from '../src/handlers.ts';
import { stripeLimits } from '../src/stripe-payment-provider.ts';
import { subscriptions } from '../src/subscriptions.ts';

const template = testServiceStack({
  service: 'payments',
  create: () => new PaymentsStack(new App(), 'payments'),
  hears: subscriptions,
  says: ['PaymentOk', 'PaymentFailed', 'PaymentRefunded'],
  timeoutSeconds: 15,
});

describe('the payments stack', () => {
  test('gives one request to Stripe, with its second attempt, the time that it may take', () => {
    const { timeout } = consumerTimesOf(template(), 'payments');
    const { attempts, timeoutMilliseconds, pauseMilliseconds, leastMilliseconds } = stripeLimits;
    const request = attempts * timeoutMilliseconds + (attempts - 1) * pauseMilliseconds;
    // The record keeps what a request achieved. So one request a delivery is enough, however many a booking needs.
    expect(request + recordingMilliseconds + handlersReserveMilliseconds).toBeLessThanOrEqual(timeout * 1000);
    expect(leastMilliseconds).toBeLessThan(timeoutMilliseconds);
  });

  test('guards a charge until its run has ended, and keeps the answer for all tries of a message', () => {
    const { timeout, visibility, receives } = consumerTimesOf(template(), 'payments');
    // The guard of a run that dies ends with its function's time. The requests to Stripe end earlier.
    expect(recordingMilliseconds + handlersReserveMilliseconds).toBeLessThan(timeout * 1000);
    expect(guardLifetimeSeconds).toBeGreaterThan(receives * visibility);
  });

  test('may read its one secret, by name, and no other parameter', () => {
    const reading = statementsOn(template(), 'ssm');
    expect(reading.map(({ Action }) => Action)).toEqual(['ssm:GetParameter']);
    expect(JSON.stringify(reading[0]!.Resource)).toContain(':parameter/airline/payments/stripe-api-key"');
  });

  test('reads and writes single items of its table', () => {
    expect(statementsOn(template(), 'dynamodb').map(({ Action }) => Action)).toEqual([
      ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'],
    ]);
  });

  test('names the secret to its function, and Stripe only where another address is given', () => {
    const variables = (of: Template): Record<string, unknown> => {
      const functions = Object.values(of.findResources('AWS::Lambda::Function', { Properties: { Timeout: 15 } }));
      return (functions[0]!.Properties as { Environment: { Variables: Record<string, unknown> } }).Environment
        .Variables;
    };
    expect(variables(template())).toMatchObject({ STRIPE_API_KEY_PARAMETER: '/airline/payments/stripe-api-key' });
    expect(variables(template())).not.toHaveProperty('STRIPE_API_URL');
    const local = new PaymentsStack(new App({ context: { stripeApiUrl: 'http://127.0.0.1:12111' } }), 'payments');
    expect(variables(Template.fromStack(local))).toMatchObject({ STRIPE_API_URL: 'http://127.0.0.1:12111' });
  });
});

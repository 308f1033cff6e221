import { App } from 'aws-cdk-lib';
import { statementsOn } from '@airline/infra/test/support/policy-statements';
import { testServiceStack } from '@airline/infra/test/support/service-stack-contract';
import { describe, expect, test } from '@jest/globals';
import { StatusStack } from '../infra/stack.ts';
import { subscriptions } from '../src/subscriptions.ts';

const template = testServiceStack({
  service: 'status',
  create: () => new StatusStack(new App(), 'status'),
  hears: subscriptions,
  says: [],
  routes: ['GET /bookings/{bookingId}'],
});

describe('the status stack', () => {
  test('the consumer adds to the table and reads it, the API only reads it, and nobody changes or deletes a fact', () => {
    const onTables = statementsOn(template(), 'dynamodb').flatMap(({ Action }) => Action);
    expect(onTables.toSorted()).toEqual(['dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:Query']);
  });

  test('its function outlasts the longest wait, and the front door outlasts the function', () => {
    const functions = Object.values(
      template().findResources('AWS::Lambda::Function', { Properties: { Runtime: 'nodejs24.x' } }),
    );
    const timeouts = functions.map(({ Properties }) => (Properties as { Timeout: number }).Timeout);
    expect(timeouts.toSorted((a, b) => a - b)).toEqual([10, 29]);
  });
});

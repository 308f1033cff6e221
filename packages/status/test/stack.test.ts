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
    expect(onTables.toSorted()).toEqual(['dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:Query', 'dynamodb:Query']);
  });

  test('its function outlasts the longest wait, and the front door outlasts the function', () => {
    const functions = Object.values(
      template().findResources('AWS::Lambda::Function', { Properties: { Runtime: 'nodejs24.x' } }),
    );
    const timeouts = functions.map(({ Properties }) => (Properties as { Timeout: number }).Timeout);
    expect(timeouts.toSorted((a, b) => a - b)).toEqual([10, 10, 29]);
  });

  test('measures every five minutes how long the oldest unsettled booking has waited, and reads only the index', () => {
    template().hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'rate(5 minutes)', State: 'ENABLED' });
    const onIndex = statementsOn(template(), 'dynamodb').filter(({ Resource }) =>
      JSON.stringify(Resource).includes('index'),
    );
    expect(onIndex).toHaveLength(1);
    expect(JSON.stringify(onIndex)).toContain('/index/unsettled');
    template().hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'OldestUnsettledSeconds',
      Threshold: 900,
    });
  });
});

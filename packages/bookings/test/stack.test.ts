import { App } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { statementsOn } from '@airline/infra/test/support/policy-statements';
import { testServiceStack } from '@airline/infra/test/support/service-stack-contract';
import { describe, expect, test } from '@jest/globals';
import { BookingsStack } from '../infra/stack.ts';
import { subscriptions } from '../src/subscriptions.ts';

const template = testServiceStack({
  service: 'bookings',
  create: () => new BookingsStack(new App(), 'bookings'),
  hears: subscriptions,
  says: ['BookingRequested', 'BookingCancelled'],
  routes: ['POST /bookings', 'DELETE /bookings/{bookingId}'],
});

describe('the bookings stack', () => {
  test('its API is a function that holds an idempotency key for ten seconds at most', () => {
    template().hasResourceProperties('AWS::Lambda::Function', {
      Timeout: 10,
      Environment: {
        Variables: {
          BOOKINGS_TABLE_NAME: Match.anyValue(),
          EVENT_BUS_NAME: Match.anyValue(),
          BOOKING_EXPIRES_AFTER_SECONDS: '600',
          DEAD_LETTER_QUEUE_URL: Match.absent(),
        },
      },
    });
  });

  test('its API says its events, its consumer nothing', () => {
    expect(statementsOn(template(), 'events', /Consumer/)).toEqual([]);
  });

  test('the consumer writes flights, the API reads them and keeps keys', () => {
    const [table] = Object.keys(template().findResources('AWS::DynamoDB::Table'));
    const own = [{ 'Fn::GetAtt': [table, 'Arn'] }];
    expect(statementsOn(template(), 'dynamodb', /Consumer/)).toMatchObject([
      { Action: 'dynamodb:PutItem', Resource: own },
    ]);
    expect(statementsOn(template(), 'dynamodb', /^Api/)).toMatchObject([
      { Action: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'], Resource: own },
    ]);
  });

  test.each(['soon', 0, 1.5, 100_000])(
    'refuses bookingExpiresAfterSeconds = %j in a sentence',
    (bookingExpiresAfterSeconds) => {
      const app = new App({ context: { bookingExpiresAfterSeconds } });
      expect(() => new BookingsStack(app, 'bookings')).toThrow(
        'Context value bookingExpiresAfterSeconds must be a whole number of seconds',
      );
    },
  );
});

import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { BookingsStack } from '../infra/stack.ts';

interface Statement {
  Action: string | string[];
  Resource: unknown;
  Condition?: unknown;
}

interface Policy {
  Properties: { PolicyDocument: { Statement: Statement[] } };
}

let template: Template;

beforeAll(() => {
  template = Template.fromStack(new BookingsStack(new App(), 'bookings'));
}, 60_000);

/** What the roles whose policies bear such a name may do. */
function statementsOf(name: RegExp): Statement[] {
  const policies = Object.entries(template.findResources('AWS::IAM::Policy')).filter(([id]) => name.test(id));
  return policies.flatMap(([, policy]) => (policy as Policy).Properties.PolicyDocument.Statement);
}

const withAction = (statements: Statement[], action: RegExp): Statement[] =>
  statements.filter(({ Action }) => [Action].flat().some((name) => action.test(name)));

describe('the bookings stack', () => {
  test('hears FlightScheduled, and nothing else', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: { source: ['airline.flights'], 'detail-type': ['FlightScheduled'] },
      Targets: [{ DeadLetterConfig: { Arn: Match.anyValue() } }],
    });
    template.resourceCountIs('AWS::Events::Rule', 1);
  });

  test('gives a message five tries, and each try six times the time that it may take', () => {
    template.hasResourceProperties('AWS::SQS::Queue', {
      QueueName: 'airline-bookings',
      VisibilityTimeout: 60,
      RedrivePolicy: { maxReceiveCount: 5 },
    });
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });

  test('keeps dead letters of both kinds for 14 days', () => {
    for (const QueueName of ['airline-bookings-dead-letters', 'airline-bookings-undelivered']) {
      template.hasResourceProperties('AWS::SQS::Queue', { QueueName, MessageRetentionPeriod: 14 * 24 * 3600 });
    }
  });

  test('serves its two routes from a function that holds an idempotency key for ten seconds at most', () => {
    for (const RouteKey of ['POST /bookings', 'DELETE /bookings/{bookingId}']) {
      template.hasResourceProperties('AWS::ApiGatewayV2::Route', { RouteKey });
    }
    template.resourceCountIs('AWS::ApiGatewayV2::Route', 2);
    template.hasResourceProperties('AWS::Lambda::Function', {
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

  test('its API may say its two events as airline.bookings, and its consumer nothing', () => {
    expect(withAction(statementsOf(/./), /^events:/).map(({ Action, Condition }) => ({ Action, Condition }))).toEqual([
      {
        Action: 'events:PutEvents',
        Condition: {
          StringEquals: {
            'events:source': 'airline.bookings',
            'events:detail-type': ['BookingRequested', 'BookingCancelled'],
          },
        },
      },
    ]);
    expect(withAction(statementsOf(/Consumer/), /^events:/)).toEqual([]);
  });

  test('touches its own table only: the consumer writes flights, the API reads them and keeps keys', () => {
    const [table] = Object.keys(template.findResources('AWS::DynamoDB::Table'));
    const granted = (name: RegExp) => withAction(statementsOf(name), /^dynamodb:/);
    const own = [{ 'Fn::GetAtt': [table, 'Arn'] }];
    expect(granted(/Consumer/)).toMatchObject([{ Action: 'dynamodb:PutItem', Resource: own }]);
    expect(granted(/^Api/)).toMatchObject([
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

  test('forgets idempotency keys by the attribute that Powertools writes', () => {
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      TableName: 'airline-bookings',
      TimeToLiveSpecification: { AttributeName: 'expiresAtEpoch', Enabled: true },
    });
  });
});

import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { SeatsStack } from '../infra/stack.ts';

let template: Template;

beforeAll(() => {
  template = Template.fromStack(new SeatsStack(new App(), 'seats'));
}, 60_000);

describe('the seats stack', () => {
  test.each([
    ['airline.flights', ['FlightScheduled']],
    ['airline.bookings', ['BookingRequested', 'BookingCancelled']],
    ['airline.payments', ['PaymentOk', 'PaymentFailed']],
  ])('hears %s', (source, detailTypes) => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: { source: [source], 'detail-type': detailTypes },
      Targets: [{ DeadLetterConfig: { Arn: Match.anyValue() } }],
    });
  });

  test('hears nothing else', () => {
    template.resourceCountIs('AWS::Events::Rule', 3);
  });

  test('gives a message five tries, and each try six times the time that it may take', () => {
    template.hasResourceProperties('AWS::SQS::Queue', {
      QueueName: 'airline-seats',
      VisibilityTimeout: 60,
      RedrivePolicy: { maxReceiveCount: 5 },
    });
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });

  test('keeps dead letters of both kinds for 14 days', () => {
    for (const QueueName of ['airline-seats-dead-letters', 'airline-seats-undelivered']) {
      template.hasResourceProperties('AWS::SQS::Queue', { QueueName, MessageRetentionPeriod: 14 * 24 * 3600 });
    }
  });

  test('may say its own three events as airline.seats, and nothing else', () => {
    const statements = Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
      (policy) =>
        (policy.Properties as { PolicyDocument: { Statement: { Action: string; Condition?: unknown }[] } })
          .PolicyDocument.Statement,
    );
    const putting = statements.filter(({ Action }) => Action === 'events:PutEvents');
    expect(putting.map(({ Condition }) => Condition)).toEqual([
      {
        StringEquals: {
          'events:source': 'airline.seats',
          'events:detail-type': ['SeatBooked', 'SeatUnavailable', 'SeatReleased'],
        },
      },
    ]);
  });

  test('may send the hold timer to its own queue, and knows how long a hold lasts', () => {
    const [queue] = Object.keys(
      template.findResources('AWS::SQS::Queue', { Properties: { QueueName: 'airline-seats' } }),
    );
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: Match.arrayWith(['sqs:ChangeMessageVisibility']),
            Resource: { 'Fn::GetAtt': [queue, 'Arn'] },
          }),
          Match.objectLike({
            Action: Match.arrayWith(['sqs:SendMessage']),
            Resource: { 'Fn::GetAtt': [queue, 'Arn'] },
          }),
        ]),
      },
    });
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({
          QUEUE_URL: { Ref: queue },
          HOLD_DEFAULT_SECONDS: '600',
          HOLD_GRACE_SECONDS: '60',
        }),
      },
    });
  });

  test('refuses a grace that is no number of seconds', () => {
    const app = new App({ context: { holdGraceSeconds: '1m' } });
    expect(() => new SeatsStack(app, 'seats')).toThrow(
      'Context value holdGraceSeconds must be a whole number of seconds from 0 to 86400; it is "1m".',
    );
  });

  test('has its two routes, served by two functions of their own code', () => {
    for (const RouteKey of ['GET /flights', 'GET /flights/{flightId}/seats']) {
      template.hasResourceProperties('AWS::ApiGatewayV2::Route', { RouteKey });
    }
    const functions = Object.values(
      template.findResources('AWS::Lambda::Function', { Properties: { Runtime: 'nodejs24.x' } }),
    );
    const keys = functions.map(({ Properties }) => (Properties as { Code: { S3Key: string } }).Code.S3Key);
    expect(new Set(keys).size).toBe(2);
  });
});

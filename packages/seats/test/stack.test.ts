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
    ['airline.bookings', ['BookingRequested']],
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
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', { FunctionResponseTypes: ['ReportBatchItemFailures'] });
  });

  test('keeps dead letters of both kinds for 14 days', () => {
    for (const QueueName of ['airline-seats-dead-letters', 'airline-seats-undelivered']) {
      template.hasResourceProperties('AWS::SQS::Queue', { QueueName, MessageRetentionPeriod: 14 * 24 * 3600 });
    }
  });

  test('may say its own three events as airline.seats, and nothing else', () => {
    const statements = Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
      (policy) => (policy.Properties as { PolicyDocument: { Statement: { Action: string; Condition?: unknown }[] } }).PolicyDocument.Statement,
    );
    const putting = statements.filter(({ Action }) => Action === 'events:PutEvents');
    expect(putting.map(({ Condition }) => Condition)).toEqual([
      { StringEquals: { 'events:source': 'airline.seats', 'events:detail-type': ['SeatBooked', 'SeatUnavailable', 'SeatReleased'] } },
    ]);
  });

  test('has its two routes, served by two functions of their own code', () => {
    for (const RouteKey of ['GET /flights', 'GET /flights/{flightId}/seats']) {
      template.hasResourceProperties('AWS::ApiGatewayV2::Route', { RouteKey });
    }
    const functions = Object.values(template.findResources('AWS::Lambda::Function', { Properties: { Runtime: 'nodejs24.x' } }));
    const keys = functions.map(({ Properties }) => (Properties as { Code: { S3Key: string } }).Code.S3Key);
    expect(new Set(keys).size).toBe(2);
  });
});

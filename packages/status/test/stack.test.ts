import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { StatusStack } from '../infra/stack.ts';

let template: Template;

beforeAll(() => {
  template = Template.fromStack(new StatusStack(new App(), 'status'));
}, 60_000);

interface Statement {
  Action: string | string[];
  Resource: unknown;
}
const statements = (): Statement[] =>
  Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
    (policy) => (policy.Properties as { PolicyDocument: { Statement: Statement[] } }).PolicyDocument.Statement,
  );

describe('the status stack', () => {
  test.each([
    ['airline.bookings', ['BookingRequested', 'BookingCancelled']],
    ['airline.seats', ['SeatBooked', 'SeatUnavailable', 'SeatReleased']],
    ['airline.payments', ['PaymentOk', 'PaymentFailed', 'PaymentRefunded']],
    ['airline.receipts', ['ReceiptIssued']],
  ])('hears %s', (source, detailTypes) => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: { source: [source], 'detail-type': detailTypes },
      Targets: [{ DeadLetterConfig: { Arn: Match.anyValue() } }],
    });
  });

  test('hears nothing else', () => {
    template.resourceCountIs('AWS::Events::Rule', 4);
  });

  test('gives a message five tries, and each try six times the time that it may take', () => {
    template.hasResourceProperties('AWS::SQS::Queue', {
      QueueName: 'airline-status',
      VisibilityTimeout: 60,
      RedrivePolicy: { maxReceiveCount: 5 },
    });
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });

  test('keeps dead letters of both kinds for 14 days', () => {
    for (const QueueName of ['airline-status-dead-letters', 'airline-status-undelivered']) {
      template.hasResourceProperties('AWS::SQS::Queue', { QueueName, MessageRetentionPeriod: 14 * 24 * 3600 });
    }
  });

  test('says nothing: no function may put events', () => {
    expect(statements().flatMap(({ Action }) => Action)).not.toContain('events:PutEvents');
  });

  test('the consumer adds to the table and reads it, the API only reads it, and nobody changes or deletes a fact', () => {
    const onTables = statements().flatMap(({ Action }) =>
      [Action].flat().filter((action) => action.startsWith('dynamodb:')),
    );
    expect(onTables.toSorted()).toEqual(['dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:Query']);
  });

  test('has its one route', () => {
    template.resourceCountIs('AWS::ApiGatewayV2::Route', 1);
    template.hasResourceProperties('AWS::ApiGatewayV2::Route', { RouteKey: 'GET /bookings/{bookingId}' });
  });

  test('its function outlasts the longest wait, and the front door outlasts the function', () => {
    const functions = Object.values(
      template.findResources('AWS::Lambda::Function', { Properties: { Runtime: 'nodejs24.x' } }),
    );
    const timeouts = functions.map(({ Properties }) => (Properties as { Timeout: number }).Timeout);
    expect(timeouts.toSorted((a, b) => a - b)).toEqual([10, 29]);
  });
});

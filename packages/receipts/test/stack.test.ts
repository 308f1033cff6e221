import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { ReceiptsStack } from '../infra/stack.ts';

let template: Template;

beforeAll(() => {
  template = Template.fromStack(
    new ReceiptsStack(new App({ context: { receiptsFrom: 'tickets@fly.example' } }), 'receipts'),
  );
}, 60_000);

interface Statement {
  Action: string | string[];
  Resource: unknown;
  Condition?: unknown;
}
const statementsOn = (service: string): Statement[] =>
  Object.values(template.findResources('AWS::IAM::Policy'))
    .flatMap((policy) => (policy.Properties as { PolicyDocument: { Statement: Statement[] } }).PolicyDocument.Statement)
    .filter(({ Action }) => [Action].flat().some((action) => action.startsWith(`${service}:`)));

describe('the receipts stack', () => {
  test.each([
    ['airline.bookings', ['BookingRequested', 'BookingCancelled']],
    ['airline.seats', ['SeatBooked', 'SeatReleased']],
    ['airline.payments', ['PaymentOk', 'PaymentRefunded']],
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
      QueueName: 'airline-receipts',
      VisibilityTimeout: 60,
      RedrivePolicy: { maxReceiveCount: 5 },
    });
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });

  test('keeps dead letters of both kinds for 14 days', () => {
    for (const QueueName of ['airline-receipts-dead-letters', 'airline-receipts-undelivered']) {
      template.hasResourceProperties('AWS::SQS::Queue', { QueueName, MessageRetentionPeriod: 14 * 24 * 3600 });
    }
  });

  test('its table forgets what it may forget', () => {
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      TableName: 'airline-receipts',
      TimeToLiveSpecification: { AttributeName: 'expiresAtEpoch', Enabled: true },
    });
  });

  test('may say ReceiptIssued as airline.receipts, and nothing else', () => {
    expect(statementsOn('events').map(({ Condition }) => Condition)).toEqual([
      { StringEquals: { 'events:source': 'airline.receipts', 'events:detail-type': ['ReceiptIssued'] } },
    ]);
  });

  test('may send mail from its own address only', () => {
    const [statement, ...others] = statementsOn('ses');
    expect(others).toEqual([]);
    expect(statement).toMatchObject({
      Action: 'ses:SendEmail',
      Condition: { StringEquals: { 'ses:FromAddress': 'tickets@fly.example' } },
    });
    expect(JSON.stringify(statement!.Resource)).toMatch(/:identity\/tickets@fly\.example".*:identity\/fly\.example"/);
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ RECEIPTS_FROM: 'tickets@fly.example' }) },
    });
  });

  test('reads and writes single items of its own table', () => {
    expect(statementsOn('dynamodb').map(({ Action }) => Action)).toEqual([
      ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'],
    ]);
  });

  test('has no route', () => {
    template.resourceCountIs('AWS::ApiGatewayV2::Route', 0);
  });

  const noAddresses = ['Airline <receipts@airline.example>', 'receipts', 'receipts@*', ''];
  test.each(noAddresses)('refuses the sender %j in a sentence', (receiptsFrom) => {
    const app = new App({ context: { receiptsFrom } });
    expect(() => new ReceiptsStack(app, 'receipts')).toThrow('Context value receiptsFrom must be');
  });
});

import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { PaymentsStack } from '../infra/stack.ts';

interface Statement {
  Action: string | string[];
  Resource: unknown;
  Condition?: unknown;
}

let template: Template;
let statements: Statement[];

beforeAll(() => {
  template = Template.fromStack(new PaymentsStack(new App(), 'payments'));
  statements = Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
    (policy) => (policy.Properties as { PolicyDocument: { Statement: Statement[] } }).PolicyDocument.Statement,
  );
}, 60_000);

const having = (action: string): Statement[] => statements.filter(({ Action }) => [Action].flat().includes(action));

describe('the payments stack', () => {
  test.each([
    { source: ['airline.bookings'], 'detail-type': ['BookingRequested', 'BookingCancelled'] },
    { source: ['airline.seats'], 'detail-type': ['SeatUnavailable'] },
    {
      source: ['airline.seats'],
      'detail-type': ['SeatReleased'],
      detail: { data: { reason: [{ 'anything-but': 'payment-failed' }] } },
    },
  ])('hears %j', (EventPattern) => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern,
      Targets: [{ DeadLetterConfig: { Arn: Match.anyValue() } }],
    });
  });

  test('hears nothing else', () => {
    template.resourceCountIs('AWS::Events::Rule', 3);
  });

  test('gives a message five tries, and each try six times the time that it may take', () => {
    template.hasResourceProperties('AWS::Lambda::Function', { Timeout: 15, Runtime: 'nodejs24.x' });
    template.hasResourceProperties('AWS::SQS::Queue', {
      QueueName: 'airline-payments',
      VisibilityTimeout: 90,
      RedrivePolicy: { maxReceiveCount: 5 },
    });
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });

  test('keeps dead letters of both kinds for 14 days', () => {
    for (const QueueName of ['airline-payments-dead-letters', 'airline-payments-undelivered']) {
      template.hasResourceProperties('AWS::SQS::Queue', { QueueName, MessageRetentionPeriod: 14 * 24 * 3600 });
    }
  });

  test('may say its own three events as airline.payments, and nothing else', () => {
    expect(having('events:PutEvents').map(({ Condition }) => Condition)).toEqual([
      {
        StringEquals: {
          'events:source': 'airline.payments',
          'events:detail-type': ['PaymentOk', 'PaymentFailed', 'PaymentRefunded'],
        },
      },
    ]);
  });

  test('may read its one secret, by name, and no other parameter', () => {
    const reading = statements.filter(({ Action }) =>
      [Action].flat().some((action) => action.startsWith('ssm:') || action === '*'),
    );
    expect(reading.map(({ Action }) => Action)).toEqual(['ssm:GetParameter']);
    expect(JSON.stringify(reading[0]!.Resource)).toContain(':parameter/airline/payments/stripe-api-key"');
  });

  test('may touch its own table only', () => {
    const tables = having('dynamodb:PutItem').flatMap(({ Resource }) => JSON.stringify(Resource));
    expect(tables).toHaveLength(1);
    expect(tables[0]).toMatch(/^\[?\{"Fn::GetAtt":\["Table/);
  });

  test('has its table forget what has expired', () => {
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      TableName: 'airline-payments',
      TimeToLiveSpecification: { AttributeName: 'expiresAtEpoch', Enabled: true },
    });
  });

  test('names the secret to its function, and Stripe only where another address is given', () => {
    const variables = (of: Template): Record<string, unknown> => {
      const functions = Object.values(of.findResources('AWS::Lambda::Function', { Properties: { Timeout: 15 } }));
      return (functions[0]!.Properties as { Environment: { Variables: Record<string, unknown> } }).Environment
        .Variables;
    };
    expect(variables(template)).toMatchObject({ STRIPE_API_KEY_PARAMETER: '/airline/payments/stripe-api-key' });
    expect(variables(template)).not.toHaveProperty('STRIPE_API_URL');
    const local = new PaymentsStack(new App({ context: { stripeApiUrl: 'http://127.0.0.1:12111' } }), 'payments');
    expect(variables(Template.fromStack(local))).toMatchObject({ STRIPE_API_URL: 'http://127.0.0.1:12111' });
  });
});

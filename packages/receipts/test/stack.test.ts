import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { statementsOn } from '@airline/infra/test/support/policy-statements';
import { testServiceStack } from '@airline/infra/test/support/service-stack-contract';
import { longestPostponementSeconds } from '@airline/messaging/postpone';
import { describe, expect, test } from '@jest/globals';
import { ReceiptsStack } from '../infra/stack.ts';
import { subscriptions } from '../src/subscriptions.ts';

const template = testServiceStack({
  service: 'receipts',
  create: () => new ReceiptsStack(new App({ context: { receiptsFrom: 'tickets@fly.example' } }), 'receipts'),
  hears: subscriptions,
  says: ['ReceiptIssued'],
});

describe('the receipts stack', () => {
  test('may send mail from its own address only, to any identity of the account and with its configuration set', () => {
    const [statement, ...others] = statementsOn(template(), 'ses');
    expect(others).toEqual([]);
    expect(statement).toMatchObject({
      Action: 'ses:SendEmail',
      Condition: { StringEquals: { 'ses:FromAddress': 'tickets@fly.example' } },
    });
    expect(JSON.stringify(statement!.Resource)).toMatch(/:identity\/\*".*:configuration-set\/airline-receipts"/);
    template().hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({
          RECEIPTS_FROM: 'tickets@fly.example',
          CONFIGURATION_SET_NAME: 'airline-receipts',
        }),
      },
    });
  });

  test('has SES count bounces, complaints and rejects, which an alarm watches, and publish no address', () => {
    template().hasResource('AWS::SES::ConfigurationSetEventDestination', {
      Properties: {
        ConfigurationSetName: 'airline-receipts',
        EventDestination: {
          Enabled: true,
          MatchingEventTypes: ['bounce', 'complaint', 'reject'],
          CloudWatchDestination: {
            DimensionConfigurations: [
              {
                DimensionName: 'ses:configuration-set',
                DimensionValueSource: 'messageTag',
                DefaultDimensionValue: 'airline-receipts',
              },
            ],
          },
          SnsDestination: Match.absent(),
        },
      },
      DependsOn: [Match.anyValue()],
    });
    template().hasResourceProperties('AWS::SES::ConfigurationSet', { Name: 'airline-receipts' });
    const watched = ['Bounce', 'Complaint', 'Reject'].map((MetricName) =>
      Match.objectLike({
        MetricStat: Match.objectLike({
          Metric: {
            Namespace: 'AWS/SES',
            MetricName,
            Dimensions: [{ Name: 'ses:configuration-set', Value: 'airline-receipts' }],
          },
        }),
      }),
    );
    template().hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'airline-receipts-mails-returned',
      Metrics: [Match.objectLike({ Expression: Match.stringLikeRegexp('FILL') }), ...watched],
    });
  });

  test('has an alarm on waiting mails that stays on from one postponement to the next', () => {
    const [alarm] = Object.values(
      template().findResources('AWS::CloudWatch::Alarm', {
        Properties: { AlarmName: 'airline-receipts-mails-waiting', MetricName: 'MessageWaiting' },
      }),
    );
    const { EvaluationPeriods, Period, DatapointsToAlarm } = alarm!.Properties as Record<string, number>;
    expect(DatapointsToAlarm).toBe(1);
    expect(EvaluationPeriods! * Period!).toBeGreaterThan(1.5 * longestPostponementSeconds);
  });

  test('may send postponed messages to its own queue, and the alarm on its oldest message allows for their delay', () => {
    const own = statementsOn(template(), 'sqs').filter(
      ({ Action, Resource }) =>
        [Action].flat().includes('sqs:SendMessage') && JSON.stringify(Resource).includes('ConsumerQueue'),
    );
    expect(own).toHaveLength(1);
    const [alarm] = Object.values(
      template().findResources('AWS::CloudWatch::Alarm', {
        Properties: { AlarmName: 'airline-receipts-oldest-message' },
      }),
    );
    expect((alarm!.Properties as { Threshold: number }).Threshold).toBeGreaterThan(longestPostponementSeconds);
  });

  test.each([
    [{}, 2],
    [{ receiptsConcurrency: 14 }, 14],
    [{ consumerConcurrency: 50 }, 2],
  ])('%j: handles %d batches at once', (context, MaximumConcurrency) => {
    Template.fromStack(new ReceiptsStack(new App({ context }), 'receipts')).hasResourceProperties(
      'AWS::Lambda::EventSourceMapping',
      { ScalingConfig: { MaximumConcurrency } },
    );
  });

  test('reads and writes single items of its own table', () => {
    expect(statementsOn(template(), 'dynamodb').map(({ Action }) => Action)).toEqual([
      ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'],
    ]);
  });

  const noAddresses = ['Airline <receipts@airline.example>', 'receipts', 'receipts@*', ''];
  test.each(noAddresses)('refuses the sender %j in a sentence', (receiptsFrom) => {
    const app = new App({ context: { receiptsFrom } });
    expect(() => new ReceiptsStack(app, 'receipts')).toThrow('Context value receiptsFrom must be');
  });
});

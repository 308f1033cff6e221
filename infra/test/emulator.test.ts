import { describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Alarm, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { removeUnsupportedResources } from '../src/emulator.ts';
import { PlatformStack } from '../src/platform-stack.ts';
import { grantPutEvents } from '../src/put-events-policy.ts';

function synthesize(emulator?: unknown): Template {
  const app = new App({ context: { login: 'off', ...(emulator !== undefined && { emulator }) } });
  removeUnsupportedResources(app);
  return Template.fromStack(new PlatformStack(app, 'platform'));
}

describe('the context value emulator', () => {
  test.each([true, 'true'])(
    '%j removes the archive, the schema registry and the delivery of what the bus logs, and leaves every other resource as it is',
    (value) => {
      const onEmulator = synthesize(value).toJSON() as { Resources: Record<string, unknown> };
      const onAws = synthesize().toJSON() as { Resources: Record<string, { Type: string }> };
      expect(
        Object.keys(onAws.Resources)
          .filter((id) => !(id in onEmulator.Resources))
          .map((id) => onAws.Resources[id]!.Type),
      ).toEqual([
        'AWS::Logs::DeliveryDestination',
        'AWS::Logs::DeliverySource',
        'AWS::Logs::Delivery',
        'AWS::Events::Archive',
        'AWS::EventSchemas::Registry',
        'AWS::EventSchemas::Schema',
      ]);
      // The policies of the roles for commands are adapted, as below.
      for (const [id, resource] of Object.entries(onEmulator.Resources))
        if (!/^(OperatorRoles|SmokeRole).*Policy/.test(id)) expect(resource).toEqual(onAws.Resources[id]);
      expect(JSON.stringify(onEmulator).match(/\{"(Ref|Fn::GetAtt)":\[?"Archive(?!Key)/g)).toBeNull();
    },
  );

  test.each([undefined, false, 'false'])('%j changes nothing', (value) => {
    synthesize(value).resourceCountIs('AWS::Events::Archive', 1);
  });

  test('adapts permissions that the emulator cannot evaluate, and no others', () => {
    const app = new App({ context: { emulator: 'true' } });
    removeUnsupportedResources(app);
    const stack = new Stack(app, 'catering');
    const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    const condition = { StringEquals: { 'aws:PrincipalTag/team': 'catering' } };
    const actions = ['dynamodb:PutItem'];
    role.addToPrincipalPolicy(
      new PolicyStatement({ actions, resources: ['arn:aws:dynamodb:*:*:table/a'], conditions: condition }),
    );
    const bus = EventBus.fromEventBusName(stack, 'Bus', 'airline');
    grantPutEvents(role, { bus, source: 'airline.catering', detailTypes: ['MealServed'] });
    const meals = 'arn:aws:sqs:eu-west-1:1:meals';
    role.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['sqs:SendMessage', 'sqs:ReceiveMessage'], resources: [meals] }),
    );
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: [
          {
            Action: 'dynamodb:PutItem',
            Effect: 'Allow',
            Resource: 'arn:aws:dynamodb:*:*:table/a',
            Condition: condition,
          },
          { Action: 'events:PutEvents', Effect: 'Allow', Resource: '*', Condition: Match.absent() },
          // A batch is an action of its own there. The limit stays.
          {
            Action: ['sqs:SendMessage', 'sqs:ReceiveMessage', 'sqs:SendMessageBatch'],
            Effect: 'Allow',
            Resource: meals,
          },
        ],
      },
    });
  });

  test('makes an alarm on a sum of metrics watch the first of them', () => {
    const app = new App({ context: { emulator: 'true' } });
    removeUnsupportedResources(app);
    const stack = new Stack(app, 'catering');
    const metric = (metricName: string) => new Metric({ namespace: 'airline', metricName, statistic: 'Sum' });
    const sum = new MathExpression({
      expression: 'a + b',
      usingMetrics: { a: metric('MealsLost'), b: metric('MealsLate') },
    });
    new Alarm(stack, 'Alarm', { metric: sum, threshold: 1, evaluationPeriods: 1 });
    Template.fromStack(stack).hasResourceProperties('AWS::CloudWatch::Alarm', {
      Metrics: Match.absent(),
      Namespace: 'airline',
      MetricName: 'MealsLost',
      Period: 300,
      Statistic: 'Sum',
    });
  });

  test('is refused if it is neither true nor false', () => {
    expect(() => synthesize('ministack')).toThrow('Context value emulator must be true or false; it is "ministack".');
  });
});

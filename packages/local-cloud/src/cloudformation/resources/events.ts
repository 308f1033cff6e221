import type { RuleTarget } from '../../event-bridge/event-bridge.ts';
import type { Properties } from './properties.ts';
import { ACCOUNT_ID, REGION } from '../../account.ts';
import { readRate } from '../../lambda/schedule.ts';
import { functionNameOf } from './lambda.ts';
import { physicalName } from './resource-kind.ts';
import type { Machine, ResourceKind } from './resource-kind.ts';

export const eventBus: ResourceKind = {
  properties: ['Name', 'Description'],
  // The dead-letter queue of a bus receives events that EventBridge could not decrypt. Nothing is encrypted here.
  withoutEffect: ['Tags', 'Policy', 'KmsKeyIdentifier', 'LogConfig', 'DeadLetterConfig'],
  create: ({ properties }, { eventBridge }) => {
    const { name, arn } = eventBridge.createEventBus(properties.requiredText('Name'), properties.text('Description'));
    return { ref: name, attributes: { Name: name, Arn: arn } };
  },
};

export const eventArchive: ResourceKind = {
  properties: ['ArchiveName', 'Description', 'EventPattern', 'RetentionDays', 'SourceArn'],
  withoutEffect: ['KmsKeyIdentifier'],
  create: ({ stackName, logicalId, properties }, { eventBridge }) => {
    const eventPattern = properties.object('EventPattern');
    const description = properties.text('Description');
    const { name, arn } = eventBridge.createArchive({
      name: properties.text('ArchiveName') ?? physicalName(stackName, logicalId, 48),
      eventSourceArn: properties.requiredText('SourceArn'),
      retentionDays: properties.number('RetentionDays') ?? 0,
      ...(eventPattern !== undefined && { eventPattern }),
      ...(description !== undefined && { description }),
    });
    return { ref: name, attributes: { ArchiveName: name, Arn: arn } };
  },
};

export const eventRule: ResourceKind = {
  properties: ['Name', 'Description', 'EventBusName', 'EventPattern', 'ScheduleExpression', 'State', 'Targets'],
  withoutEffect: ['RoleArn', 'Tags'],
  create: ({ stackName, logicalId, properties }, machine) => {
    const { eventBridge } = machine;
    const expression = properties.text('ScheduleExpression');
    if (expression !== undefined) {
      const name = properties.text('Name') ?? physicalName(stackName, logicalId, 64);
      return schedule(name, expression, properties, machine);
    }
    const eventPattern = properties.object('EventPattern') ?? properties.fail('EventPattern is missing');
    const state = properties.text('State') ?? 'ENABLED';
    if (state !== 'ENABLED' && state !== 'DISABLED')
      properties.fail(`the local cloud does not run rules in state ${state}`);
    const description = properties.text('Description');
    const name = properties.text('Name') ?? physicalName(stackName, logicalId, 64);
    const eventBusName = properties.text('EventBusName') ?? 'default';
    const busName = eventBusName.split('event-bus/').at(-1)!;
    const { arn } = eventBridge.putRule({
      name,
      eventBusName,
      eventPattern,
      state: state as 'ENABLED' | 'DISABLED',
      ...(description !== undefined && { description }),
      targets: properties.groups('Targets').map(ruleTarget),
    });
    // Ref of a rule on a custom bus is <bus>|<rule>; on the default bus it is the rule's name.
    return { ref: busName === 'default' ? name : `${busName}|${name}`, attributes: { Arn: arn } };
  },
};

function schedule(name: string, expression: string, properties: Properties, { schedules, functions }: Machine) {
  const everyMilliseconds =
    readRate(expression) ??
    properties.fail(`the local cloud runs schedules such as rate(5 minutes), not ${expression}`);
  if (properties.text('State') === 'DISABLED') properties.fail('the local cloud does not run a disabled schedule');
  if (properties.text('EventBusName') !== undefined) properties.fail('a schedule works on the default bus only');
  const arn = `arn:aws:events:${REGION}:${ACCOUNT_ID}:rule/${name}`;
  for (const target of properties.groups('Targets')) {
    target.allowOnly('Id', 'Arn', 'RetryPolicy');
    const functionName = functionNameOf(target.requiredText('Arn'));
    if (!functions.definition(functionName)) target.fail(`a schedule invokes functions only, not ${functionName}`);
    schedules.push({ ruleArn: arn, functionName, everyMilliseconds });
  }
  return { ref: name, attributes: { Arn: arn } };
}

function ruleTarget(target: Properties): RuleTarget {
  target.allowOnly('Id', 'Arn', 'RetryPolicy', 'DeadLetterConfig', 'RoleArn');
  const retry = target.group('RetryPolicy')?.allowOnly('MaximumRetryAttempts', 'MaximumEventAgeInSeconds');
  const deadLetterQueueArn = target.group('DeadLetterConfig')?.allowOnly('Arn').text('Arn');
  return {
    id: target.requiredText('Id'),
    arn: target.requiredText('Arn'),
    ...(deadLetterQueueArn !== undefined && { deadLetterQueueArn }),
    maximumRetryAttempts: retry?.number('MaximumRetryAttempts') ?? 185,
    maximumEventAgeSeconds: retry?.number('MaximumEventAgeInSeconds') ?? 86_400,
  };
}

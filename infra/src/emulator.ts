import { type App, Aspects, CfnResource, Stack } from 'aws-cdk-lib';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnPolicy } from 'aws-cdk-lib/aws-iam';

/**
 * Resource types that the emulator of `pnpm test:conformance` refuses ("Unrecognized resource types"), each with what
 * is missing on the emulator as a result. This is the only such list: add the type here when a stack starts to use
 * another one that the emulator refuses.
 */
const unsupportedTypes: Readonly<Record<string, string>> = {
  'AWS::CloudWatch::CompositeAlarm': 'alarms are not combined',
  'AWS::EventSchemas::Registry': 'schemas are in the repository only',
  'AWS::EventSchemas::RegistryPolicy': 'schemas are in the repository only',
  'AWS::EventSchemas::Schema': 'schemas are in the repository only',
  'AWS::Events::Archive': 'events cannot be replayed',
  'AWS::Events::EventBusPolicy': 'the bus has no resource policy',
  'AWS::Logs::Delivery': 'the bus logs nothing',
  'AWS::Logs::DeliveryDestination': 'the bus logs nothing',
  'AWS::Logs::DeliverySource': 'the bus logs nothing',
};

/**
 * The emulator does not know the resources or condition keys of these actions, and would deny every limited
 * statement: it compares the ARN of a log group without `:*`. The last two would refer to the archive, which is gone.
 */
const unlimitedActions: readonly string[] = [
  'events:PutEvents',
  'ses:SendEmail',
  'ssm:GetParametersByPath',
  'cloudformation:ListStackResources',
  'cloudwatch:DescribeAlarms',
  'events:ListTargetsByRule',
  'logs:FilterLogEvents',
  'logs:CreateLogStream',
  'logs:PutLogEvents',
  'events:DescribeEventBus',
  'events:DescribeArchive',
  'events:StartReplay',
];

/**
 * On AWS these permissions include the batch requests, and no action of that name exists
 * (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-batch-api-actions.html). The emulator
 * wants the batch as an action of its own.
 */
const batchedActions: readonly string[] = ['sqs:SendMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility'];

/**
 * Whether the context value `emulator` is `true` (`cdk deploy -c emulator=true`).
 * @throws Error when the value is neither `true` nor `false`
 */
export function isForEmulator(app: App): boolean {
  const given = String(app.node.tryGetContext('emulator') ?? false);
  if (given !== 'true' && given !== 'false') {
    throw new Error(`Context value emulator must be true or false; it is ${JSON.stringify(given)}.`);
  }
  return given === 'true';
}

/**
 * Adapts every stack of the app to an emulator, if the context value `emulator` is `true`; otherwise does nothing.
 * - Removes resources of the unsupported types. No other resource may refer to them.
 * - Removes the limits (resource and conditions) from permissions that the emulator cannot evaluate.
 * - Adds the batch requests to permissions that include them on AWS.
 * - Makes each alarm on a sum of metrics watch only the first of them.
 */
export function removeUnsupportedResources(app: App): void {
  if (!isForEmulator(app)) return;
  Aspects.of(app).add({
    visit(node) {
      if (!CfnResource.isCfnResource(node)) return;
      if (node.cfnResourceType in unsupportedTypes) node.node.scope!.node.tryRemoveChild(node.node.id);
      if (node instanceof CfnPolicy) adaptPolicy(node);
      if (node instanceof CfnAlarm) watchFirstMetricOnly(node);
    },
  });
}

function adaptPolicy(policy: CfnPolicy): void {
  const document = Stack.of(policy).resolve(policy.policyDocument) as { Statement: { Action: string | string[] }[] };
  for (const [index, { Action }] of document.Statement.entries()) {
    const actions = [Action].flat();
    const batches = actions.filter((action) => batchedActions.includes(action)).map((action) => `${action}Batch`);
    if (batches.length > 0)
      policy.addPropertyOverride(`PolicyDocument.Statement.${index}.Action`, [...actions, ...batches]);
    if (!actions.every((action) => unlimitedActions.includes(action))) continue;
    policy.addPropertyOverride(`PolicyDocument.Statement.${index}.Resource`, '*');
    policy.addPropertyDeletionOverride(`PolicyDocument.Statement.${index}.Condition`);
  }
}

/** The emulator does not evaluate metric math, so an alarm on a sum watches the sum's first metric. */
function watchFirstMetricOnly(alarm: CfnAlarm): void {
  const metrics = Stack.of(alarm).resolve(alarm.metrics) as CfnAlarm.MetricDataQueryProperty[] | undefined;
  const first = metrics?.map(({ metricStat }) => metricStat as CfnAlarm.MetricStatProperty | undefined).find(Boolean);
  if (!first) return;
  const { metricName, namespace, dimensions } = first.metric as CfnAlarm.MetricProperty;
  alarm.metrics = undefined;
  Object.assign(alarm, { metricName, namespace, dimensions, period: first.period, statistic: first.stat });
}

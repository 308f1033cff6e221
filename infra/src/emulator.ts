import { type App, Aspects, CfnResource, Stack } from 'aws-cdk-lib';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnPolicy } from 'aws-cdk-lib/aws-iam';

/**
 * The types of resource that the emulator of `pnpm test:conformance` refuses ("Unrecognized resource types"), and what an airline
 * without them lacks. The one list of them: a stack that gains such a type gains a line here.
 */
const LACKING_IN_EMULATORS: Readonly<Record<string, string>> = {
  'AWS::CloudWatch::CompositeAlarm': 'its alarms stand alone',
  'AWS::EventSchemas::Registry': 'schemas are in the repository only',
  'AWS::EventSchemas::RegistryPolicy': 'schemas are in the repository only',
  'AWS::EventSchemas::Schema': 'schemas are in the repository only',
  'AWS::Events::Archive': 'events cannot be replayed',
  'AWS::Events::EventBusPolicy': 'the bus has no policy of its own',
};

/** Actions whose resources or condition keys the emulator does not know: a statement that names them would never allow anything. */
const ALLOWED_AT_LARGE: readonly string[] = ['events:PutEvents', 'ses:SendEmail'];

/**
 * Whether the context value `emulator` is `true` (`cdk deploy -c emulator=true`).
 * @throws Error when it is neither `true` nor `false`
 */
export function isForEmulator(app: App): boolean {
  const given = String(app.node.tryGetContext('emulator') ?? false);
  if (given !== 'true' && given !== 'false') {
    throw new Error(`Context value emulator must be true or false; it is ${JSON.stringify(given)}.`);
  }
  return given === 'true';
}

/**
 * Takes out of every stack of an app what emulators do not know, where it is for one: resources of some types, to which nothing
 * may refer, limits of some permissions, and sums of metrics that alarms watch.
 */
export function removeUnsupportedResources(app: App): void {
  if (!isForEmulator(app)) return;
  Aspects.of(app).add({
    visit(node) {
      if (!CfnResource.isCfnResource(node)) return;
      if (node.cfnResourceType in LACKING_IN_EMULATORS) node.node.scope!.node.tryRemoveChild(node.node.id);
      if (node instanceof CfnPolicy) allowAtLarge(node);
      if (node instanceof CfnAlarm) watchTheFirst(node);
    },
  });
}

function allowAtLarge(policy: CfnPolicy): void {
  const document = Stack.of(policy).resolve(policy.policyDocument) as { Statement: { Action: string | string[] }[] };
  for (const [index, { Action }] of document.Statement.entries()) {
    if (![Action].flat().every((action) => ALLOWED_AT_LARGE.includes(action))) continue;
    policy.addPropertyOverride(`PolicyDocument.Statement.${index}.Resource`, '*');
    policy.addPropertyDeletionOverride(`PolicyDocument.Statement.${index}.Condition`);
  }
}

/** An alarm on a sum of metrics ("metric math") watches the first of them alone: the emulator does not add up. */
function watchTheFirst(alarm: CfnAlarm): void {
  const metrics = Stack.of(alarm).resolve(alarm.metrics) as CfnAlarm.MetricDataQueryProperty[] | undefined;
  const first = metrics?.map(({ metricStat }) => metricStat as CfnAlarm.MetricStatProperty | undefined).find(Boolean);
  if (!first) return;
  const { metricName, namespace, dimensions } = first.metric as CfnAlarm.MetricProperty;
  alarm.metrics = undefined;
  Object.assign(alarm, { metricName, namespace, dimensions, period: first.period, statistic: first.stat });
}

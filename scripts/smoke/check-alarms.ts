import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch';
import type { Target } from '../airline/target.ts';
import { counted } from '../cli/format.ts';
import { type Check, Skipped, Unmet } from './check.ts';

interface SeenAlarm {
  state: string;
  notifies: boolean;
}

/**
 * Every alarm that the stacks created exists and notifies. CloudFormation says which those are, so an alarm that was
 * deleted by hand is missed here.
 */
export function checkAlarms(target: Target, services: readonly string[]): Check {
  return {
    name: 'alarms',
    expected: 'every alarm of the stacks exists, and its actions are enabled',
    next: '`pnpm run deploy`; runbook, "Which alarm is it?"',
    async run() {
      if (target.endpoint !== undefined) throw new Skipped('the local cloud has no alarms');
      const [expected, seen] = await Promise.all([alarmsOfStacks(target, services), alarmsOf(target)]);
      const mistakes = expected.flatMap((name) => {
        const alarm = seen.get(name);
        if (!alarm) return [`${name} does not exist`];
        return alarm.notifies ? [] : [`${name} notifies nobody`];
      });
      if (expected.length === 0) mistakes.push('the stacks have no alarm');
      if (mistakes.length > 0) throw new Unmet(mistakes.join('; '));
      const ringing = expected.filter((name) => seen.get(name)!.state === 'ALARM');
      return [
        `${counted(expected.length, 'alarm')} exist`,
        ...(ringing.length > 0 ? [`ringing before this test: ${ringing.join(', ')}`] : []),
      ].join('; ');
    },
  };
}

async function alarmsOfStacks(target: Target, services: readonly string[]): Promise<string[]> {
  const client = new CloudFormationClient(target.clientConfig);
  const names: string[] = [];
  try {
    for (const part of ['platform', ...services]) {
      for await (const page of paginateListStackResources({ client }, { StackName: `${target.airline}-${part}` })) {
        for (const { ResourceType, PhysicalResourceId } of page.StackResourceSummaries ?? [])
          if (ResourceType === 'AWS::CloudWatch::Alarm') names.push(PhysicalResourceId!);
      }
    }
  } finally {
    client.destroy();
  }
  return names.sort();
}

async function alarmsOf(target: Target): Promise<Map<string, SeenAlarm>> {
  const client = new CloudWatchClient(target.clientConfig);
  const seen = new Map<string, SeenAlarm>();
  try {
    const pages = paginateDescribeAlarms({ client }, { AlarmNamePrefix: `${target.airline}-` });
    for await (const { MetricAlarms = [] } of pages) {
      for (const { AlarmName, StateValue, ActionsEnabled } of MetricAlarms)
        seen.set(AlarmName!, { state: StateValue ?? '', notifies: ActionsEnabled !== false });
    }
  } finally {
    client.destroy();
  }
  return seen;
}

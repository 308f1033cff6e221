import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Template } from '@airline/local-cloud/cloudformation/cloud-assembly';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { workspaceRoot } from '../../../../cli/workspace.ts';
import { sharedTemplates } from '../../../support/shared-templates.ts';

interface Alarm {
  AlarmName: string;
  AlarmDescription: string;
  AlarmActions: unknown[];
  OKActions: unknown[];
  TreatMissingData: string;
  Threshold: number;
  DatapointsToAlarm?: number;
  MetricName?: string;
  Dimensions?: unknown[];
  Metrics?: unknown[];
}

const runbook = readFileSync(path.join(workspaceRoot, 'docs', 'runbook.md'), 'utf8');
/** Text by heading. */
const sections = new Map(
  runbook.split(/^#{2,3} /m).map((section) => [section.slice(0, section.indexOf('\n')), section]),
);
const services = ['bookings', 'seats', 'payments', 'receipts', 'status'];
/** The name of an alarm as the runbook writes it for alarms that each service has. */
const generalized = (name: string): string =>
  name.replace(new RegExp(`^airline-(${services.join('|')})-`), 'airline-SERVICE-');

let templates: Map<string, Template>;
let alarms: Alarm[];

beforeAll(async () => {
  templates = new Map((await sharedTemplates()).map(({ name, template }) => [name, template]));
  alarms = [...templates.values()].flatMap((template) =>
    resourcesOf(template, 'AWS::CloudWatch::Alarm'),
  ) as unknown as Alarm[];
});

describe('the alarms', () => {
  test.each(services)('%s has alarms on both dead-letter queues, age, rules and function', (service) => {
    const kinds = [
      'dead-letters',
      'new-dead-letters',
      'undelivered',
      'oldest-message',
      'failed-invocations',
      'lost-events',
    ];
    const names = [...kinds, 'consumer-errors', 'consumer-throttles'].map((kind) => `airline-${service}-${kind}`);
    expect(alarms.map(({ AlarmName }) => AlarmName)).toEqual(expect.arrayContaining(names));
  });

  test.each(services)('%s has an alarm that rings for a new dead letter while an older one lies', (service) => {
    const byName = (kind: string) => alarms.find(({ AlarmName }) => AlarmName === `airline-${service}-${kind}`)!;
    const { MetricName, Dimensions } = byName('dead-letters');
    const { Metrics, Threshold, DatapointsToAlarm } = byName('new-dead-letters');
    expect({ Threshold, DatapointsToAlarm }).toEqual({ Threshold: 1, DatapointsToAlarm: 1 });
    expect(Metrics).toEqual([
      expect.objectContaining({ Expression: 'IF(length > DIFF(length), DIFF(length), 0)' }),
      expect.objectContaining({
        Id: 'length',
        MetricStat: expect.objectContaining({ Metric: { Namespace: 'AWS/SQS', MetricName, Dimensions } }) as unknown,
      }),
    ]);
  });

  test('seats has an alarm on impossible facts', () => {
    expect(alarms.map(({ AlarmName }) => AlarmName)).toContain('airline-seats-impossible-facts');
  });

  test('each names a section of the runbook in its description, and that section names it', () => {
    expect(alarms.length).toBeGreaterThan(5);
    for (const { AlarmName, AlarmDescription } of alarms) {
      const heading = /See docs\/runbook\.md, "(.+)"\.$/.exec(AlarmDescription)?.[1] ?? '';
      expect([...sections.keys()]).toContain(heading);
      expect(sections.get(heading)).toContain(`\`${generalized(AlarmName)}\``);
    }
  });

  test('the runbook names no alarm that does not exist', () => {
    const named = runbook
      .split('\n')
      .flatMap((line) => (/^\*\*Alarms?:\*\*|^`airline-/.test(line) ? (line.match(/`airline-[\w-]+`/g) ?? []) : []));
    expect(named.length).toBeGreaterThan(5);
    expect(named.map((name) => name.slice(1, -1)).sort()).toEqual(
      [...new Set(alarms.map(({ AlarmName }) => generalized(AlarmName)))].sort(),
    );
  });

  test('each notifies when it goes off and when it is over, and treats missing data as healthy', () => {
    expect(alarms.length).toBeGreaterThan(5);
    for (const alarm of alarms) {
      expect(alarm).toMatchObject({
        AlarmActions: [expect.anything()],
        OKActions: [expect.anything()],
        TreatMissingData: 'notBreaching',
      });
    }
  });
});

describe('the dashboards', () => {
  const bodyOf = (stack: string): string => {
    const [dashboard] = resourcesOf(templates.get(stack)!, 'AWS::CloudWatch::Dashboard') as {
      DashboardBody: unknown;
    }[];
    return JSON.stringify(dashboard!.DashboardBody);
  };

  test('that of the flow names every queue of the services', () => {
    const queues = [...templates.values()].flatMap((template) => resourcesOf(template, 'AWS::SQS::Queue')) as {
      QueueName: string;
    }[];
    expect(queues).toHaveLength(3 * services.length);
    for (const { QueueName } of queues) expect(bodyOf('airline-platform')).toContain(`\\"${QueueName}\\"`);
  });

  test.each(services)('that of %s shows every alarm of its stack', (service) => {
    const { Resources } = templates.get(`airline-${service}`)!;
    const ids = Object.keys(Resources).filter((id) => Resources[id]!.Type === 'AWS::CloudWatch::Alarm');
    expect(ids.length).toBeGreaterThan(6);
    for (const id of ids) expect(bodyOf(`airline-${service}`)).toContain(id);
  });
});

test('every taggable resource has the tags of airline and service', () => {
  const types = [
    'AWS::SQS::Queue',
    'AWS::Lambda::Function',
    'AWS::DynamoDB::Table',
    'AWS::Events::EventBus',
    'AWS::KMS::Key',
  ];
  for (const type of types) {
    const tagged = [...templates].flatMap(([stack, template]) =>
      resourcesOf(template, type).map(({ Tags }) => ({ owner: stack.replace('airline-', ''), Tags })),
    );
    expect([type, tagged.length]).not.toEqual([type, 0]);
    for (const { owner, Tags } of tagged) {
      expect(Tags).toEqual(
        expect.arrayContaining([
          { Key: 'airline:name', Value: 'airline' },
          { Key: 'airline:service', Value: owner },
        ]),
      );
    }
  }
});

function resourcesOf(template: Template, type: string): Record<string, unknown>[] {
  return Object.values(template.Resources).flatMap((resource) =>
    resource.Type === type ? [resource.Properties ?? {}] : [],
  );
}

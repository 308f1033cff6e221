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
      'new-undelivered',
      'oldest-message',
      'lost-events',
    ];
    const names = [...kinds, 'consumer-errors', 'consumer-throttles'].map((kind) => `airline-${service}-${kind}`);
    expect(alarms.map(({ AlarmName }) => AlarmName)).toEqual(expect.arrayContaining(names));
  });

  const deadLetterQueues = services.flatMap((service) =>
    ['dead-letters', 'undelivered'].map((queue) => [service, queue]),
  );

  test.each(deadLetterQueues)('%s has an alarm that rings for another message in %s', (service, queue) => {
    const byName = (kind: string) => alarms.find(({ AlarmName }) => AlarmName === `airline-${service}-${kind}`)!;
    const { MetricName, Dimensions } = byName(queue);
    const { Metrics, Threshold, DatapointsToAlarm } = byName(`new-${queue}`);
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
  const bodyOf = (name: string): string => {
    const dashboards = resourcesOf(templates.get('airline-platform')!, 'AWS::CloudWatch::Dashboard');
    return JSON.stringify(dashboards.find(({ DashboardName }) => DashboardName === name)!.DashboardBody);
  };
  const namesOf = (type: string, property: string): string[] =>
    [...templates.values()].flatMap((template) => resourcesOf(template, type)).map((each) => String(each[property]));

  test('that of the flow names every queue of the services', () => {
    const queues = namesOf('AWS::SQS::Queue', 'QueueName');
    expect(queues).toHaveLength(3 * services.length);
    for (const queue of queues) expect(bodyOf('airline')).toContain(`\\"${queue}\\"`);
  });

  test('that of the flow shows every alarm, and no other', () => {
    const shown = [...bodyOf('airline').matchAll(/:alarm:([\w-]+)/g)].map(([, name]) => name);
    expect(shown.sort()).toEqual(alarms.map(({ AlarmName }) => AlarmName).sort());
    expect(shown.length).toBeLessThanOrEqual(100);
  });

  test('that of the services shows every queue and every function when a service is chosen', () => {
    const variables = /\\"variables\\":\[.*?\]/.exec(bodyOf('airline-services'))![0];
    const body = services.map((service) => bodyOf('airline-services').replaceAll('SERVICE', service)).join();
    for (const service of services) expect(variables).toContain(`\\"value\\":\\"${service}\\"`);
    const names = [
      ...namesOf('AWS::SQS::Queue', 'QueueName'),
      ...namesOf('AWS::Lambda::Function', 'FunctionName').filter((name) => name !== 'undefined'),
    ];
    expect(names).toHaveLength(3 * services.length + services.length + 3 + 1);
    for (const name of names) expect(body).toContain(`\\"${name}\\"`);
  });
});

describe('infra/README.md', () => {
  const page = readFileSync(path.join(workspaceRoot, 'infra', 'README.md'), 'utf8');
  const all = (type: string): Record<string, unknown>[] =>
    [...templates.values()].flatMap((template) => resourcesOf(template, type));

  test('counts what an idle deployment pays for', () => {
    const metricsOf = ({ Metrics }: Alarm): number =>
      (Metrics as { MetricStat?: unknown }[] | undefined)?.filter(({ MetricStat }) => MetricStat).length ?? 1;
    const metrics = alarms.reduce((sum, alarm) => sum + metricsOf(alarm), 0);
    const costs = page.slice(page.indexOf('## What an idle deployment costs'));
    expect(costs).toContain(`${alarms.length} alarms on ${metrics} metrics`);
    expect(costs).toContain(`${all('AWS::CloudWatch::Dashboard').length} dashboards`);
    expect(costs).toContain(`${all('AWS::KMS::Key').length} key`);
    expect(costs).toContain(`${all('AWS::Lambda::EventSourceMapping').length} queues`);
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

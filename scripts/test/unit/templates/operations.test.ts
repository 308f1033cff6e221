import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { resourcesOf, synthesizedTemplates, type Template } from '../../support/synthesized-templates.ts';
import { workspaceRoot } from '../../../cli/workspace.ts';

interface Alarm {
  AlarmName: string;
  AlarmDescription: string;
  AlarmActions: unknown[];
  OKActions: unknown[];
  TreatMissingData: string;
}

const runbook = readFileSync(path.join(workspaceRoot, 'docs', 'runbook.md'), 'utf8');
/** Text by heading. */
const sections = new Map(
  runbook.split(/^#{2,3} /m).map((section) => [section.slice(0, section.indexOf('\n')), section]),
);
const services = ['bookings', 'seats', 'payments', 'receipts', 'status'];
/** As the runbook writes the name of an alarm that each service has. */
const generalized = (name: string): string =>
  name.replace(new RegExp(`^airline-(${services.join('|')})-`), 'airline-SERVICE-');

let templates: Map<string, Template>;
let alarms: Alarm[];

beforeAll(async () => {
  templates = await synthesizedTemplates();
  alarms = [...templates.values()].flatMap((template) =>
    resourcesOf(template, 'AWS::CloudWatch::Alarm'),
  ) as unknown as Alarm[];
}, 120_000);

describe('the alarms', () => {
  test.each(services)('%s is watched: both dead-letter queues, age, rules, function', (service) => {
    const kinds = ['dead-letters', 'undelivered', 'oldest-message', 'failed-invocations', 'lost-events'];
    const names = [...kinds, 'consumer-errors', 'consumer-throttles'].map((kind) => `airline-${service}-${kind}`);
    expect(alarms.map(({ AlarmName }) => AlarmName)).toEqual(expect.arrayContaining(names));
  });

  test('seats tells of facts that cannot be', () => {
    expect(alarms.map(({ AlarmName }) => AlarmName)).toContain('airline-seats-impossible-facts');
  });

  test('each names a section of the runbook in its description, and that section names it', () => {
    for (const { AlarmName, AlarmDescription } of alarms) {
      const heading = /See docs\/runbook\.md, "(.+)"\.$/.exec(AlarmDescription)?.[1] ?? '';
      expect([...sections.keys()]).toContain(heading);
      expect(sections.get(heading)).toContain(`\`${generalized(AlarmName)}\``);
    }
  });

  test('the runbook names none that does not exist', () => {
    const named = runbook
      .split('\n')
      .flatMap((line) => (/^\*\*Alarms?:\*\*|^`airline-/.test(line) ? (line.match(/`airline-[\w-]+`/g) ?? []) : []));
    expect(named.length).toBeGreaterThan(5);
    expect(named.map((name) => name.slice(1, -1)).sort()).toEqual(
      [...new Set(alarms.map(({ AlarmName }) => generalized(AlarmName)))].sort(),
    );
  });

  test('each is told when it goes off and when it is over, and is quiet without data', () => {
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

  test('the one of the flow names the queues that the services have', () => {
    const queues = [...templates.values()].flatMap((template) => resourcesOf(template, 'AWS::SQS::Queue')) as {
      QueueName: string;
    }[];
    expect(queues).toHaveLength(3 * services.length);
    for (const { QueueName } of queues) expect(bodyOf('airline-platform')).toContain(`\\"${QueueName}\\"`);
  });

  test.each(services)('the one of %s shows every alarm of its stack', (service) => {
    const { Resources } = templates.get(`airline-${service}`)!;
    const ids = Object.keys(Resources).filter((id) => Resources[id]!.Type === 'AWS::CloudWatch::Alarm');
    expect(ids.length).toBeGreaterThan(6);
    for (const id of ids) expect(bodyOf(`airline-${service}`)).toContain(id);
  });
});

test('whatever can bear tags says whose it is', () => {
  for (const [stack, template] of templates) {
    for (const type of [
      'AWS::SQS::Queue',
      'AWS::Lambda::Function',
      'AWS::DynamoDB::Table',
      'AWS::Events::EventBus',
      'AWS::KMS::Key',
    ]) {
      for (const { Tags } of resourcesOf(template, type)) {
        const owner = stack.replace('airline-', '');
        expect(Tags).toEqual(
          expect.arrayContaining([
            { Key: 'airline:name', Value: 'airline' },
            { Key: 'airline:service', Value: owner },
          ]),
        );
      }
    }
  }
});

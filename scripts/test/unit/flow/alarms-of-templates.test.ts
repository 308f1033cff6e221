import { expect, test } from '@jest/globals';
import { alarmsOfTemplates } from '../../../flow/alarms-of-templates.ts';

const described = { AlarmName: 'a', AlarmDescription: 'It is bad. Do this. See docs/runbook.md, "Bad".', Threshold: 5 };
const alarms = (properties: object): ReturnType<typeof alarmsOfTemplates> =>
  alarmsOfTemplates([
    {
      name: 'airline-x',
      template: { Resources: { A: { Type: 'AWS::CloudWatch::Alarm', Properties: { ...properties } } } },
    },
  ]);

test('an alarm on one metric', () => {
  const metric = { MetricName: 'Errors', Namespace: 'AWS/Lambda', Period: 300, Statistic: 'Sum', EvaluationPeriods: 3 };
  expect(alarms({ ...described, ...metric })).toEqual([
    {
      name: 'a',
      stack: 'airline-x',
      metric: 'Errors',
      namespaces: ['AWS/Lambda'],
      statistic: 'Sum',
      threshold: 5,
      period: 300,
      dataPoints: 3,
      periods: 3,
      meaning: 'It is bad. Do this.',
      section: 'Bad',
    },
  ]);
});

test('an alarm on an expression shows the names of its metrics', () => {
  const query = (Id: string, MetricName: string): object => ({
    Id,
    MetricStat: { Metric: { MetricName, Namespace: `of ${MetricName}` }, Period: 60, Stat: 'Maximum' },
    ReturnData: false,
  });
  const Metrics = [{ Id: 'e', Expression: 'FILL(m1, 0) + FILL(m10, 0)' }, query('m1', 'One'), query('m10', 'Ten')];
  expect(alarms({ ...described, Metrics, EvaluationPeriods: 5, DatapointsToAlarm: 3 })).toMatchObject([
    {
      metric: 'FILL(One, 0) + FILL(Ten, 0)',
      namespaces: ['of One', 'of Ten'],
      statistic: 'Maximum',
      dataPoints: 3,
      periods: 5,
    },
  ]);
});

test('an alarm that names no section of the runbook is an error', () => {
  expect(() => alarms({ ...described, AlarmDescription: 'It is bad.', EvaluationPeriods: 1 })).toThrow(
    'airline-x: the description of the alarm a names no section of docs/runbook.md.',
  );
});

import type { NamedTemplate } from './flow-of-templates.ts';

/** An alarm that a person must act on. */
export interface FlowAlarm {
  name: string;
  stack: string;
  /** It rings when the metric is at or above the threshold. An expression has the names of its metrics. */
  metric: string;
  namespaces: string[];
  statistic: string;
  threshold: number;
  /** Seconds. */
  period: number;
  /** How many of the last `periods` must be at or above the threshold. */
  dataPoints: number;
  periods: number;
  /** What is wrong, and what to do. */
  meaning: string;
  /** The heading of docs/runbook.md that explains it. */
  section: string;
}

interface Metric {
  MetricName: string;
  Namespace: string;
}

interface MetricQuery {
  Id: string;
  Expression?: string;
  ReturnData?: boolean;
  MetricStat?: { Metric: Metric; Period: number; Stat: string };
}

interface AlarmProperties extends Partial<Metric> {
  AlarmName: string;
  AlarmDescription: string;
  Threshold: number;
  EvaluationPeriods: number;
  DatapointsToAlarm?: number;
  Period?: number;
  Statistic?: string;
  ExtendedStatistic?: string;
  Metrics?: MetricQuery[];
}

/** The alarms of all stacks. @throws Error for an alarm whose description names no section of the runbook */
export function alarmsOfTemplates(stacks: readonly NamedTemplate[]): FlowAlarm[] {
  return stacks.flatMap(({ name, template }) =>
    Object.values(template.Resources)
      .filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
      .map(({ Properties }) => alarmOf(name, Properties as unknown as AlarmProperties)),
  );
}

function alarmOf(stack: string, properties: AlarmProperties): FlowAlarm {
  const { AlarmName: name, AlarmDescription: description, EvaluationPeriods: periods } = properties;
  const [, meaning, section] = /^(.*) See docs\/runbook\.md, "(.*)"\.$/s.exec(description) ?? [];
  if (meaning === undefined || section === undefined)
    throw new Error(`${stack}: the description of the alarm ${name} names no section of docs/runbook.md.`);
  const queries = properties.Metrics ?? [];
  const measured = queries.flatMap(({ Id, MetricStat }) => (MetricStat ? [{ id: Id, ...MetricStat }] : []));
  const result = queries.find(({ ReturnData }) => ReturnData !== false);
  const namesById = new Map(measured.map(({ id, Metric }) => [id, Metric.MetricName]));
  const alone = result?.MetricStat?.Metric.MetricName ?? properties.MetricName ?? '';
  const namespaces = [...measured.map(({ Metric }) => Metric.Namespace), ...[properties.Namespace ?? []].flat()];
  return {
    name,
    stack,
    metric: result?.Expression?.replaceAll(/\w+/g, (word) => namesById.get(word) ?? word) ?? alone,
    namespaces: [...new Set(namespaces)],
    statistic: measured[0]?.Stat ?? properties.Statistic ?? properties.ExtendedStatistic ?? '',
    threshold: properties.Threshold,
    period: measured[0]?.Period ?? properties.Period ?? 60,
    dataPoints: properties.DatapointsToAlarm ?? periods,
    periods,
    meaning,
    section,
  };
}

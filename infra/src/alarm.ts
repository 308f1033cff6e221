import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  type AlarmProps,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { airlineName } from './names.ts';

export interface OperatorAlarmProps extends Pick<AlarmProps, 'metric' | 'datapointsToAlarm'> {
  /** Its whole name, beginning with the airline's. */
  readonly name: string;
  readonly topic: ITopic;
  /** It goes off when the metric reaches this. @default 1 */
  readonly threshold?: number;
  /** In minutes. @default 1 */
  readonly evaluationPeriods?: number;
  /** A sentence: what it means that this alarm went off. */
  readonly meaning: string;
  /** A sentence: what to do about it. */
  readonly action: string;
  /** The heading of docs/runbook.md under which more is said. */
  readonly section: string;
}

export const minute = Duration.minutes(1);

/**
 * An alarm that a person must act on. What has no data is well: most of these metrics exist only once something is wrong.
 */
export class OperatorAlarm extends Alarm {
  constructor(scope: Construct, id: string, { name, topic, meaning, action, section, ...props }: OperatorAlarmProps) {
    super(scope, id, {
      threshold: 1,
      evaluationPeriods: 1,
      ...props,
      alarmName: name,
      alarmDescription: `${meaning} ${action} See docs/runbook.md, "${section}".`,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    const tell = new SnsAction(topic);
    this.addAlarmAction(tell);
    this.addOkAction(tell);
  }
}

/** A metric of the airline's own, counted by the code of a service. */
export function businessMetric(scope: Construct, service: string, metricName: string): Metric {
  const dimensionsMap = { service };
  return new Metric({ namespace: airlineName(scope), metricName, dimensionsMap, period: minute, statistic: Stats.SUM });
}

/** The sum of metrics; where one of them has no data, it counts as 0. */
export function sumOf(metrics: readonly IMetric[]): IMetric {
  if (metrics.length === 1) return metrics[0]!;
  return new MathExpression({
    expression: metrics.map((_, index) => `FILL(m${index}, 0)`).join(' + '),
    usingMetrics: Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric])),
    period: minute,
  });
}

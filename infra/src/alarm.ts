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
  /** The alarm's full name. It begins with the airline's name. */
  readonly name: string;
  readonly topic: ITopic;
  /** The alarm goes off when the metric is at or above this value. @default 1 */
  readonly threshold?: number;
  /** How many periods of the metric are evaluated. A period is one minute. @default 1 */
  readonly evaluationPeriods?: number;
  /** A sentence: what is wrong when this alarm goes off. */
  readonly meaning: string;
  /** A sentence: what to do about it. */
  readonly action: string;
  /** The heading of docs/runbook.md that explains this alarm. */
  readonly section: string;
}

export const minute = Duration.minutes(1);

/**
 * An alarm that a person must act on. Missing data counts as healthy: most of these metrics exist only while
 * something is wrong. The topic is notified when the alarm goes off and when it is over.
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
    const notifyTopic = new SnsAction(topic);
    this.addAlarmAction(notifyTopic);
    this.addOkAction(notifyTopic);
  }
}

/** The sum per minute of a metric that a service's code publishes, in the airline's own namespace. */
export function businessMetric(scope: Construct, service: string, metricName: string): Metric {
  const dimensionsMap = { service };
  return new Metric({ namespace: airlineName(scope), metricName, dimensionsMap, period: minute, statistic: Stats.SUM });
}

/**
 * How much a queue's length grew within a minute, or 0 if the queue was empty before. An alarm on the length does not
 * notify again while it is on; an alarm on this does. The metric NumberOfMessagesSent would not do: it does not count
 * messages that a redrive policy moves
 * (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html).
 */
export function growthOf(length: IMetric): IMetric {
  return new MathExpression({
    expression: 'IF(length > DIFF(length), DIFF(length), 0)',
    usingMetrics: { length },
    period: minute,
  });
}

/**
 * The sum of the metrics. A metric without data counts as 0, and so does a data point that is late. An alarm on the sum
 * must therefore look at more periods than it needs data points.
 */
export function sumOf(metrics: readonly IMetric[]): IMetric {
  if (metrics.length === 1) return metrics[0]!;
  return new MathExpression({
    expression: metrics.map((_, index) => `FILL(m${index}, 0)`).join(' + '),
    usingMetrics: Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric])),
    period: minute,
  });
}

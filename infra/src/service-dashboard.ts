import { Duration } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  MathExpression,
  Stats,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { airlineName, serviceName } from './names.ts';

const period = Duration.minutes(1);
const fullWidth = 24;
const graph = { width: 8, height: 6, period };

/**
 * The dashboard of one service. It has the same name as the service's queue and table. From top to bottom it shows
 * alarms, business metrics, queues and functions.
 */
export class ServiceDashboard extends Construct {
  readonly #dashboard: Dashboard;
  readonly #alarms: Alarm[] = [];

  constructor(scope: Construct, id: string, service: string) {
    super(scope, id);
    this.#dashboard = new Dashboard(this, 'Resource', {
      dashboardName: serviceName(this, service),
      defaultInterval: Duration.hours(3),
    });
    this.#dashboard.addWidgets(
      // addAlarm() extends this array later; the widget reads it at synthesis.
      new AlarmStatusWidget({ title: 'Alarms', alarms: this.#alarms, width: fullWidth, height: 3 }),
    );
    this.#dashboard.addWidgets(
      new GraphWidget({
        title: `What ${service} did`,
        left: [eachMetric(this, service, 'service'), eachMetric(this, service, 'service,reason')],
        ...graph,
        width: fullWidth,
      }),
    );
  }

  addAlarm(alarm: Alarm): void {
    this.#alarms.push(alarm);
  }

  addQueue({ queue, deadLetters, undelivered }: { queue: Queue; deadLetters: Queue; undelivered: Queue }): void {
    const waiting = (of: Queue, label: string): IMetric =>
      of.metricApproximateNumberOfMessagesVisible({ period, statistic: Stats.MAXIMUM, label });
    this.#dashboard.addWidgets(
      new GraphWidget({ title: 'Messages waiting', left: [waiting(queue, 'queue')], ...graph }),
      new GraphWidget({
        title: 'Age of the oldest message',
        left: [queue.metricApproximateAgeOfOldestMessage({ period, statistic: Stats.MAXIMUM, label: 'queue' })],
        ...graph,
      }),
      new GraphWidget({
        title: 'Dead letters',
        left: [waiting(deadLetters, 'unhandled'), waiting(undelivered, 'undelivered')],
        ...graph,
      }),
    );
  }

  addFunction(kind: string, watched: Function): void {
    const count = { period, statistic: Stats.SUM };
    this.#dashboard.addWidgets(
      new GraphWidget({
        title: `${kind}: invocations, errors, throttles`,
        left: [watched.metricInvocations(count), watched.metricErrors(count), watched.metricThrottles(count)],
        ...graph,
        width: 12,
      }),
      new GraphWidget({
        title: `${kind}: duration`,
        left: [
          watched.metricDuration({ period, statistic: Stats.p(50), label: 'p50' }),
          watched.metricDuration({ period, statistic: Stats.p(99), label: 'p99' }),
        ],
        ...graph,
        width: 12,
      }),
    );
  }
}

/**
 * A search for every metric that the service publishes with these dimensions, including metrics that are added later.
 */
function eachMetric(scope: Construct, service: string, dimensions: string): IMetric {
  const label = dimensions === 'service' ? '' : "${PROP('Dim.reason')}";
  return new MathExpression({
    expression: `SEARCH('{"${airlineName(scope)}",${dimensions}} service="${service}" NOT MetricName="TimeToSettle"', 'Sum', 60)`,
    usingMetrics: {},
    label: `\${PROP('MetricName')} ${label}`.trim(),
    period,
  });
}

import { Duration } from 'aws-cdk-lib';
import {
  Dashboard,
  GraphWidget,
  type IMetric,
  MathExpression,
  Metric,
  SingleValueWidget,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { businessMetric } from './alarm.ts';
import { airlineName, serviceName } from './names.ts';

/**
 * Who takes part in a booking, in the order in which a person would look. The platform knows them by name only, and shows what is
 * there: a service that is not deployed has no data, and one that joins is added here.
 */
const services = ['bookings', 'seats', 'payments', 'receipts', 'status'] as const;

const period = Duration.minutes(1);
const graph = { width: 12, height: 6, period };

/**
 * The whole flow on one page, named as the airline is: what was asked for, what became of it, how long it took, and where messages
 * wait. `status` counts the bookings, since it hears of every fact and keeps each once.
 */
export class FlowDashboard extends Construct {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const name = airlineName(this);
    const counted = (metricName: string, label: string, props = {}): IMetric =>
      businessMetric(this, 'status', metricName).with({ label, ...props });
    const failedByReason = new MathExpression({
      expression: `SEARCH('{"${name}",service,reason} service="status" MetricName="BookingFailed"', 'Sum', 60)`,
      usingMetrics: {},
      label: "failed: ${PROP('Dim.reason')}",
      period,
    });
    const requested = counted('BookingRequested', 'requested');
    const confirmed = counted('BookingConfirmed', 'confirmed');
    const timeToSettle = (percentile: number): IMetric =>
      counted('TimeToSettle', `p${percentile}`, { statistic: Stats.p(percentile) });

    new Dashboard(this, 'Resource', {
      dashboardName: name,
      defaultInterval: Duration.hours(3),
      widgets: [
        [
          new TextWidget({
            markdown: `# ${name}: bookings\nWhat to do when something is wrong: docs/runbook.md. Each service has its own dashboard, \`${name}-SERVICE\`.`,
            width: 24,
            height: 2,
          }),
        ],
        [
          new SingleValueWidget({
            title: 'Bookings in the time shown',
            metrics: [requested, confirmed],
            setPeriodToTimeRange: true,
            width: 12,
            height: 4,
          }),
          new SingleValueWidget({
            title: 'Time to settle',
            metrics: [timeToSettle(50), timeToSettle(99)],
            setPeriodToTimeRange: true,
            width: 12,
            height: 4,
          }),
        ],
        [
          new GraphWidget({ title: 'Requested and confirmed', left: [requested, confirmed], ...graph }),
          new GraphWidget({ title: 'Failed, by reason', left: [failedByReason], stacked: true, ...graph }),
        ],
        [
          new GraphWidget({
            title: 'From the request to the fact that settles it',
            left: [timeToSettle(50), timeToSettle(99)],
            leftYAxis: { label: 'ms', showUnits: false, min: 0 },
            ...graph,
          }),
          new GraphWidget({
            title: 'Age of the oldest message, in seconds',
            left: services.map((service) => queueMetric(this, service, 'ApproximateAgeOfOldestMessage', service)),
            leftYAxis: { showUnits: false, min: 0 },
            ...graph,
          }),
        ],
        [
          new GraphWidget({
            title: 'Messages waiting',
            left: services.map((service) => queueMetric(this, service, 'ApproximateNumberOfMessagesVisible', service)),
            ...graph,
          }),
          new GraphWidget({
            title: 'Dead letters (must be 0)',
            left: services.flatMap((service) => [
              queueMetric(
                this,
                `${service}-dead-letters`,
                'ApproximateNumberOfMessagesVisible',
                `${service} unhandled`,
              ),
              queueMetric(
                this,
                `${service}-undelivered`,
                'ApproximateNumberOfMessagesVisible',
                `${service} undelivered`,
              ),
            ]),
            ...graph,
          }),
        ],
      ],
    });
  }
}

/** By the fixed names of queues, since the platform is deployed before them and imports nothing of theirs. */
function queueMetric(scope: Construct, queue: string, metricName: string, label: string): Metric {
  return new Metric({
    namespace: 'AWS/SQS',
    metricName,
    dimensionsMap: { QueueName: serviceName(scope, queue) },
    statistic: Stats.MAXIMUM,
    period,
    label,
  });
}

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
 * The services of the dashboard, in the order of its graphs. The platform knows them by name only: a service that is
 * not deployed has no data. Add a new service here.
 */
const services = ['bookings', 'seats', 'payments', 'receipts', 'status'] as const;

const period = Duration.minutes(1);
const graph = { width: 12, height: 6, period };

/**
 * The dashboard of the whole flow. Its name is the airline's name. It shows requested, confirmed and failed bookings,
 * the time to settle, and the messages that wait in each queue. The service `status` publishes the booking metrics,
 * because it consumes every event of a booking and stores each once.
 */
export class FlowDashboard extends Construct {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const name = airlineName(this);
    const bookingMetric = (metricName: string, label: string, props = {}): IMetric =>
      businessMetric(this, 'status', metricName).with({ label, ...props });
    const failedByReason = new MathExpression({
      expression: `SEARCH('{"${name}",service,reason} service="status" MetricName="BookingFailed"', 'Sum', 60)`,
      usingMetrics: {},
      label: "failed: ${PROP('Dim.reason')}",
      period,
    });
    const requested = bookingMetric('BookingRequested', 'requested');
    const confirmed = bookingMetric('BookingConfirmed', 'confirmed');
    const timeToSettle = (percentile: number): IMetric =>
      bookingMetric('TimeToSettle', `p${percentile}`, { statistic: Stats.p(percentile) });

    new Dashboard(this, 'Resource', {
      dashboardName: name,
      defaultInterval: Duration.hours(3),
      widgets: [
        [
          new TextWidget({
            markdown: `# ${name}: bookings\nIf something is wrong, see docs/runbook.md. Each service has its own dashboard, \`${name}-SERVICE\`.`,
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

/** Uses the queue's fixed name: the platform's stack is deployed before the queues and refers to no other stack. */
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

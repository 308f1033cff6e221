import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IAlarm,
  type IMetric,
  MathExpression,
  Metric,
  SingleValueWidget,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { businessMetric } from './alarm.ts';
import { type KnownService, knownServices } from './known-services.ts';
import { airlineName, serviceName } from './names.ts';

/** The alarms of every service: of its queue, its rules and its consumer. */
const everyService = [
  'dead-letters',
  'new-dead-letters',
  'undelivered',
  'new-undelivered',
  'oldest-message',
  'lost-events',
  'consumer-errors',
  'consumer-throttles',
];
const withApi = [...everyService, 'api-errors', 'api-throttles'];

/** The alarms of each service. One that is not deployed has no data. */
const alarmsByService: Readonly<Record<KnownService, readonly string[]>> = {
  bookings: withApi,
  seats: [...withApi, 'impossible-facts'],
  payments: everyService,
  receipts: [...everyService, 'mails-waiting', 'mails-returned'],
  status: [...withApi, 'watch-errors', 'watch-throttles', 'unsettled-bookings'],
};

const period = Duration.minutes(1);
const graph = { width: 12, height: 6, period };

/**
 * The dashboard of the whole flow. Its name is the airline's name. It shows every alarm, the bookings requested,
 * confirmed and failed, the time to settle, and the messages that wait in each queue. The service `status`
 * publishes the metrics of bookings, because it consumes every event of a booking and stores each once.
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
            markdown: `# ${name}: bookings\nIf something is wrong, see docs/runbook.md. The dashboard \`${name}-services\` has more about each service.`,
            width: 24,
            height: 2,
          }),
        ],
        [new AlarmStatusWidget({ title: 'Alarms', alarms: alarmsOf(this), width: 24, height: 6 })],
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
            left: knownServices.map((service) => queueMetric(this, service, 'ApproximateAgeOfOldestMessage', service)),
            leftYAxis: { showUnits: false, min: 0 },
            ...graph,
          }),
        ],
        [
          new GraphWidget({
            title: 'Messages waiting',
            left: knownServices.map((service) =>
              queueMetric(this, service, 'ApproximateNumberOfMessagesVisible', service),
            ),
            ...graph,
          }),
          new GraphWidget({
            title: 'Dead letters (must be 0)',
            left: knownServices.flatMap((service) => [
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

/** Every alarm by its fixed name: the platform's stack is deployed before the alarms. */
function alarmsOf(scope: Construct): IAlarm[] {
  const kinds = Object.entries(alarmsByService).flatMap(([service, kinds]) =>
    kinds.map((kind) => `${service}-${kind}`),
  );
  return ['front-door-errors', ...kinds].map((kind) =>
    Alarm.fromAlarmName(scope, `Alarm-${kind}`, serviceName(scope, kind)),
  );
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

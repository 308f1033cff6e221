import { Duration } from 'aws-cdk-lib';
import {
  Dashboard,
  DashboardVariable,
  DefaultValue,
  GraphWidget,
  type IMetric,
  MathExpression,
  Metric,
  Stats,
  TextWidget,
  Values,
  VariableInputType,
  VariableType,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { knownServices } from './known-services.ts';
import { airlineName, serviceName } from './names.ts';

const period = Duration.minutes(1);
const graph = { width: 8, height: 6, period };

/**
 * Stands for the chosen service's name in the dashboard. CloudWatch replaces it everywhere when a person chooses a
 * service. Names have small letters only, so it occurs in none of them.
 */
const chosen = 'SERVICE';

/**
 * One dashboard for every service (`airline-services`), with a menu to choose the service: business metrics, queues and
 * functions. It refers to queues and functions by their fixed names. A dashboard for each service would cost 3 USD a
 * month each, beyond the account's first three.
 */
export class ServicesDashboard extends Construct {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const queue = (suffix: string, metricName: string, label: string): Metric =>
      new Metric({
        namespace: 'AWS/SQS',
        metricName,
        dimensionsMap: { QueueName: `${serviceName(this, chosen)}${suffix}` },
        statistic: Stats.MAXIMUM,
        period,
        label,
      });
    const waiting = (suffix: string, label: string): Metric =>
      queue(suffix, 'ApproximateNumberOfMessagesVisible', label);

    new Dashboard(this, 'Resource', {
      dashboardName: serviceName(this, 'services'),
      defaultInterval: Duration.hours(3),
      variables: [
        new DashboardVariable({
          id: 'service',
          type: VariableType.PATTERN,
          value: chosen,
          label: 'Service',
          inputType: VariableInputType.SELECT,
          values: Values.fromValues(...knownServices.map((value) => ({ value, label: value }))),
          defaultValue: DefaultValue.value(knownServices[0]),
        }),
      ],
      widgets: [
        [
          new TextWidget({
            markdown: `# ${airlineName(this)}: the service ${chosen}\nChoose another service in the menu above. The dashboard \`${airlineName(this)}\` has the alarms.`,
            width: 24,
            height: 2,
          }),
        ],
        [
          new GraphWidget({
            title: `What ${chosen} did`,
            left: [eachMetric(this, 'service'), eachMetric(this, 'service,reason')],
            ...graph,
            width: 24,
          }),
        ],
        [
          new GraphWidget({ title: 'Messages waiting', left: [waiting('', 'queue')], ...graph }),
          new GraphWidget({
            title: 'Age of the oldest message, in seconds',
            left: [queue('', 'ApproximateAgeOfOldestMessage', 'queue')],
            leftYAxis: { showUnits: false, min: 0 },
            ...graph,
          }),
          new GraphWidget({
            title: 'Dead letters (must be 0)',
            left: [waiting('-dead-letters', 'unhandled'), waiting('-undelivered', 'undelivered')],
            ...graph,
          }),
        ],
        ...(['consumer', 'api', 'watch'] as const).map((kind) => functionWidgets(this, kind)),
      ],
    });
  }
}

/** A service that has no function of the kind has no data. */
function functionWidgets(scope: Construct, kind: 'consumer' | 'api' | 'watch'): GraphWidget[] {
  const metric = (metricName: string, statistic: string, label?: string): Metric =>
    new Metric({
      namespace: 'AWS/Lambda',
      metricName,
      dimensionsMap: { FunctionName: serviceName(scope, `${chosen}-${kind}`) },
      statistic,
      period,
      ...(label !== undefined && { label }),
    });
  return [
    new GraphWidget({
      title: `${kind}: invocations, errors, throttles`,
      left: ['Invocations', 'Errors', 'Throttles'].map((name) => metric(name, Stats.SUM)),
      ...graph,
      width: 12,
    }),
    new GraphWidget({
      title: `${kind}: duration`,
      left: [50, 99].map((percentile) => metric('Duration', Stats.p(percentile), `p${percentile}`)),
      ...graph,
      width: 12,
    }),
  ];
}

/**
 * A search for every metric that the service publishes with these dimensions, including metrics that are added later.
 */
function eachMetric(scope: Construct, dimensions: string): IMetric {
  const label = dimensions === 'service' ? '' : "${PROP('Dim.reason')}";
  return new MathExpression({
    expression: `SEARCH('{"${airlineName(scope)}",${dimensions}} service="${chosen}" NOT MetricName="TimeToSettle"', 'Sum', 60)`,
    usingMetrics: {},
    label: `\${PROP('MetricName')} ${label}`.trim(),
    period,
  });
}

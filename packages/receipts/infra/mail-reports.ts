import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnConfigurationSet, CfnConfigurationSetEventDestination } from 'aws-cdk-lib/aws-ses';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { businessMetric, minute, OperatorAlarm, type OperatorAlarmProps, sumOf } from '@airline/infra/alarm';
import { serviceName } from '@airline/infra/names';
import { platformAlarmsTopic } from '@airline/infra/platform';
import { Construct } from 'constructs';

/** The events of SES that an operator must know, by the name of their CloudWatch metric. */
const reported = { Bounce: 'bounce', Complaint: 'complaint', Reject: 'reject' } as const;

/** The dimension that SES itself gives to each mail of a configuration set. */
const dimension = 'ses:configuration-set';

/**
 * What an operator learns about the mails of receipts: which of them wait, and which did not reach their passenger.
 *
 * SES counts bounces, complaints and rejects in CloudWatch, and an alarm notifies the alarms' topic. SES could also
 * publish each of them to the topic, but such a message contains the passenger's address, and the topic sends e-mail.
 */
export class MailReports extends Construct {
  readonly configurationSetName: string;
  readonly #topic: ITopic;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.#topic = platformAlarmsTopic(this);
    this.configurationSetName = serviceName(this, 'receipts');
    const configurationSet = new CfnConfigurationSet(this, 'ConfigurationSet', {
      name: this.configurationSetName,
      // SES sends nothing more to an address that bounced for good or complained.
      suppressionOptions: { suppressedReasons: ['BOUNCE', 'COMPLAINT'] },
    });
    const destination = new CfnConfigurationSetEventDestination(this, 'Counts', {
      configurationSetName: this.configurationSetName,
      eventDestination: {
        name: 'cloudwatch',
        enabled: true,
        matchingEventTypes: Object.values(reported),
        cloudWatchDestination: {
          dimensionConfigurations: [
            {
              dimensionName: dimension,
              dimensionValueSource: 'messageTag',
              defaultDimensionValue: this.configurationSetName,
            },
          ],
        },
      },
    });
    destination.addResourceDependency(configurationSet);

    this.#alarm('Waiting', 'mails-waiting', {
      metric: businessMetric(this, 'receipts', 'MessageWaiting'),
      // A waiting message is counted at least every 15 minutes. With a shorter time the alarm would go on and off.
      evaluationPeriods: 30,
      datapointsToAlarm: 1,
      meaning: 'SES has refused to send mails for minutes, for a reason in the account. Receipts wait; none is lost.',
      action:
        'Search the log for `Message waits`: the line has the reason. After seven days a receipt is a dead letter.',
      section: 'Receipts wait for SES',
    });
    this.#alarm('Returned', 'mails-returned', {
      metric: sumOf(
        Object.keys(reported).map(
          (metricName) =>
            new Metric({
              namespace: 'AWS/SES',
              metricName,
              dimensionsMap: { [dimension]: this.configurationSetName },
              period: minute,
              statistic: Stats.SUM,
            }),
        ),
      ),
      // AWS does not say how late SES publishes its counts.
      evaluationPeriods: 15,
      datapointsToAlarm: 1,
      meaning: 'A receipt or a refund notice did not reach its passenger, or the passenger reported it as spam.',
      action: 'List the addresses that SES does not send to any more.',
      section: 'Mails bounce, or passengers complain',
    });
  }

  #alarm(id: string, name: string, props: Omit<OperatorAlarmProps, 'name' | 'topic'>): void {
    const alarmName = `${serviceName(this, 'receipts')}-${name}`;
    new OperatorAlarm(this, id, { ...props, name: alarmName, topic: this.#topic });
  }
}

import { RemovalPolicy } from 'aws-cdk-lib';
import { type EventBus, IncludeDetail, Level, type LogConfig } from 'aws-cdk-lib/aws-events';
import { CfnDelivery, CfnDeliveryDestination, CfnDeliverySource, LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { logRetention } from './log-settings.ts';
import { airlineName } from './names.ts';

/** The kinds of records of each level. EventBridge writes each kind as a log of its own. */
const logTypes: Readonly<Record<Level, readonly string[]>> = {
  [Level.OFF]: [],
  [Level.ERROR]: ['ERROR_LOGS'],
  [Level.INFO]: ['ERROR_LOGS', 'INFO_LOGS'],
  [Level.TRACE]: ['ERROR_LOGS', 'INFO_LOGS', 'TRACE_LOGS'],
};

/**
 * What the bus logs: the context value `busLogLevel` (OFF, ERROR, INFO or TRACE), or ERROR. It never logs the events
 * themselves, which have names and addresses.
 * @throws Error when the value is not a level
 */
export function busLogConfig(scope: Construct): LogConfig & { level: Level } {
  const given: unknown = scope.node.tryGetContext('busLogLevel') ?? Level.ERROR;
  const levels = Object.values(Level);
  const level = levels.find((each) => each === given);
  if (level !== undefined) return { level, includeDetail: IncludeDetail.NONE };
  throw new Error(`Context value busLogLevel must be one of ${levels.join(', ')}; it is ${JSON.stringify(given)}.`);
}

/**
 * The log of what happens inside the bus, by default of what it could not deliver and why
 * (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-logs.html).
 */
export class BusLog extends Construct {
  constructor(scope: Construct, id: string, bus: EventBus) {
    super(scope, id);
    const types = logTypes[busLogConfig(this).level];
    if (types.length === 0) return;
    const name = `${airlineName(this)}-bus`;
    // Log groups with this beginning share one resource policy, which has a limited size
    // (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-CloudWatchLogs.html).
    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: `/aws/vendedlogs/events/event-bus/${airlineName(this)}`,
      retention: logRetention(this),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const destination = new CfnDeliveryDestination(this, 'Destination', {
      name,
      destinationResourceArn: logGroup.logGroupArn,
    });
    // One after another: two deliveries to one destination that are created at once may be a conflict.
    let before: CfnDelivery | undefined;
    for (const logType of types) {
      const source = new CfnDeliverySource(this, `Source-${logType}`, {
        name: `${name}-${logType.toLowerCase().replace('_', '-')}`,
        logType,
        resourceArn: bus.eventBusArn,
      });
      const delivery = new CfnDelivery(this, `Delivery-${logType}`, {
        deliverySourceName: source.ref,
        deliveryDestinationArn: destination.attrArn,
      });
      if (before) source.node.addDependency(before);
      before = delivery;
    }
  }
}

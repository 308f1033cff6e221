import { Annotations, CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Archive, EventBus } from 'aws-cdk-lib/aws-events';
import { CfnRegistry } from 'aws-cdk-lib/aws-eventschemas';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { addAirlineTags } from './airline-tags.ts';
import { minute, OperatorAlarm } from './alarm.ts';
import { AlarmsTopic } from './alarms-topic.ts';
import { BusLog, busLogConfig } from './bus-log.ts';
import { FlowDashboard } from './flow-dashboard.ts';
import { FrontDoor } from './front-door.ts';
import { airlineName, parameterName, serviceName, stageOf } from './names.ts';
import { OperatorRoles } from './operator-roles.ts';
import { SmokeRole } from './smoke-role.ts';
import { justify } from './policies/justify.ts';
import { PublishedSchemas } from './published-schemas.ts';
import { RotatedKey } from './rotated-key.ts';
import { ServicesDashboard } from './services-dashboard.ts';

/**
 * The resources that all services share: the bus with its archive, the schema registry, the front door, the alarms
 * topic, the dashboards, the roles of operators and the record of what they change.
 *
 * Services find them by SSM parameters, so no stack blocks another's deployment. A missing parameter fails the
 * deployment of a service. A wrong bus name in code would not fail at all: PutEvents to a bus that does not exist
 * succeeds.
 */
export class PlatformStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    // Without the bus no service hears another.
    super(scope, id, { terminationProtection: true, ...props });

    const bus = new EventBus(this, 'Bus', {
      eventBusName: airlineName(this),
      description: "Carries the events of the airline's services",
      logConfig: busLogConfig(this),
    });
    new BusLog(this, 'BusLog', bus);
    // One key for both, because a key costs 1 USD a month.
    const key = new RotatedKey(this, 'Key', 'Encrypts the archive of events and the alarms on their way');
    justify(
      key,
      'wildcard-action kms:ReEncrypt*',
      'EventBridge needs kms:ReEncryptFrom and kms:ReEncryptTo, and only for events of this bus.',
    );
    justify(
      key,
      'open-resource kms:DescribeKey',
      'EventBridge checks that the key exists before there is any event that a condition could name.',
    );
    const archive = new Archive(this, 'Archive', {
      sourceEventBus: bus,
      description: 'Keeps every event of the bus for replays',
      eventPattern: { account: [this.account] },
      retention: Duration.days(30),
      kmsKey: key,
    });
    archive.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);

    const registryName = airlineName(this);
    const registry = new CfnRegistry(this, 'SchemaRegistry', {
      registryName,
      description: "Schemas of the airline's events; the stack that publishes an event registers its schema",
    });
    // A command publishes FlightScheduled (`pnpm flights load`). It has no stack, so the platform registers the schema.
    new PublishedSchemas(registry, 'Schedule', { source: 'airline.flights', registryName: registry.attrRegistryName });

    const { api, authorizerId } = new FrontDoor(this, 'FrontDoor');

    const alarms = new AlarmsTopic(this, 'Alarms', key);
    if (stageOf(this) === 'production' && this.node.tryGetContext('alarmEmail') === undefined) {
      Annotations.of(this).addWarningV2(
        'airline:no-alarm-email',
        'No alarm reaches anybody by mail. Type -c alarmEmail=ops@airline.example, or subscribe to the topic ' +
          `${serviceName(this, 'alarms')} yourself.`,
      );
    }
    new OperatorAlarm(this, 'FrontDoorErrors', {
      name: serviceName(this, 'front-door-errors'),
      topic: alarms.topic,
      metric: api.metricServerError({ period: minute, statistic: Stats.SUM }),
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
      meaning: 'The HTTP API has returned 5xx errors for minutes. Customers cannot search, book or cancel.',
      action: "Search the logs of the services' api functions for `Request failed`.",
      section: 'The front door answers 5xx',
    });
    new FlowDashboard(this, 'Dashboard');
    new ServicesDashboard(this, 'ServicesDashboard');
    // What operators changed, by `pnpm operations`. CloudWatch encrypts it with a key of its own.
    const operations = new LogGroup(this, 'Operations', {
      logGroupName: parameterName(this, 'operations'),
      retention: RetentionDays.TWO_YEARS,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    new OperatorRoles(this, 'OperatorRoles', { bus, archive, operations });
    new SmokeRole(this, 'SmokeRole', { bus });
    addAirlineTags(this, 'platform');

    const parameters = {
      'bus/name': bus.eventBusName,
      'api/id': api.apiId,
      'api/url': api.apiEndpoint,
      'api/authorizer-id': authorizerId,
      'schemas/registry': registryName,
      'alarms/topic-arn': alarms.topic.topicArn,
    };
    for (const [path, value] of Object.entries(parameters)) {
      const name = parameterName(this, ...path.split('/'));
      new StringParameter(this, `Parameter-${path.replace('/', '-')}`, {
        parameterName: name,
        stringValue: value,
      }).applyRemovalPolicy(RemovalPolicy.DESTROY);
    }
    new CfnOutput(this, 'ApiUrl', { value: api.apiEndpoint, description: 'Front door' });
  }
}

import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Archive, EventBus } from 'aws-cdk-lib/aws-events';
import { CfnRegistry } from 'aws-cdk-lib/aws-eventschemas';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { minute, OperatorAlarm } from './alarm.ts';
import { AlarmsTopic } from './alarms-topic.ts';
import { FlowDashboard } from './flow-dashboard.ts';
import { FrontDoor } from './front-door.ts';
import { airlineName, parameterName, serviceName } from './names.ts';
import { justify } from './policies/justify.ts';
import { PublishedSchemas } from './published-schemas.ts';
import { RotatedKey } from './rotated-key.ts';

/**
 * What all services meet on and none of them owns: the bus with its archive, the front door, the topic of alarms. Services find
 * them by parameters, so that no stack blocks another's deployment; a missing parameter fails their deployment, where a wrong bus name
 * would be swallowed at run time (PutEvents to a bus that does not exist succeeds).
 */
export class PlatformStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);

    const bus = new EventBus(this, 'Bus', {
      eventBusName: airlineName(this),
      description: 'What the services of the airline say to each other',
    });
    const key = new RotatedKey(this, 'ArchiveKey', 'Encrypts the archive of events: they name passengers');
    justify(
      key,
      'wildcard-action kms:ReEncrypt*',
      'EventBridge names two actions by it, from and to, for events of this bus alone.',
    );
    justify(
      key,
      'open-resource kms:DescribeKey',
      'EventBridge looks whether the key exists before there is an event to act for.',
    );
    new Archive(this, 'Archive', {
      sourceEventBus: bus,
      description: 'Every event of the bus, for replays',
      eventPattern: { account: [this.account] },
      retention: Duration.days(30),
      kmsKey: key,
    });

    const registryName = airlineName(this);
    const registry = new CfnRegistry(this, 'SchemaRegistry', {
      registryName,
      description: 'What the events of the airline look like; each is registered by the stack that publishes it',
    });
    // The schedule is loaded by a command, which has no stack of its own.
    new PublishedSchemas(registry, 'Schedule', { source: 'airline.flights', registryName: registry.attrRegistryName });

    const { api, authorizerId } = new FrontDoor(this, 'FrontDoor');

    const alarms = new AlarmsTopic(this, 'Alarms');
    new OperatorAlarm(this, 'FrontDoorErrors', {
      name: serviceName(this, 'front-door-errors'),
      topic: alarms.topic,
      metric: api.metricServerError({ period: minute, statistic: Stats.SUM }),
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
      meaning: 'The HTTP API has answered 5xx for minutes: customers are turned away.',
      action: "Look for `Request failed` in the logs of the services' api functions.",
      section: 'The front door answers 5xx',
    });
    new FlowDashboard(this, 'Dashboard');
    Tags.of(this).add('airline:name', airlineName(this));
    Tags.of(this).add('airline:service', 'platform');

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

import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { Archive, EventBus } from 'aws-cdk-lib/aws-events';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { CommandRole, type Permission } from './command-role.ts';
import { bookingServices, knownServices } from './known-services.ts';
import { airlineName, serviceName } from './names.ts';

export interface OperatorRolesProps {
  bus: EventBus;
  archive: Archive;
  /** The record of what operators change. */
  operations: LogGroup;
}

/**
 * The roles of the operators on call, with what the commands of the runbook need and nothing else.
 * - `airline-reader` looks: `dlq list`, `show`, `export`, every dry run, `reconcile`, `status`, `explain`, `trace`,
 *   `waiting`, `operations`, `flights list`, `flow`.
 * - `airline-operator` also acts: `dlq redrive`, `dlq drop` and `replay`, each with `--confirm`. It adds to the record
 *   of operations, and neither role may change or delete what is in it.
 *
 * Both see personal data: names and addresses in dead letters and tables. Neither gets the key with which payments
 * charges: `reconcile` reads the charges with a restricted key of Stripe.
 */
export class OperatorRoles extends Construct {
  constructor(scope: Construct, id: string, { bus, archive, operations }: OperatorRolesProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const arnOf = (service: string, resource: string, resourceName?: string): string =>
      stack.formatArn({ service, resource, ...(resourceName !== undefined && { resourceName }) });
    const tableOf = (service: string): string => arnOf('dynamodb', 'table', serviceName(this, service));
    const queues = knownServices.map((service) => serviceName(this, service));
    const deadLetters = queues.flatMap((queue) => [`${queue}-dead-letters`, `${queue}-undelivered`]);
    const deadLetterArns = deadLetters.map((queue) => arnOf('sqs', queue));

    const oneLogGroup = 'The ARN of a log group ends with :* in a policy; the name before it is that of one log group.';
    const reading: Permission[] = [
      {
        // Receiving is the only way to look into a queue. It hides a message for five minutes at most, and counts:
        // ChangeMessageVisibility ends the hiding. A dead-letter queue has no limit of receives that could move it.
        // The batch requests need these actions, too
        // (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-batch-api-actions.html).
        actions: ['sqs:GetQueueAttributes', 'sqs:ReceiveMessage', 'sqs:ChangeMessageVisibility'],
        resources: deadLetterArns,
      },
      // `pnpm explain` counts the messages that wait. It does not look at them: a receive would be one of their tries.
      { actions: ['sqs:GetQueueAttributes'], resources: queues.map((queue) => arnOf('sqs', queue)) },
      // One list of tables for all three: whoever may scan a table may also read single items of it.
      { actions: ['dynamodb:Scan', 'dynamodb:GetItem', 'dynamodb:Query'], resources: bookingServices.map(tableOf) },
      { actions: ['dynamodb:Query'], resources: [`${tableOf('status')}/index/unsettled`] },
      {
        actions: ['logs:FilterLogEvents'],
        // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
        resources: [
          ...bookingServices.map((service) =>
            stack.formatArn({
              service: 'logs',
              resource: 'log-group',
              resourceName: `/aws/lambda/${serviceName(this, service)}-consumer:*`,
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            }),
          ),
          operations.logGroupArn,
        ],
        wide: oneLogGroup,
      },
      {
        actions: ['cloudformation:GetTemplate'],
        resources: ['platform', ...knownServices].map((name) =>
          arnOf('cloudformation', 'stack', `${serviceName(this, name)}/*`),
        ),
        wide: 'The ARN of a stack ends with an id that CloudFormation gives; the name before it is that of one stack.',
      },
      { actions: ['events:DescribeEventBus'], resources: [bus.eventBusArn] },
      { actions: ['events:DescribeArchive'], resources: [archive.archiveArn] },
      {
        actions: ['events:ListArchives', 'events:ListRules'],
        resources: ['*'],
        wide: 'EventBridge knows no resource for these two actions; they list names and patterns, and no event.',
      },
    ];
    // No name of an airline has a full stop, so this pattern matches no replay of another airline.
    const replays = arnOf('events', 'replay', `${airlineName(this)}.*`);
    const anyTime =
      'The name of a replay ends with the time of its start; the pattern matches only those of this airline.';
    const acting: Permission[] = [
      // To append: CloudWatch has no action that changes a line, and the roles have none that deletes.
      {
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [operations.logGroupArn],
        wide: oneLogGroup,
      },
      { actions: ['sqs:SendMessage'], resources: queues.map((queue) => arnOf('sqs', queue)) },
      { actions: ['sqs:DeleteMessage'], resources: deadLetterArns },
      { actions: ['events:StartReplay'], resources: [bus.eventBusArn, archive.archiveArn, replays], wide: anyTime },
      { actions: ['events:DescribeReplay', 'events:CancelReplay'], resources: [replays], wide: anyTime },
    ];
    const secrets = ['payments/stripe-read-key'];
    new CommandRole(this, 'Reader', {
      name: 'reader',
      description:
        'For people who look: dead letters, dry runs, reconcile, explain. Sees personal data, changes nothing',
      secrets,
      permissions: reading,
    });
    new CommandRole(this, 'Operator', {
      name: 'operator',
      description: 'For people who act: redrives, drops and replays. Also all that the reader may',
      secrets,
      permissions: [...reading, ...acting],
    });
  }
}

import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { AttributeType, ProjectionType } from 'aws-cdk-lib/aws-dynamodb';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { ApiFunction } from '@airline/infra/api-function';
import { EventConsumer } from '@airline/infra/event-consumer';
import { platformApi, platformBus } from '@airline/infra/platform';
import { ScheduledFunction } from '@airline/infra/scheduled-function';
import { ServiceOperations } from '@airline/infra/service-operations';
import { ServiceTable } from '@airline/infra/service-table';
import type { Construct } from 'constructs';
import path from 'node:path';
import { subscriptions } from '../src/subscriptions.ts';
import { unsettledIndex } from '../src/unsettled-index.ts';

const source = path.join(import.meta.dirname, '..', 'src');

/** Status: how is my booking? */
export class StatusStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);

    const table = new ServiceTable(this, 'Table', { service: 'status' });
    table.addGlobalSecondaryIndex({
      indexName: unsettledIndex.name,
      partitionKey: { name: unsettledIndex.partitionKey, type: AttributeType.STRING },
      sortKey: { name: unsettledIndex.sortKey, type: AttributeType.STRING },
      projectionType: ProjectionType.INCLUDE,
      nonKeyAttributes: [...unsettledIndex.attributes],
    });
    const environment = { STATUS_TABLE_NAME: table.tableName };

    const consumer = new EventConsumer(this, 'Consumer', {
      service: 'status',
      entry: path.join(source, 'consumer.ts'),
      bus: platformBus(this),
      hears: subscriptions,
      says: [],
      environment,
    });
    allow(consumer.function, [table.tableArn], 'dynamodb:PutItem', 'dynamodb:Query');

    const api = new ApiFunction(this, 'Api', {
      service: 'status',
      entry: path.join(source, 'api.ts'),
      description: 'Answers how a booking is',
      api: platformApi(this),
      routes: ['GET /bookings/{bookingId}'],
      environment,
    });
    allow(api, [table.tableArn], 'dynamodb:Query');

    const watch = new ScheduledFunction(this, 'Watch', {
      service: 'status',
      kind: 'watch',
      entry: path.join(source, 'watch.ts'),
      description: 'Measures how long the oldest unsettled booking has waited',
      every: Duration.minutes(5),
      environment,
    });
    allow(watch, [`${table.tableArn}/index/${unsettledIndex.name}`], 'dynamodb:Query');
    ServiceOperations.of(this, 'status').watchUnsettledBookings();
  }
}

/** Not the table's own `grant`, which would allow the same on all its indexes. */
function allow(grantee: IGrantable, resources: string[], ...actions: string[]): void {
  grantee.grantPrincipal.addToPrincipalPolicy(new PolicyStatement({ actions, resources }));
}

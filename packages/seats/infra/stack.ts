import { Stack, type StackProps } from 'aws-cdk-lib';
import { AttributeType, ProjectionType } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { ApiFunction } from '@airline/infra/api-function';
import { EventConsumer } from '@airline/infra/event-consumer';
import { secondsFromContext } from '@airline/infra/names';
import { platformApi, platformBus, platformSchemaRegistry } from '@airline/infra/platform';
import { PublishedSchemas } from '@airline/infra/published-schemas';
import { ServiceTable } from '@airline/infra/service-table';
import type { Construct } from 'constructs';
import path from 'node:path';
import { flightIndexes } from '../src/dynamodb-flight-list.ts';
import { subscriptions } from '../src/subscriptions.ts';

const source = path.join(import.meta.dirname, '..', 'src');

/** Seats: who holds which seat of which flight. */
export class SeatsStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);

    const table = new ServiceTable(this, 'Table', { service: 'seats' });
    for (const [indexName, [partitionKey, sortKey]] of Object.entries(flightIndexes)) {
      table.addGlobalSecondaryIndex({
        indexName,
        partitionKey: { name: partitionKey, type: AttributeType.STRING },
        sortKey: { name: sortKey, type: AttributeType.STRING },
        projectionType: ProjectionType.INCLUDE,
        nonKeyAttributes: ['flight'],
      });
    }
    const seconds = (key: string, byDefault: number): string =>
      String(secondsFromContext(this, key, { byDefault, minimum: 0, maximum: 86_400 }));
    const environment = { SEATS_TABLE_NAME: table.tableName };

    const consumer = new EventConsumer(this, 'Consumer', {
      service: 'seats',
      entry: path.join(source, 'consumer.ts'),
      bus: platformBus(this),
      hears: subscriptions,
      says: ['SeatBooked', 'SeatUnavailable', 'SeatReleased'],
      // The hold timer.
      sendsToItself: true,
      reportsImpossibleFacts: true,
      environment: {
        ...environment,
        HOLD_DEFAULT_SECONDS: seconds('holdDefaultSeconds', 600),
        HOLD_GRACE_SECONDS: seconds('holdGraceSeconds', 60),
        HOLD_MAXIMUM_SECONDS: seconds('holdMaximumSeconds', 86_400),
      },
    });
    // Not by table.grant(): it would also grant access to every index, and the consumer uses none.
    const ofTable = ['GetItem', 'BatchGetItem', 'PutItem', 'DeleteItem'].map((action) => `dynamodb:${action}`);
    consumer.function.addToRolePolicy(new PolicyStatement({ actions: ofTable, resources: [table.tableArn] }));

    const api = new ApiFunction(this, 'Api', {
      service: 'seats',
      entry: path.join(source, 'api.ts'),
      description: 'Flights and seat maps',
      api: platformApi(this),
      routes: ['GET /flights', 'GET /flights/{flightId}/seats'],
      publicReason: 'Flights and seat maps are public, and the response does not reveal who holds a seat.',
      environment,
    });
    const indexes = Object.keys(flightIndexes).map((name) => `${table.tableArn}/index/${name}`);
    api.addToRolePolicy(new PolicyStatement({ actions: ['dynamodb:Query'], resources: [table.tableArn, ...indexes] }));
    api.addToRolePolicy(new PolicyStatement({ actions: ['dynamodb:BatchGetItem'], resources: [table.tableArn] }));

    new PublishedSchemas(this, 'Schemas', { source: 'airline.seats', registryName: platformSchemaRegistry(this) });
  }
}

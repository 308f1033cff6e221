import { Stack, type StackProps } from 'aws-cdk-lib';
import { ApiFunction } from '@airline/infra/api-function';
import { EventConsumer } from '@airline/infra/event-consumer';
import { platformApi, platformBus } from '@airline/infra/platform';
import { ServiceTable } from '@airline/infra/service-table';
import type { Construct } from 'constructs';
import path from 'node:path';
import { subscriptions } from '../src/subscriptions.ts';

const source = path.join(import.meta.dirname, '..', 'src');

/** Status: how is my booking? */
export class StatusStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);

    const table = new ServiceTable(this, 'Table', { service: 'status' });
    const environment = { STATUS_TABLE_NAME: table.tableName };

    const consumer = new EventConsumer(this, 'Consumer', {
      service: 'status',
      entry: path.join(source, 'consumer.ts'),
      bus: platformBus(this),
      hears: subscriptions,
      says: [],
      environment,
    });
    table.grant(consumer.function, 'dynamodb:PutItem', 'dynamodb:Query');

    const api = new ApiFunction(this, 'Api', {
      service: 'status',
      entry: path.join(source, 'api.ts'),
      description: 'Answers how a booking is',
      api: platformApi(this),
      routes: ['GET /bookings/{bookingId}'],
      environment,
    });
    table.grant(api, 'dynamodb:Query');
  }
}

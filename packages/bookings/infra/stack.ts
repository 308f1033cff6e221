import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { ApiFunction } from '@airline/infra/api-function';
import { EventConsumer } from '@airline/infra/event-consumer';
import { secondsFromContext } from '@airline/infra/names';
import { platformApi, platformBus, platformSchemaRegistry } from '@airline/infra/platform';
import { PublishedSchemas } from '@airline/infra/published-schemas';
import { grantPutEvents } from '@airline/infra/put-events-policy';
import { ServiceTable } from '@airline/infra/service-table';
import type { Construct } from 'constructs';
import path from 'node:path';
import { subscriptions } from '../src/subscriptions.ts';

const source = path.join(import.meta.dirname, '..', 'src');

/** Bookings: the front desk, which prices booking requests and publishes them. */
export class BookingsStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);

    const bus = platformBus(this);
    const table = new ServiceTable(this, 'Table', { service: 'bookings' });
    const environment = { BOOKINGS_TABLE_NAME: table.tableName };

    const limits = { byDefault: 600, minimum: 1, maximum: 86_400 };
    const expiresAfterSeconds = String(secondsFromContext(this, 'bookingExpiresAfterSeconds', limits));

    const consumer = new EventConsumer(this, 'Consumer', {
      service: 'bookings',
      entry: path.join(source, 'consumer.ts'),
      bus,
      hears: subscriptions,
      says: [],
      environment,
    });
    table.grant(consumer.function, 'dynamodb:PutItem');

    const api = new ApiFunction(this, 'Api', {
      service: 'bookings',
      entry: path.join(source, 'api.ts'),
      description: 'Takes booking requests',
      api: platformApi(this),
      routes: ['POST /bookings', 'DELETE /bookings/{bookingId}'],
      // A run that crashes keeps its idempotency key until this timeout, so a short one lets the client retry sooner.
      timeout: Duration.seconds(10),
      environment: {
        EVENT_BUS_NAME: bus.eventBusName,
        BOOKING_EXPIRES_AFTER_SECONDS: expiresAfterSeconds,
        ...environment,
      },
    });
    // For flights, cancellations, owners and idempotency keys. Only a failed run deletes: its idempotency key.
    table.grant(api, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem');
    grantPutEvents(api, { bus, source: 'airline.bookings', detailTypes: ['BookingRequested', 'BookingCancelled'] });

    new PublishedSchemas(this, 'Schemas', { source: 'airline.bookings', registryName: platformSchemaRegistry(this) });
  }
}

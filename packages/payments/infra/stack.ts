import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { EventConsumer } from '@airline/infra/event-consumer';
import { parameterName } from '@airline/infra/names';
import { platformBus, platformSchemaRegistry } from '@airline/infra/platform';
import { PublishedSchemas } from '@airline/infra/published-schemas';
import { grantJustified } from '@airline/infra/policies/justify';
import { ServiceTable } from '@airline/infra/service-table';
import type { Construct } from 'constructs';
import path from 'node:path';
import { subscriptions } from '../src/subscriptions.ts';

const source = path.join(import.meta.dirname, '..', 'src');

/** The stack of payments. */
export class PaymentsStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);

    const table = new ServiceTable(this, 'Table', { service: 'payments' });
    // CloudFormation cannot create SecureString parameters, so an operator creates it. The stack only has its name.
    const apiKeyParameter = parameterName(this, 'payments', 'stripe-api-key');
    const stripeApiUrl = this.node.tryGetContext('stripeApiUrl') as string | undefined;

    const consumer = new EventConsumer(this, 'Consumer', {
      service: 'payments',
      entry: path.join(source, 'consumer.ts'),
      bus: platformBus(this),
      hears: subscriptions,
      says: ['PaymentOk', 'PaymentFailed', 'PaymentRefunded'],
      // One request to Stripe with both of its attempts (10.5 seconds), the record, and the end of the batch. The
      // test of this stack adds it up. A delivery with less time left makes fewer requests, and the next one continues.
      timeout: Duration.seconds(15),
      environment: {
        PAYMENTS_TABLE_NAME: table.tableName,
        STRIPE_API_KEY_PARAMETER: apiKeyParameter,
        ...(stripeApiUrl !== undefined && { STRIPE_API_URL: stripeApiUrl }),
      },
    });
    // GetItem and PutItem for records; all four for Powertools' guards.
    table.grant(
      consumer.function,
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
      'dynamodb:DeleteItem',
    );
    // The default key of SecureString parameters (aws/ssm) decrypts for every reader of the parameter. With another key
    // the function would also need kms:Decrypt.
    const apiKeyArn = this.formatArn({ service: 'ssm', resource: 'parameter', resourceName: apiKeyParameter.slice(1) });
    grantJustified(
      consumer.function,
      { actions: ['ssm:GetParameter'], resources: [apiKeyArn] },
      'An operator creates the parameter of the provider’s key, since CloudFormation cannot create secure parameters.',
    );

    new PublishedSchemas(this, 'Schemas', { source: 'airline.payments', registryName: platformSchemaRegistry(this) });
  }
}

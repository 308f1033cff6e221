import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { EventConsumer } from '@airline/infra/event-consumer';
import { parameterName } from '@airline/infra/names';
import { platformBus, platformSchemaRegistry } from '@airline/infra/platform';
import { PublishedSchemas } from '@airline/infra/published-schemas';
import { allowBecause } from '@airline/infra/policies/justify';
import { ServiceTable } from '@airline/infra/service-table';
import type { Construct } from 'constructs';
import path from 'node:path';
import { subscriptions } from '../src/subscriptions.ts';

const source = path.join(import.meta.dirname, '..', 'src');

/** Payments: charges and refunds. */
export class PaymentsStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);

    const table = new ServiceTable(this, 'Table', { service: 'payments' });
    // CloudFormation cannot create SecureString parameters: an operator puts the key there, and only its name stands here.
    const apiKeyParameter = parameterName(this, 'payments', 'stripe-api-key');
    const stripeApiUrl = this.node.tryGetContext('stripeApiUrl') as string | undefined;

    const consumer = new EventConsumer(this, 'Consumer', {
      service: 'payments',
      entry: path.join(source, 'consumer.ts'),
      bus: platformBus(this),
      hears: subscriptions,
      says: ['PaymentOk', 'PaymentFailed', 'PaymentRefunded'],
      // Two requests to Stripe, of which the first may need its second attempt.
      timeout: Duration.seconds(15),
      environment: {
        PAYMENTS_TABLE_NAME: table.tableName,
        STRIPE_API_KEY_PARAMETER: apiKeyParameter,
        ...(stripeApiUrl !== undefined && { STRIPE_API_URL: stripeApiUrl }),
      },
    });
    // Reads and writes records; reads, writes and gives up the guards of its calls to the provider.
    table.grant(
      consumer.function,
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
      'dynamodb:DeleteItem',
    );
    // The default key of SecureString parameters (aws/ssm) lets whoever may read a parameter decrypt it; another key would need
    // kms:Decrypt besides.
    const apiKeyArn = this.formatArn({ service: 'ssm', resource: 'parameter', resourceName: apiKeyParameter.slice(1) });
    allowBecause(
      consumer.function,
      { actions: ['ssm:GetParameter'], resources: [apiKeyArn] },
      'The provider’s key is put there by an operator, since CloudFormation cannot create secure parameters.',
    );

    new PublishedSchemas(this, 'Schemas', { source: 'airline.payments', registryName: platformSchemaRegistry(this) });
  }
}

import { Stack, type StackProps } from 'aws-cdk-lib';
import { EventConsumer } from '@airline/infra/event-consumer';
import { platformBus, platformSchemaRegistry } from '@airline/infra/platform';
import { PublishedSchemas } from '@airline/infra/published-schemas';
import { grantJustified } from '@airline/infra/policies/justify';
import { ServiceTable } from '@airline/infra/service-table';
import type { Construct } from 'constructs';
import path from 'node:path';
import { subscriptions } from '../src/subscriptions.ts';

const source = path.join(import.meta.dirname, '..', 'src');

/** The stack of receipts. */
export class ReceiptsStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);

    const table = new ServiceTable(this, 'Table', { service: 'receipts' });
    const sender = senderOf(this);

    const consumer = new EventConsumer(this, 'Consumer', {
      service: 'receipts',
      entry: path.join(source, 'consumer.ts'),
      bus: platformBus(this),
      hears: subscriptions,
      says: ['ReceiptIssued'],
      environment: { RECEIPTS_TABLE_NAME: table.tableName, RECEIPTS_FROM: sender },
    });
    table.grant(
      consumer.function,
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
      'dynamodb:DeleteItem',
    );

    grantJustified(
      consumer.function,
      {
        actions: ['ses:SendEmail'],
        // SES checks the permission for the verified identity: the address or its domain.
        resources: [sender, sender.slice(sender.indexOf('@') + 1)].map((identity) =>
          this.formatArn({ service: 'ses', resource: 'identity', resourceName: identity }),
        ),
        conditions: { StringEquals: { 'ses:FromAddress': sender } },
      },
      'Receipts are mailed from this one address only. Its identity in SES belongs to the account, not to a stack.',
    );

    new PublishedSchemas(this, 'Schemas', { source: 'airline.receipts', registryName: platformSchemaRegistry(this) });
  }
}

/**
 * The sender of receipts: the context value `receiptsFrom`, or `receipts@airline.example`. The address or its domain
 * must be verified in SES.
 * @throws Error when the value is not a plain address
 */
function senderOf(scope: Construct): string {
  const sender = (scope.node.tryGetContext('receiptsFrom') as unknown) ?? 'receipts@airline.example';
  if (typeof sender !== 'string' || !/^[^\s@<>"*]+@[^\s@<>"*]+$/.test(sender)) {
    throw new Error(
      `Context value receiptsFrom must be an email address such as receipts@airline.example; it is ${JSON.stringify(sender)}.`,
    );
  }
  return sender;
}

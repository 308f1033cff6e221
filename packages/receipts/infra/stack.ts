import { Stack, type StackProps } from 'aws-cdk-lib';
import { concurrencyFromContext, EventConsumer } from '@airline/infra/event-consumer';
import { platformBus, platformSchemaRegistry } from '@airline/infra/platform';
import { PublishedSchemas } from '@airline/infra/published-schemas';
import { grantJustified, justify } from '@airline/infra/policies/justify';
import { ServiceTable } from '@airline/infra/service-table';
import type { Construct } from 'constructs';
import path from 'node:path';
import { subscriptions } from '../src/subscriptions.ts';
import { MailReports } from './mail-reports.ts';

const source = path.join(import.meta.dirname, '..', 'src');

/** The stack of receipts. */
export class ReceiptsStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);

    const table = new ServiceTable(this, 'Table', { service: 'receipts' });
    const sender = senderOf(this);
    const { configurationSetName } = new MailReports(this, 'MailReports');

    const consumer = new EventConsumer(this, 'Consumer', {
      service: 'receipts',
      entry: path.join(source, 'consumer.ts'),
      bus: platformBus(this),
      hears: subscriptions,
      says: ['ReceiptIssued'],
      environment: {
        RECEIPTS_TABLE_NAME: table.tableName,
        RECEIPTS_FROM: sender,
        CONFIGURATION_SET_NAME: configurationSetName,
      },
      sendsToItself: true,
      // The lowest that Lambda allows. In its sandbox SES accepts one mail a second; two batches at once already send
      // more, but then few mails are refused.
      maxConcurrency: concurrencyFromContext(this, 'receiptsConcurrency', 2),
    });
    table.grant(
      consumer.function,
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
      'dynamodb:DeleteItem',
    );

    const why =
      'Receipts are mailed to any passenger, and from this one address only, which the condition on the sender ensures.';
    grantJustified(
      consumer.function,
      {
        actions: ['ses:SendEmail'],
        // SES checks the permission for the sender's identity, which is the address or its domain. It also checks the
        // recipient's, if that is an identity of the account, as each recipient is in the sandbox
        // (https://github.com/aws/aws-sdk-js/issues/3641). A policy cannot name all recipients.
        resources: [
          this.formatArn({ service: 'ses', resource: 'identity', resourceName: '*' }),
          this.formatArn({ service: 'ses', resource: 'configuration-set', resourceName: configurationSetName }),
        ],
        conditions: { StringEquals: { 'ses:FromAddress': sender } },
      },
      why,
    );
    const allIdentities = 'arn:<AWS::Partition>:ses:<AWS::Region>:<AWS::AccountId>:identity/*';
    justify(consumer.function.role!, `AwsSolutions-IAM5[Resource::${allIdentities}]`, why);

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

import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { serviceName } from './names.ts';

/**
 * The one table of a service: partition key `pk`, sort key `sk`. An item with `expiresAtEpoch` (seconds since 1970)
 * expires at that time. The table survives its stack, because it holds the service's records.
 */
export class ServiceTable extends Table {
  constructor(scope: Construct, id: string, { service }: { service: string }) {
    super(scope, id, {
      tableName: serviceName(scope, service),
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      timeToLiveAttribute: 'expiresAtEpoch',
      // Unlike RETAIN, this deletes the empty table when the stack's creation fails. It would block the next attempt.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
  }
}

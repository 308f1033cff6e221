import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { serviceName } from './names.ts';

/**
 * The one table of a service: partition key `pk`, sort key `sk`. An item with `expiresAtEpoch` (seconds since 1970)
 * expires at that time. The table survives its stack, because it holds the service's records. It has deletion
 * protection, and can be restored to any second of the last 35 days.
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
      deletionProtection: true,
      // Not RETAIN_ON_UPDATE_OR_DELETE, which deletes the table when the stack's creation fails: DynamoDB would refuse,
      // and the rollback would fail. deploy.ts imports what a failed creation left.
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }
}

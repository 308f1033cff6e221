import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { serviceName } from './names.ts';

/**
 * The one table of a service: partition key `pk`, sort key `sk`, items expire by `expiresAtEpoch` (seconds) where they have one.
 * It survives its stack, since it is the service's memory.
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
      // But not a creation that failed: the empty table would be in the way of the next.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
  }
}

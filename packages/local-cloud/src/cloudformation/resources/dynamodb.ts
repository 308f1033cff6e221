import { ACCOUNT_ID, REGION } from '../../account.ts';
import { physicalName } from './resource-kind.ts';
import type { ResourceKind } from './resource-kind.ts';

/** Properties with the same names and shapes as members of DynamoDB's CreateTable. */
const CREATE_TABLE_PROPERTIES = [
  'AttributeDefinitions',
  'KeySchema',
  'BillingMode',
  'ProvisionedThroughput',
  'LocalSecondaryIndexes',
];

export const table: ResourceKind = {
  properties: ['TableName', 'GlobalSecondaryIndexes', ...CREATE_TABLE_PROPERTIES],
  // TimeToLive: DynamoDB deletes an expired item within days, so a service must not rely on the deletion.
  withoutEffect: [
    'ContributorInsightsSpecification',
    'DeletionProtectionEnabled',
    'PointInTimeRecoverySpecification',
    'SSESpecification',
    'TableClass',
    'Tags',
    'TimeToLiveSpecification',
    'OnDemandThroughput',
    'WarmThroughput',
  ],
  create: async ({ stackName, logicalId, properties }, machine) => {
    const name = properties.text('TableName') ?? physicalName(stackName, logicalId, 255);
    const indexes = properties.groups('GlobalSecondaryIndexes').map((index) => {
      index.allowOnly(
        'IndexName',
        'KeySchema',
        'Projection',
        'ProvisionedThroughput',
        'ContributorInsightsSpecification',
        'OnDemandThroughput',
        'WarmThroughput',
      );
      const { IndexName, KeySchema, Projection, ProvisionedThroughput } = index.values;
      return {
        IndexName,
        KeySchema,
        Projection,
        ...(ProvisionedThroughput !== undefined && { ProvisionedThroughput }),
      };
    });
    const input = Object.fromEntries(CREATE_TABLE_PROPERTIES.map((key) => [key, properties.values[key]]));
    await machine.createTable({
      ...input,
      TableName: name,
      ...(indexes.length > 0 && { GlobalSecondaryIndexes: indexes }),
    });
    return { ref: name, attributes: { Arn: `arn:aws:dynamodb:${REGION}:${ACCOUNT_ID}:table/${name}` } };
  },
};

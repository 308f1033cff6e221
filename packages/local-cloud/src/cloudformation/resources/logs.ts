import { ACCOUNT_ID, REGION } from '../../account.ts';
import { physicalName, type ResourceKind } from './resource-kind.ts';

export const logGroup: ResourceKind = {
  properties: ['LogGroupName'],
  withoutEffect: ['DataProtectionPolicy', 'KmsKeyId', 'LogGroupClass', 'RetentionInDays', 'Tags'],
  create: ({ stackName, logicalId, properties }, { logs }) => {
    const name = properties.text('LogGroupName') ?? physicalName(stackName, logicalId, 512);
    logs.createGroup(name);
    return { ref: name, attributes: { Arn: `arn:aws:logs:${REGION}:${ACCOUNT_ID}:log-group:${name}:*` } };
  },
};

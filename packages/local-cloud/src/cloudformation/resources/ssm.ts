import { physicalName } from './resource-kind.ts';
import type { ResourceKind } from './resource-kind.ts';

export const ssmParameter: ResourceKind = {
  properties: ['Name', 'Type', 'Value'],
  withoutEffect: ['AllowedPattern', 'DataType', 'Description', 'Tags', 'Tier'],
  create: ({ stackName, logicalId, properties }, { parameters }) => {
    const type = properties.requiredText('Type');
    // CloudFormation does not create SecureString parameters either.
    if (type !== 'String') properties.fail(`the local cloud does not create SSM parameters of type ${type}`);
    const name = properties.text('Name') ?? physicalName(stackName, logicalId, 1011);
    const value = properties.requiredText('Value');
    parameters.put(name, value, 'String');
    return { ref: name, attributes: { Type: type, Value: value } };
  },
};

import { physicalName } from './resource-kind.ts';
import type { ResourceKind } from './resource-kind.ts';

const NUMBERS = [
  'DelaySeconds',
  'MaximumMessageSize',
  'MessageRetentionPeriod',
  'ReceiveMessageWaitTimeSeconds',
  'VisibilityTimeout',
] as const;

export const queue: ResourceKind = {
  properties: ['QueueName', 'RedrivePolicy', ...NUMBERS],
  // RedriveAllowPolicy is a permission: which queues may use this one as their dead-letter queue.
  withoutEffect: [
    'KmsMasterKeyId',
    'KmsDataKeyReusePeriodSeconds',
    'SqsManagedSseEnabled',
    'RedriveAllowPolicy',
    'Tags',
  ],
  create: async ({ stackName, logicalId, properties }, { queues }) => {
    const attributes: Record<string, string> = {};
    for (const name of NUMBERS) {
      const value = properties.number(name);
      if (value !== undefined) attributes[name] = String(value);
    }
    const redrive = properties.group('RedrivePolicy')?.allowOnly('deadLetterTargetArn', 'maxReceiveCount');
    if (redrive) {
      attributes.RedrivePolicy = JSON.stringify({
        deadLetterTargetArn: redrive.requiredText('deadLetterTargetArn'),
        maxReceiveCount: redrive.number('maxReceiveCount'),
      });
    }
    const { url, arn, name } = await queues.create(
      properties.text('QueueName') ?? physicalName(stackName, logicalId, 80),
      attributes,
    );
    return { ref: url, attributes: { Arn: arn, QueueName: name, QueueUrl: url } };
  },
};

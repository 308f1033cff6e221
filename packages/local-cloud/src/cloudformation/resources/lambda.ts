import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { HANDLER_FILE_EXTENSIONS } from '../../lambda/function-worker.ts';
import { ACCOUNT_ID, REGION } from '../../account.ts';
import { physicalName, stableHash } from './resource-kind.ts';
import type { ResourceKind, ResourceToCreate } from './resource-kind.ts';

export const lambdaFunction: ResourceKind = {
  properties: [
    'FunctionName',
    'Code',
    'Handler',
    'Runtime',
    'PackageType',
    'Environment',
    'Timeout',
    'MemorySize',
    'ReservedConcurrentExecutions',
  ],
  withoutEffect: [
    'Architectures',
    'Description',
    'EphemeralStorage',
    'KmsKeyArn',
    'LoggingConfig',
    'RecursiveLoop',
    'Role',
    'RuntimeManagementConfig',
    'Tags',
    'TracingConfig',
  ],
  create: (resource, { functions }) => {
    const { stackName, logicalId, properties } = resource;
    const runtime = properties.requiredText('Runtime');
    if (!runtime.startsWith('nodejs'))
      properties.fail(`the local cloud runs functions for Node.js only, not for ${runtime}`);
    if ((properties.text('PackageType') ?? 'Zip') !== 'Zip')
      properties.fail('the local cloud does not run container images');

    const name = properties.text('FunctionName') ?? physicalName(stackName, logicalId, 64);
    const arn = `arn:aws:lambda:${REGION}:${ACCOUNT_ID}:function:${name}`;
    const reserved = properties.number('ReservedConcurrentExecutions');
    functions.define({
      name,
      arn,
      runtime,
      ...code(resource),
      environment: environment(resource),
      timeoutSeconds: properties.number('Timeout') ?? 3,
      memoryMegabytes: properties.number('MemorySize') ?? 128,
      ...(reserved !== undefined && { reservedConcurrency: reserved }),
    });
    return { ref: name, attributes: { Arn: arn } };
  },
};

export const eventSourceMapping: ResourceKind = {
  properties: [
    'EventSourceArn',
    'FunctionName',
    'BatchSize',
    'MaximumBatchingWindowInSeconds',
    'ScalingConfig',
    'FunctionResponseTypes',
    'Enabled',
  ],
  withoutEffect: ['KmsKeyArn', 'MetricsConfig', 'Tags'],
  create: async ({ stackName, logicalId, properties }, { eventSources, functions, queues }) => {
    const queueArn = properties.requiredText('EventSourceArn');
    if (!queueArn.startsWith('arn:aws:sqs:')) properties.fail(`the local cloud polls SQS queues only, not ${queueArn}`);
    const functionName = functionNameOf(properties.requiredText('FunctionName'));
    const definition = functions.definition(functionName) ?? properties.fail(`there is no function ${functionName}`);

    const batchSize = properties.number('BatchSize') ?? 10;
    const batchingWindowSeconds = properties.number('MaximumBatchingWindowInSeconds') ?? 0;
    if (batchSize > 10 && batchingWindowSeconds < 1) {
      properties.fail('MaximumBatchingWindowInSeconds must be at least 1 when BatchSize is above 10');
    }
    const maximumConcurrency = properties
      .group('ScalingConfig')
      ?.allowOnly('MaximumConcurrency')
      .number('MaximumConcurrency');
    if (maximumConcurrency !== undefined && maximumConcurrency < 2)
      properties.fail('ScalingConfig.MaximumConcurrency must be at least 2');
    const responseTypes = properties.texts('FunctionResponseTypes') ?? [];
    if (responseTypes.some((type) => type !== 'ReportBatchItemFailures')) {
      properties.fail('FunctionResponseTypes can only hold ReportBatchItemFailures');
    }

    const queueName = queueArn.split(':').at(-1)!;
    const { QueueUrl: queueUrl } = (await queues.request('GetQueueUrl', { QueueName: queueName })) as {
      QueueUrl: string;
    };
    const { Attributes: attributes } = (await queues.request('GetQueueAttributes', {
      QueueUrl: queueUrl,
      AttributeNames: ['VisibilityTimeout'],
    })) as { Attributes: { VisibilityTimeout: string } };
    // As on AWS: a slow batch would become visible again during its invocation, and be handled twice.
    if (Number(attributes.VisibilityTimeout) < definition.timeoutSeconds) {
      properties.fail(
        `the queue's visibility timeout (${attributes.VisibilityTimeout} s) is less than ` +
          `the function's timeout (${definition.timeoutSeconds} s)`,
      );
    }

    const id = stableHash(`${stackName}/${logicalId}`, 12);
    eventSources.push({
      id,
      enabled: properties.flag('Enabled') ?? true,
      queueArn,
      queueUrl,
      functionName,
      batchSize,
      batchingWindowSeconds,
      ...(maximumConcurrency !== undefined && { maximumConcurrency }),
      reportsBatchItemFailures: responseTypes.length > 0,
    });
    return {
      ref: id,
      attributes: {
        Id: id,
        EventSourceMappingArn: `arn:aws:lambda:${REGION}:${ACCOUNT_ID}:event-source-mapping:${id}`,
      },
    };
  },
};

/** The function's name, from its name, its ARN, or the invocation URI of an API Gateway integration. */
export function functionNameOf(nameOrArn: string): string {
  return /:function:([^:/]+)/.exec(nameOrArn)?.[1] ?? nameOrArn;
}

function code({ properties, assets }: ResourceToCreate): {
  directory: string;
  handlerFile: string;
  handlerName: string;
} {
  const source = properties.group('Code') ?? properties.fail('Code is missing');
  source.allowOnly('S3Bucket', 'S3Key');
  const key = source.requiredText('S3Key');
  const asset = assets.get(key) ?? source.fail(`the cloud assembly has no file asset ${key}`);
  if (asset.packaging !== 'zip')
    source.fail(`the asset ${key} is a file; the local cloud runs functions from directories only`);

  const handler = properties.requiredText('Handler');
  const dot = handler.lastIndexOf('.');
  const file = HANDLER_FILE_EXTENSIONS.map((extension) => join(asset.path, handler.slice(0, dot) + extension)).find(
    (path) => existsSync(path),
  );
  if (dot < 1 || !file) return properties.fail(`there is no file for the handler ${handler} in ${asset.path}`);
  return { directory: asset.path, handlerFile: file, handlerName: handler.slice(dot + 1) };
}

function environment({ properties }: ResourceToCreate): Record<string, string> {
  const variables = properties.group('Environment')?.allowOnly('Variables').group('Variables');
  return Object.fromEntries(Object.keys(variables?.values ?? {}).map((name) => [name, variables!.requiredText(name)]));
}

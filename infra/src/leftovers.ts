import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeTableCommand, DynamoDBClient, ResourceNotFoundException } from '@aws-sdk/client-dynamodb';
import { GetQueueUrlCommand, QueueDoesNotExist, SQSClient } from '@aws-sdk/client-sqs';
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** A resource that outlived its stack, and that the same stack may have again. */
export interface Leftover {
  logicalId: string;
  name: string;
  /** By it CloudFormation finds the resource. */
  identifier: Record<string, string>;
}

interface Template {
  Resources?: Record<string, { Type: string; DeletionPolicy?: string; Properties?: Record<string, unknown> }>;
}

/** How a resource of a type is found by its name: its identifier, or undefined when there is none. */
type Finder = (name: string) => Promise<Record<string, string> | undefined>;

/** What stacks keep under a fixed name. A stack that retains another type under a fixed name needs a line here. */
const nameProperty: Readonly<Record<string, string>> = {
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::SQS::Queue': 'QueueName',
};

/** For each stack of the assembly that does not exist yet: which of the resources that it retains exist. */
export async function findLeftovers(assembly: string): Promise<{ stack: string; leftovers: Leftover[] }[]> {
  const cloudFormation = new CloudFormationClient();
  const finders = findersByType();
  const found = [];
  for (const { stack, template } of readStacks(assembly)) {
    if (await exists(cloudFormation, stack)) continue;
    const leftovers: Leftover[] = [];
    for (const { logicalId, type, name } of retainedByName(template)) {
      const identifier = await finders[type]!(name);
      if (identifier) leftovers.push({ logicalId, name, identifier });
    }
    if (leftovers.length > 0) found.push({ stack, leftovers });
  }
  return found;
}

/** The resources that survive their stack and whose name is fixed, so that they are in the way of their own return. */
export function retainedByName({ Resources = {} }: Template): { logicalId: string; type: string; name: string }[] {
  return Object.entries(Resources).flatMap(
    ([logicalId, { Type: type, DeletionPolicy = 'Delete', Properties = {} }]) => {
      const name = Properties[nameProperty[type] ?? ''];
      return DeletionPolicy.startsWith('Retain') && typeof name === 'string' ? [{ logicalId, type, name }] : [];
    },
  );
}

function readStacks(assembly: string): { stack: string; template: Template }[] {
  const read = (file: string): unknown => JSON.parse(readFileSync(path.join(assembly, file), 'utf8'));
  const { artifacts = {} } = read('manifest.json') as {
    artifacts?: Record<string, { type: string; properties?: { templateFile: string; stackName?: string } }>;
  };
  return Object.entries(artifacts)
    .filter(([, { type }]) => type === 'aws:cloudformation:stack')
    .map(([id, { properties }]) => ({
      stack: properties!.stackName ?? id,
      template: read(properties!.templateFile) as Template,
    }));
}

async function exists(client: CloudFormationClient, StackName: string): Promise<boolean> {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName }));
    return Stacks.some(({ StackStatus }) => StackStatus !== 'DELETE_COMPLETE' && StackStatus !== 'REVIEW_IN_PROGRESS');
  } catch (error) {
    // CloudFormation's word for a stack that is not there; it has no error of its own for that.
    if ((error as Error).name === 'ValidationError' && (error as Error).message.includes('does not exist'))
      return false;
    throw error;
  }
}

function findersByType(): Readonly<Record<string, Finder>> {
  const dynamodb = new DynamoDBClient();
  const sqs = new SQSClient();
  return {
    'AWS::DynamoDB::Table': (TableName) =>
      unless(ResourceNotFoundException, async () => {
        await dynamodb.send(new DescribeTableCommand({ TableName }));
        return { TableName };
      }),
    'AWS::SQS::Queue': (QueueName) =>
      unless(QueueDoesNotExist, async () => {
        const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
        return { QueueUrl: QueueUrl! };
      }),
  };
}

async function unless<T>(
  missing: new (...parameters: never[]) => Error,
  find: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof missing) return undefined;
    throw error;
  }
}

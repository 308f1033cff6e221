import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeTableCommand, DynamoDBClient, ResourceNotFoundException } from '@aws-sdk/client-dynamodb';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetQueueUrlCommand, QueueDoesNotExist, SQSClient } from '@aws-sdk/client-sqs';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { assumeLookupRole, type LookupRole } from './lookup-role.ts';

/** A resource that was retained when its stack was removed, and that the same stack can import again. */
export interface Leftover {
  logicalId: string;
  name: string;
  /** The primary identifier by which CloudFormation imports the resource. */
  identifier: Record<string, string>;
}

interface Template {
  Resources?: Record<string, { Type: string; DeletionPolicy?: string; Properties?: Record<string, unknown> }>;
}

/** Looks a resource up by name. Returns its primary identifier, or `undefined` if no such resource exists. */
type Finder = (name: string) => Promise<Record<string, string> | undefined>;

/**
 * The property that holds the fixed name, for each type that stacks retain. Add a type here when a stack retains one
 * more under a fixed name.
 */
const nameProperty: Readonly<Record<string, string>> = {
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::SQS::Queue': 'QueueName',
};

export interface StackWithLeftovers {
  stack: string;
  leftovers: Leftover[];
  /** Whether the stack is still there because its creation failed. It must be deleted before an import. */
  creationFailed: boolean;
}

/**
 * Finds the stacks of an assembly that do not exist or were never completed, but whose retained resources exist. It
 * looks as the CDK's lookup role, as `cdk diff` does.
 * @param warn gets a sentence for the user if that role cannot be assumed
 */
export async function findLeftovers(
  assembly: string,
  warn: (message: string) => void = console.warn,
): Promise<StackWithLeftovers[]> {
  const found = [];
  for (const { stack, template, lookupRole } of readStacks(assembly)) {
    const client = await assumeLookupRole(lookupRole, warn);
    const cloudFormation = new CloudFormationClient(client);
    const finders = findersByType(client);
    const status = await statusOf(cloudFormation, stack);
    const creationFailed = status === 'ROLLBACK_COMPLETE' || status === 'ROLLBACK_FAILED';
    if (status !== undefined && !creationFailed) continue;
    const leftovers: Leftover[] = [];
    for (const { logicalId, type, name } of retainedNamedResources(template)) {
      const identifier = await finders[type]!(name);
      if (identifier) leftovers.push({ logicalId, name, identifier });
    }
    if (leftovers.length > 0) found.push({ stack, leftovers, creationFailed });
  }
  return found;
}

/**
 * The resources that survive their stack and have a fixed name. Creating such a stack again fails with "already
 * exists".
 */
export function retainedNamedResources({ Resources = {} }: Template): {
  logicalId: string;
  type: string;
  name: string;
}[] {
  return Object.entries(Resources).flatMap(
    ([logicalId, { Type: type, DeletionPolicy = 'Delete', Properties = {} }]) => {
      const name = Properties[nameProperty[type] ?? ''];
      return DeletionPolicy.startsWith('Retain') && typeof name === 'string' ? [{ logicalId, type, name }] : [];
    },
  );
}

/** The stacks of an assembly, with their templates. */
export function readStacks(assembly: string): { stack: string; template: Template; lookupRole?: LookupRole }[] {
  const read = (file: string): unknown => JSON.parse(readFileSync(path.join(assembly, file), 'utf8'));
  const { artifacts = {} } = read('manifest.json') as {
    artifacts?: Record<
      string,
      { type: string; properties?: { templateFile: string; stackName?: string; lookupRole?: LookupRole } }
    >;
  };
  return Object.entries(artifacts)
    .filter(([, { type }]) => type === 'aws:cloudformation:stack')
    .map(([id, { properties }]) => ({
      stack: properties!.stackName ?? id,
      template: read(properties!.templateFile) as Template,
      ...(properties!.lookupRole && { lookupRole: properties!.lookupRole }),
    }));
}

/** The status of a stack, or `undefined` if there is none that could be updated or deleted. */
async function statusOf(client: CloudFormationClient, StackName: string): Promise<string | undefined> {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName }));
    return Stacks.map(({ StackStatus }) => StackStatus).find(
      (status) => status !== 'DELETE_COMPLETE' && status !== 'REVIEW_IN_PROGRESS',
    );
  } catch (error) {
    // CloudFormation has no specific error for a stack that does not exist.
    if ((error as Error).name === 'ValidationError' && (error as Error).message.includes('does not exist'))
      return undefined;
    throw error;
  }
}

function findersByType(client: Awaited<ReturnType<typeof assumeLookupRole>>): Readonly<Record<string, Finder>> {
  const dynamodb = new DynamoDBClient(client);
  const logs = new CloudWatchLogsClient(client);
  const sqs = new SQSClient(client);
  return {
    'AWS::DynamoDB::Table': (TableName) =>
      undefinedOn(ResourceNotFoundException, async () => {
        await dynamodb.send(new DescribeTableCommand({ TableName }));
        return { TableName };
      }),
    'AWS::Logs::LogGroup': async (logGroupName) => {
      const found = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: logGroupName }));
      const exists = found.logGroups?.some((group) => group.logGroupName === logGroupName);
      return exists ? { LogGroupName: logGroupName } : undefined;
    },
    'AWS::SQS::Queue': (QueueName) =>
      undefinedOn(QueueDoesNotExist, async () => {
        const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
        return { QueueUrl: QueueUrl! };
      }),
  };
}

/** Calls `find`, and returns `undefined` if it throws an error of the given class. */
async function undefinedOn<T>(
  notFound: new (...parameters: never[]) => Error,
  find: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof notFound) return undefined;
    throw error;
  }
}

import { createHash } from 'node:crypto';
import type { FileAsset } from '../cloud-assembly.ts';
import type { EventBridge } from '../../event-bridge/event-bridge.ts';
import type { EventSourceMapping } from '../../lambda/event-source.ts';
import type { FunctionPool } from '../../lambda/function-pool.ts';
import type { HttpApi } from '../../http-api/http-api.ts';
import type { ResourceValues } from '../intrinsics.ts';
import type { Parameters } from '../../ssm/parameters.ts';
import type { Queues } from '../../sqs/queues.ts';
import type { Properties } from './properties.ts';

/** The parts of the local cloud that resources are made on. */
export interface Machine {
  eventBridge: EventBridge;
  queues: Queues;
  parameters: Parameters;
  /** DynamoDB's CreateTable; resolves when the table can be used. */
  createTable: (input: Record<string, unknown>) => Promise<void>;
  functions: FunctionPool;
  httpApi: HttpApi;
  /** What the mappings of all stacks ask for; they start once everything stands. */
  eventSources: EventSourceMapping[];
}

export interface ResourceToCreate {
  stackName: string;
  logicalId: string;
  properties: Properties;
  assets: Map<string, FileAsset>;
}

/** A type of resource that the local cloud runs. A property in neither list is an error. */
export interface ResourceKind {
  properties: readonly string[];
  /** Accepted, since they change nothing on one machine. */
  withoutEffect: readonly string[];
  create(resource: ResourceToCreate, machine: Machine): Promise<ResourceValues> | ResourceValues;
}

/** The physical name of a resource whose template gives none: stable from run to run, as `<stack>-<logicalId>-<hash>`. */
export function physicalName(stackName: string, logicalId: string, maximumLength: number): string {
  return `${`${stackName}-${logicalId}`.slice(0, maximumLength - 9)}-${stableHash(`${stackName}/${logicalId}`, 8)}`;
}

/** Lower-case letters and digits, as in the ids that API Gateway gives. */
export function stableHash(text: string, length: number): string {
  return BigInt(`0x${createHash('sha256').update(text).digest('hex')}`)
    .toString(36)
    .padStart(length, '0')
    .slice(-length);
}

import { createHash } from 'node:crypto';
import type { FileAsset } from '../cloud-assembly.ts';
import type { EventBridge } from '../../event-bridge/event-bridge.ts';
import type { Schedule } from '../../lambda/schedule.ts';
import type { EventSourceMapping } from '../../lambda/event-source.ts';
import type { FunctionPool } from '../../lambda/function-pool.ts';
import type { HttpApi } from '../../http-api/http-api.ts';
import type { ResourceValues } from '../intrinsics.ts';
import type { LogGroups } from '../../logs/log-groups.ts';
import type { Parameters } from '../../ssm/parameters.ts';
import type { Queues } from '../../sqs/queues.ts';
import type { Properties } from './properties.ts';

/** The services of the local cloud in which resources are created. */
export interface Machine {
  eventBridge: EventBridge;
  queues: Queues;
  parameters: Parameters;
  logs: Pick<LogGroups, 'createGroup'>;
  /** DynamoDB's CreateTable. Resolves when the table is active. */
  createTable: (input: Record<string, unknown>) => Promise<void>;
  functions: FunctionPool;
  httpApi: HttpApi;
  /** The event source mappings of all stacks. They start when all resources exist. */
  eventSources: EventSourceMapping[];
  /** The schedules of all stacks. They start with the event sources. */
  schedules: Schedule[];
}

export interface ResourceToCreate {
  stackName: string;
  logicalId: string;
  properties: Properties;
  assets: Map<string, FileAsset>;
}

/** A type of resource that the local cloud runs. A property that is in neither list is an error. */
export interface ResourceKind {
  properties: readonly string[];
  /** Properties that are accepted and ignored, since they have no effect on one machine. */
  withoutEffect: readonly string[];
  create(resource: ResourceToCreate, machine: Machine): Promise<ResourceValues> | ResourceValues;
}

/** The physical name of a resource without one in its template: `<stack>-<logicalId>-<hash>`, the same in every run. */
export function physicalName(stackName: string, logicalId: string, maximumLength: number): string {
  return `${`${stackName}-${logicalId}`.slice(0, maximumLength - 9)}-${stableHash(`${stackName}/${logicalId}`, 8)}`;
}

/** A hash in lower-case letters and digits, the characters of API Gateway's ids. */
export function stableHash(text: string, length: number): string {
  return BigInt(`0x${createHash('sha256').update(text).digest('hex')}`)
    .toString(36)
    .padStart(length, '0')
    .slice(-length);
}

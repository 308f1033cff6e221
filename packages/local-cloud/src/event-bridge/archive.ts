import type { EventBridgeEvent } from './put-events-entry.ts';
import type { DeliveryTimers } from './target-delivery.ts';

/** The properties of an archive, as in CloudFormation and CreateArchive. */
export interface Archive {
  name: string;
  /** The ARN of the bus. */
  eventSourceArn: string;
  description?: string;
  /** @default every event */
  eventPattern?: object;
  /** 0: no limit. The local cloud only reports it: it deletes no event because of its age. */
  retentionDays: number;
}

export interface ArchivedEvent {
  /** The time of arrival, in milliseconds since the epoch. */
  at: number;
  /** The event in JSON, which needs half the memory of the object. */
  body: string;
}

export interface StoredArchive extends Archive {
  arn: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
  events: ArchivedEvent[];
  bytes: number;
}

export interface ArchivesOptions {
  /** The ARN of a resource such as `archive/all`. */
  arn: (resource: string) => string;
  log: (line: string) => void;
  timers: DeliveryTimers;
  rulesOf: (busArn: string) => Iterable<{ arn: string }>;
  /** Sends an event to the targets of the bus's matching rules. @param ruleArns limits it to these rules */
  dispatch: (busArn: string, event: EventBridgeEvent, ruleArns: ReadonlySet<string> | undefined) => void;
}

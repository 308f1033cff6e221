import type { EventBridgeEvent } from './put-events-entry.ts';
import type { DeliveryTimers } from './target-delivery.ts';

/** An archive of a bus, as CloudFormation and CreateArchive describe it. */
export interface Archive {
  name: string;
  /** Of the bus. */
  eventSourceArn: string;
  description?: string;
  /** @default every event */
  eventPattern?: object;
  /** 0: for ever. Told to whoever asks; everything here is forgotten long before. */
  retentionDays: number;
}

export interface KeptEvent {
  /** When it arrived, in milliseconds since the epoch. */
  at: number;
  /** As JSON: half the memory of the object. */
  body: string;
}

export interface KeptArchive extends Archive {
  arn: string;
  createdAt: number;
  events: KeptEvent[];
  bytes: number;
}

export interface ArchivesOptions {
  /** The ARN of a resource such as `archive/all`. */
  arn: (resource: string) => string;
  log: (line: string) => void;
  timers: DeliveryTimers;
  rulesOf: (busArn: string) => Iterable<{ arn: string }>;
  /** Sends an event to those of the bus's rules that match it, and of these only to the given ones, where some are given. */
  dispatch: (busArn: string, event: EventBridgeEvent, ruleArns: ReadonlySet<string> | undefined) => void;
}

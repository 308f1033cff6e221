import type { Target } from '../airline/target.ts';

/** A change that an operator makes. It has no passenger's data. */
export interface Operation {
  command: 'dlq redrive' | 'dlq drop' | 'replay';
  /** What it was given, by the names of its arguments and options: `service`, `olderThan`, … */
  filter: Readonly<Record<string, string | number | readonly string[]>>;
  /** The name of the replay, which EventBridge continues without the command. */
  replay?: string;
}

/** How an operation ended. */
export interface OperationEnd {
  /** `stopped`: before it was done, by Ctrl-C or because a whole batch failed. */
  outcome: 'done' | 'stopped' | 'failed';
  /** E.g. `{ redriven: 50, failed: 1 }`. If it failed, as far as it is known. */
  counts: Readonly<Record<string, number>>;
  /** Why it failed, or what the counts do not say. */
  note?: string;
}

/** What is known of an operation. */
export interface RecordedOperation extends Operation {
  id: string;
  /** RFC 3339 UTC. */
  startedAt: string;
  /** The ARN of AWS's identity; on the local cloud the user of the machine. */
  who: string;
  /** Undefined while it runs, and for ever if it was killed. */
  end?: OperationEnd & { endedAt: string };
}

/** A line of the log group. The second has all of the first, so that it can be read alone. */
export interface OperationLine extends RecordedOperation {
  phase: 'started' | 'ended';
}

/** The log group with the record. The platform's stack makes it (infra/src/platform-stack.ts). */
export function operationsLog(target: Pick<Target, 'airline'>): string {
  return `/${target.airline}/operations`;
}

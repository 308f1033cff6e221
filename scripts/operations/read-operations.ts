import { isObject } from '@airline/events-schemas/is-object';
import { readLogEvents } from '../airline/log-events.ts';
import type { Target } from '../airline/target.ts';
import { type OperationLine, operationsLog, type RecordedOperation } from './operation.ts';

export interface Operations {
  /** Newest first. */
  operations: RecordedOperation[];
  /** Lines of the log group that are no record, which somebody else wrote. */
  otherLines: number;
  /** Why the record was not read to its end. */
  unread?: string;
}

/** Reads the record of what operators changed. On AWS a new line can be read after some seconds. */
export async function readOperations(target: Target, since: Date): Promise<Operations> {
  await target.parameters();
  const { messages, unread } = await readLogEvents(target, { logGroupName: operationsLog(target), since });
  return { ...operationsOf(messages), ...(unread !== undefined && { unread }) };
}

/** @param lines of the log group, in any order */
export function operationsOf(lines: readonly string[]): Omit<Operations, 'unread'> {
  const known = new Map<string, OperationLine>();
  let otherLines = 0;
  for (const text of lines) {
    const line = parse(text);
    if (!line) otherLines += 1;
    else if (line.phase === 'ended' || !known.has(line.id)) known.set(line.id, line);
  }
  const operations = [...known.values()].map(({ phase: _, ...operation }) => operation);
  operations.sort((a, b) => b.startedAt.localeCompare(a.startedAt));
  return { operations, otherLines };
}

function parse(text: string): OperationLine | undefined {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(line) || !isObject(line.filter)) return undefined;
  const { id, phase, startedAt, who, command, end } = line;
  const isRecord =
    [id, who, command].every((value) => typeof value === 'string') &&
    !Number.isNaN(Date.parse(String(startedAt))) &&
    (phase === 'started' || (phase === 'ended' && isObject(end) && isObject(end.counts)));
  return isRecord ? (line as unknown as OperationLine) : undefined;
}

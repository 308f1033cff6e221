/** Keeps a record of a change: one line before its first step, and one line after its last. */
import { randomUUID } from 'node:crypto';
import os from 'node:os';
import {
  CloudWatchLogsClient,
  CreateLogStreamCommand,
  PutLogEventsCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { maskAddresses } from '@airline/events-schemas/personal-data';
import { printable } from '@airline/events-schemas/printable';
import type { Target } from '../airline/target.ts';
import { pc } from '../cli/colors.ts';
import { exitCode } from '../cli/command.ts';
import { asRefusal } from '../cli/refusal.ts';
import { UsageError } from '../cli/usage-error.ts';
import { type Operation, type OperationEnd, type OperationLine, operationsLog } from './operation.ts';

type Counts = OperationEnd['counts'];

export interface Recording<T> {
  /** Does the change. It reports its counts as it goes, so that a failure is recorded with them. */
  work: (report: (counts: Counts) => void) => Promise<T>;
  endOf: (result: T) => OperationEnd;
  /** Does the change without a record. @default false */
  unrecorded?: boolean | undefined;
  /** Gets a sentence when the change is done and its end could not be recorded. @default standard error, exit code 1 */
  warn?: (message: string) => void;
}

/** Of an error, in characters. */
const longestNote = 500;

/**
 * Does a change and records it. A command that is killed leaves the first line only, so the change is seen as
 * unfinished. Both lines are in a log stream of their own: no two commands write to one.
 * @returns what `work` returned
 * @throws UsageError when the first line cannot be written; then nothing was changed. And what `work` throws
 */
export async function recordOperation<T>(
  target: Target,
  operation: Operation,
  { work, endOf, unrecorded = false, warn = warnAndFail }: Recording<T>,
): Promise<T> {
  if (unrecorded) return work(() => undefined);
  const startedAt = new Date().toISOString();
  // A name of a log stream has no colon.
  const id = `${startedAt.replaceAll(':', '-')}.${randomUUID().slice(0, 8)}`;
  const logs = new CloudWatchLogsClient(target.clientConfig);
  const stream = { logGroupName: operationsLog(target), logStreamName: id };
  const put = async (line: OperationLine): Promise<void> => {
    const logEvents = [{ timestamp: Date.now(), message: JSON.stringify(line) }];
    const { rejectedLogEventsInfo } = await logs.send(new PutLogEventsCommand({ ...stream, logEvents }));
    // AWS answers 200 and stores nothing
    // (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html).
    if (rejectedLogEventsInfo) throw new Error("CloudWatch rejects its time: this machine's clock is wrong");
  };
  try {
    const started: OperationLine = { id, phase: 'started', startedAt, who: '', ...withoutAddresses(operation) };
    try {
      started.who = await callerOf(target);
      await logs.send(new CreateLogStreamCommand(stream));
      await put(started);
    } catch (error) {
      throw notRecorded(operation, stream.logGroupName, error);
    }

    const end = async (ended: OperationEnd): Promise<void> => {
      const note = ended.note === undefined ? {} : { note: printable(maskAddresses(ended.note), longestNote) };
      const endedAt = new Date().toISOString();
      await put({ ...started, phase: 'ended', end: { ...ended, ...note, endedAt } }).catch((error: unknown) => {
        warn(
          `The end of this ${operation.command} could not be recorded (${reasonOf(error)}): \`pnpm operations\` ` +
            'shows it as unfinished. Tell the next operator.',
        );
      });
    };
    let counts: Counts = {};
    let result: T;
    try {
      result = await work((reported) => (counts = reported));
    } catch (error) {
      await end({ outcome: 'failed', counts, note: reasonOf(error) });
      throw error;
    }
    await end(endOf(result));
    return result;
  } finally {
    logs.destroy();
  }
}

/** Who changes something. On AWS nobody needs a permission to ask that. */
async function callerOf(target: Target): Promise<string> {
  if (target.endpoint !== undefined) return localUser();
  const sts = new STSClient(target.clientConfig);
  try {
    // https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    return (await sts.send(new GetCallerIdentityCommand())).Arn!;
  } finally {
    sts.destroy();
  }
}

function localUser(): string {
  try {
    return os.userInfo().username;
  } catch {
    // A container may run with a user id that has no name.
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}

function withoutAddresses({ command, filter, replay }: Operation): Operation {
  const masked: Record<string, Operation['filter'][string]> = {};
  for (const [name, value] of Object.entries(filter)) {
    if (typeof value === 'number') masked[name] = value;
    else masked[name] = typeof value === 'string' ? maskAddresses(value) : value.map(maskAddresses);
  }
  return { command, filter: masked, ...(replay !== undefined && { replay }) };
}

function notRecorded({ command }: Operation, logGroup: string, error: unknown): UsageError {
  const refusal = asRefusal(error);
  if (refusal) return refusal;
  const next =
    error instanceof ResourceNotFoundException
      ? 'The platform makes this log group: deploy it again (`pnpm --filter @airline/infra run deploy`).'
      : 'Try again.';
  return new UsageError(
    `Nothing was changed, because no record of this ${command} could be written to the log group ${logGroup} ` +
      `(${reasonOf(error)}). ${next} If it must not wait, --unrecorded does it without a record: tell the next operator.`,
    { cause: error },
  );
}

function reasonOf(error: unknown): string {
  return printable(error instanceof Error ? error.message || error.name : String(error), longestNote);
}

function warnAndFail(message: string): void {
  console.error(pc.yellow(message));
  process.exitCode = exitCode.error;
}

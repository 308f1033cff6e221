/** The consumers' log lines about one booking. */
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { maskAddresses } from '@airline/events-schemas/personal-data';
import { logLine } from '@airline/messaging/log-lines';
import type { Target } from '../airline/target.ts';

type LogKind = keyof typeof logLine;

/** What a consumer logged about a message of the booking. */
export interface LogLine {
  service: string;
  kind: LogKind;
  /** RFC 3339 UTC. */
  at: string;
  messageId: string;
  detailType: string;
  /** The try that the line is about. */
  receiveCount?: number;
  /** Why it failed or waits, without addresses. */
  error?: string;
  reason?: string;
  /** RFC 3339 UTC. */
  nextTryAt?: string;
  /** RFC 3339 UTC. */
  endsBy?: string;
  queueWaitMs?: number;
  durationMs?: number;
  /** Detail-types. */
  said?: string[];
}

/** The log of one service, as far as it was read. */
export interface ServiceLog {
  lines: LogLine[];
  /** Why it was not read to its end. */
  unread?: string;
}

/** CloudWatch may answer many pages without a line (API_FilterLogEvents). A booking's lines are few. */
const longestSearchMilliseconds = 10_000;
const kinds = new Map(Object.entries(logLine).map(([kind, text]) => [text as string, kind as LogKind]));

/**
 * Reads what the consumer of each service logged about a booking, by FilterLogEvents: it answers at once and costs
 * nothing for the lines that it searches, unlike a query of Logs Insights
 * (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html).
 * @param since the log is searched from here
 */
export async function readLogs(
  target: Target,
  services: readonly string[],
  bookingId: string,
  since: Date,
): Promise<Map<string, ServiceLog>> {
  const client = new CloudWatchLogsClient(target.clientConfig);
  try {
    const read = services.map(async (service) => {
      return [service, await readLog(client, target.airline, service, bookingId, since)] as const;
    });
    return new Map(await Promise.all(read));
  } finally {
    client.destroy();
  }
}

async function readLog(
  client: CloudWatchLogsClient,
  airline: string,
  service: string,
  bookingId: string,
  since: Date,
): Promise<ServiceLog> {
  const lines: LogLine[] = [];
  const end = Date.now() + longestSearchMilliseconds;
  let nextToken: string | undefined;
  try {
    do {
      const page = await client.send(
        new FilterLogEventsCommand({
          logGroupName: `/aws/lambda/${airline}-${service}-consumer`,
          filterPattern: `"${bookingId}"`,
          startTime: since.getTime(),
          ...(nextToken !== undefined && { nextToken }),
        }),
      );
      for (const { message = '' } of page.events ?? []) {
        const line = toLine(service, bookingId, message);
        if (line) lines.push(line);
      }
      nextToken = page.nextToken;
    } while (nextToken !== undefined && Date.now() < end);
  } catch (error) {
    return { lines, unread: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
  lines.sort((a, b) => a.at.localeCompare(b.at));
  if (nextToken === undefined) return { lines };
  return { lines, unread: `the search took more than ${longestSearchMilliseconds / 1000} s` };
}

function toLine(service: string, bookingId: string, text: string): LogLine | undefined {
  let line: Record<string, unknown>;
  try {
    line = JSON.parse(text) as Record<string, unknown>;
  } catch {
    // Not of the consumer: Lambda itself logs text.
    return undefined;
  }
  const kind = kinds.get(String(line.message));
  const { correlationId, messageId, detailType, timestamp, receiveCount, error, reason, said } = line;
  if (!kind || correlationId !== bookingId || typeof detailType !== 'string') return undefined;
  const text_ = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const number = (name: string): Record<string, number> =>
    typeof line[name] === 'number' ? { [name]: line[name] } : {};
  const time = (name: string): Record<string, string> => (text_(line[name]) ? { [name]: line[name] as string } : {});
  const failure = errorText(error);
  return {
    service,
    kind,
    at: new Date(String(timestamp)).toISOString(),
    messageId: String(messageId),
    detailType,
    ...(receiveCount !== undefined && { receiveCount: Number(receiveCount) }),
    ...(failure !== undefined && { error: maskAddresses(failure) }),
    ...(text_(reason) !== undefined && { reason: text_(reason)! }),
    ...time('nextTryAt'),
    ...time('endsBy'),
    ...number('queueWaitMs'),
    ...number('durationMs'),
    ...(Array.isArray(said) && { said: said.map(String) }),
  };
}

/** The logger writes an Error as an object. */
function errorText(error: unknown): string | undefined {
  if (typeof error === 'string') return error;
  if (typeof error !== 'object' || error === null) return undefined;
  const { name, message } = error as { name?: unknown; message?: unknown };
  return [name, message].filter((text) => typeof text === 'string' && text !== '').join(': ') || undefined;
}

/** The lines that the consumers log about messages. */
import { maskAddresses } from '@airline/events-schemas/personal-data';
import type { Call } from '@airline/messaging/calls';
import { logLine } from '@airline/messaging/log-lines';
import { readLogEvents } from './log-events.ts';
import type { Target } from './target.ts';

type LogKind = keyof typeof logLine;

/** What a consumer logged about a message. */
export interface MessageLine {
  service: string;
  kind: LogKind;
  /** RFC 3339 UTC. */
  at: string;
  messageId: string;
  /** Undefined for a message that is not an event. */
  detailType?: string;
  /** The booking, or the scheduled flight. */
  correlationId?: string;
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
  eventId?: string;
  calls?: Call[];
}

/** What a consumer logged about an event. */
export interface LogLine extends MessageLine {
  detailType: string;
}

/** The log of one service, as far as it was read. */
export interface ServiceLog<Line extends MessageLine = LogLine> {
  /** Oldest first. */
  lines: Line[];
  /** Why it was not read to its end. */
  unread?: string;
}

const kinds = new Map(Object.entries(logLine).map(([kind, text]) => [text as string, kind as LogKind]));

/** Part of every line about a message that is not handled: each begins with this word ({@link logLine}). */
const unhandledTerm = 'Message';

/**
 * Reads what the consumer of each service logged about a booking.
 * @param since the log is searched from here
 */
export async function readLogs(
  target: Target,
  services: readonly string[],
  bookingId: string,
  since: Date,
): Promise<Map<string, ServiceLog>> {
  const isAbout = (line: MessageLine): line is LogLine =>
    line.correlationId === bookingId && line.detailType !== undefined;
  const read = services.map(
    async (service) => [service, await readLog(target, service, bookingId, since, isAbout)] as const,
  );
  return new Map(await Promise.all(read));
}

/**
 * Reads what the consumer of a service logged about messages that it could not handle, with all their tries.
 * @param since the log is searched from here
 */
export async function readFailures(target: Target, service: string, since: Date): Promise<ServiceLog<MessageLine>> {
  const isFailure = (line: MessageLine): line is MessageLine => line.kind !== 'handled' && line.kind !== 'handling';
  return readLog(target, service, unhandledTerm, since, isFailure);
}

async function readLog<Line extends MessageLine>(
  target: Target,
  service: string,
  term: string,
  since: Date,
  isWanted: (line: MessageLine) => line is Line,
): Promise<ServiceLog<Line>> {
  const logGroupName = `/aws/lambda/${target.airline}-${service}-consumer`;
  const { messages, unread } = await readLogEvents(target, { logGroupName, filterPattern: `"${term}"`, since });
  const lines = messages.flatMap((message) => toLine(service, message) ?? []).filter(isWanted);
  lines.sort((a, b) => a.at.localeCompare(b.at));
  return { lines, ...(unread !== undefined && { unread }) };
}

function toLine(service: string, message: string): MessageLine | undefined {
  let line: Record<string, unknown>;
  try {
    line = JSON.parse(message) as Record<string, unknown>;
  } catch {
    // Not of the consumer: Lambda itself logs text.
    return undefined;
  }
  const kind = kinds.get(String(line.message));
  const { messageId, timestamp, receiveCount, error, said, calls } = line;
  if (!kind || typeof messageId !== 'string') return undefined;
  const text = (name: string): Record<string, string> => (typeof line[name] === 'string' ? { [name]: line[name] } : {});
  const number = (name: string): Record<string, number> =>
    typeof line[name] === 'number' ? { [name]: line[name] } : {};
  const failure = errorText(error);
  return {
    service,
    kind,
    at: new Date(String(timestamp)).toISOString(),
    messageId,
    ...text('detailType'),
    ...text('correlationId'),
    ...(receiveCount !== undefined && { receiveCount: Number(receiveCount) }),
    ...(failure !== undefined && { error: maskAddresses(failure) }),
    ...text('reason'),
    ...text('nextTryAt'),
    ...text('endsBy'),
    ...number('queueWaitMs'),
    ...number('durationMs'),
    ...(Array.isArray(said) && { said: said.map(String) }),
    ...text('eventId'),
    ...(Array.isArray(calls) && { calls: calls as Call[] }),
  };
}

/** The logger writes an Error as an object. */
function errorText(error: unknown): string | undefined {
  if (typeof error === 'string') return error;
  if (typeof error !== 'object' || error === null) return undefined;
  const { name, message } = error as { name?: unknown; message?: unknown };
  return [name, message].filter((text) => typeof text === 'string' && text !== '').join(': ') || undefined;
}

import { randomUUID } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import { busNameOf, refuseBusName } from './event-bridge-input.ts';
import { isObject } from '../is-object.ts';

/** One entry of a PutEvents request, as the client sent it. Only its types have been checked. */
export interface PutEventsEntry {
  Source?: string;
  DetailType?: string;
  Detail?: string;
  /** Seconds since the epoch (AWS's JSON protocol), or an ISO 8601 string. */
  Time?: number | string;
  Resources?: string[];
  EventBusName?: string;
  TraceHeader?: string;
}

/** An event as its targets receive it. */
export interface EventBridgeEvent {
  version: '0';
  id: string;
  'detail-type': string;
  source: string;
  account: string;
  time: string;
  region: string;
  resources: string[];
  detail: Record<string, unknown>;
  /** The name of the replay, in a replayed event. */
  'replay-name'?: string;
}

export interface EntryRefusal {
  ErrorCode: string;
  ErrorMessage: string;
}

const MAX_ENTRIES = 10;
/** The limit for all entries together, inclusive. AWS raised it from 256 KB in January 2026. */
const MAX_REQUEST_BYTES = 1024 * 1024;
/** The default limit of Jackson, with which event-ruler reads events. */
const MAX_NESTING = 1000;

/** @throws AwsError when EventBridge would reject the whole request */
export function readPutEventsEntries(input: unknown): PutEventsEntry[] {
  const entries = isObject(input) ? input.Entries : undefined;
  if (entries !== undefined && !Array.isArray(entries))
    throw new AwsError('SerializationException', 'Entries must be a list.');
  const bound = entryCountBound(entries);
  if (bound !== undefined) {
    const value = entries === undefined ? 'Value null' : 'Value';
    const problem = `${value} at 'entries' failed to satisfy constraint: ${bound}`;
    throw new AwsError('ValidationException', `1 validation error detected: ${problem}`);
  }
  const checked = (entries ?? []).map(readEntry);
  for (const [index, { EventBusName }] of checked.entries())
    refuseBusName(EventBusName, `entries.${index + 1}.member.eventBusName`);
  if (checked.reduce((total, entry) => total + entryBytes(entry), 0) > MAX_REQUEST_BYTES) {
    throw new AwsError('ValidationException', 'Total size of the entries in the request is over the limit.');
  }
  return checked;
}

function entryCountBound(entries: unknown[] | undefined): string | undefined {
  if (entries === undefined) return 'Member must not be null';
  if (entries.length === 0) return 'Member must have length greater than or equal to 1';
  if (entries.length > MAX_ENTRIES) return `Member must have length less than or equal to ${MAX_ENTRIES}`;
  return undefined;
}

function readEntry(entry: unknown): PutEventsEntry {
  if (!isObject(entry)) throw new AwsError('SerializationException', 'An entry must be a structure.');
  for (const name of ['Source', 'DetailType', 'Detail', 'EventBusName', 'TraceHeader']) {
    if (entry[name] !== undefined && entry[name] !== null && typeof entry[name] !== 'string') {
      throw new AwsError('SerializationException', `${name} must be a string.`);
    }
  }
  const resources = entry.Resources ?? [];
  if (!Array.isArray(resources) || resources.some((resource) => typeof resource !== 'string')) {
    throw new AwsError('SerializationException', 'Resources must be a list of strings.');
  }
  const { Time: time = null } = entry;
  const isTimestamp =
    (typeof time === 'number' || typeof time === 'string') && !Number.isNaN(eventTime(entry, 0).getTime());
  if (time !== null && !isTimestamp) {
    throw new AwsError('SerializationException', 'Time must be a timestamp.');
  }
  return entry;
}

/** @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size */
function entryBytes(entry: PutEventsEntry): number {
  const texts = [entry.Source, entry.DetailType, entry.Detail, ...(entry.Resources ?? [])];
  const timeBytes = entry.Time == null ? 0 : 14;
  return texts.reduce((total, text) => total + Buffer.byteLength(text ?? ''), timeBytes);
}

/**
 * The error of an entry that EventBridge rejects, while it accepts the other entries.
 * @returns undefined for a valid entry
 */
export function refuseEntry(
  entry: PutEventsEntry,
  home: { accountId: string; region: string },
): EntryRefusal | undefined {
  try {
    busNameOf(entry.EventBusName ?? 'default', home);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return {
      ErrorCode: error.code === 'AccessDeniedException' ? error.code : 'InvalidArgument',
      ErrorMessage: error.message,
    };
  }
  for (const name of ['Source', 'DetailType', 'Detail'] as const) {
    if (!entry[name]) {
      const reason = `Reason: ${name} is a required argument.`;
      return { ErrorCode: 'InvalidArgument', ErrorMessage: `Parameter ${name} is not valid. ${reason}` };
    }
  }
  if (entry.Source?.startsWith('aws.')) {
    return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
  }
  if (parseObject(entry.Detail ?? '') === undefined) {
    return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  }
  return undefined;
}

/** The entry's X-Ray trace header. EventBridge drops an invalid one and accepts the event. */
export function validTraceHeader({ TraceHeader: header }: PutEventsEntry): string | undefined {
  return header && /(^|;)\s*Root=1-[0-9a-f]{8}-[0-9a-f]{24}(;|$)/.test(header) ? header : undefined;
}

/** Call it only for entries without an error of {@link refuseEntry}. */
export function toEvent(
  entry: PutEventsEntry,
  origin: { accountId: string; region: string; now: number },
): EventBridgeEvent {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': entry.DetailType ?? '',
    source: entry.Source ?? '',
    account: origin.accountId,
    time: eventTime(entry, origin.now)
      .toISOString()
      .replace(/\.\d+Z$/, 'Z'),
    region: origin.region,
    resources: entry.Resources ?? [],
    detail: parseObject(entry.Detail ?? '') ?? {},
  };
}

/**
 * The event as its targets receive it. Characters that SQS does not carry are escaped. EventBridge passes on what a
 * producer has escaped; it is not documented what it does with the others. Escaped, they reach the consumer, whose
 * contract refuses them in words. (JSON.stringify escapes the rest of them: control characters and lone surrogates.)
 */
export function eventBody(event: EventBridgeEvent): string {
  return JSON.stringify(event).replaceAll(/[\ufffe\uffff]/g, (character) =>
    character === '\ufffe' ? '\\ufffe' : '\\uffff',
  );
}

function eventTime(entry: PutEventsEntry, now: number): Date {
  const time = entry.Time ?? now / 1000;
  return new Date(typeof time === 'number' ? time * 1000 : time);
}

/** The JSON object in a text; undefined when it is something else, or nested deeper than EventBridge reads. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) && !isNestedDeeper(parsed, MAX_NESTING) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Without recursion, which would use up the stack. */
function isNestedDeeper(value: object, limit: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth === limit) return true;
    level = level
      .flatMap((each) => Object.values(each as object) as unknown[])
      .filter((each) => typeof each === 'object' && each !== null);
  }
  return false;
}

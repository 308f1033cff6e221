import { AwsError, unknownOperation } from '../aws-error.ts';

interface LogEvent {
  /** Milliseconds since the epoch. */
  timestamp: number;
  message: string;
  logStreamName: string;
}

interface LogGroup {
  events: LogEvent[];
  /** Those that were created by a request. */
  streams: Set<string>;
  characters: number;
}

/** Of each log group. Older lines are forgotten; a file of `logDirectory` has them still. */
const MAX_CHARACTERS = 32 * 1024 * 1024;
const MAX_EVENTS_OF_PAGE = 10_000;

/** The stream of the functions' output. */
const OUTPUT_STREAM = 'local';
const HOUR_MILLISECONDS = 3600 * 1000;
/** API_PutLogEvents: older events, and those further in the future, are rejected while the others are stored. */
const MAX_AGE_MILLISECONDS = 14 * 24 * HOUR_MILLISECONDS;
const MAX_AHEAD_MILLISECONDS = 2 * HOUR_MILLISECONDS;

/**
 * CloudWatch Logs, as far as it is needed to search the functions' output and to keep records: FilterLogEvents with
 * quoted terms, CreateLogStream and PutLogEvents.
 */
export class LogGroups {
  readonly #groups = new Map<string, LogGroup>();
  readonly #now: () => number;

  /** @param now milliseconds since the epoch */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Returns a function that takes the output of one worker of a function, in pieces of any size. */
  writer(functionName: string): (text: string) => void {
    const group = this.createGroup(groupOf(functionName));
    let begun = '';
    return (text) => {
      const lines = (begun + text).split('\n');
      begun = lines.pop()!;
      const messages = lines.filter((message) => message !== '');
      append(
        group,
        messages.map((message) => ({ timestamp: this.#now(), message, logStreamName: OUTPUT_STREAM })),
      );
    };
  }

  /** Creates a log group, unless it exists. */
  createGroup(name: string): LogGroup {
    const group = this.#groups.get(name) ?? { events: [], streams: new Set(), characters: 0 };
    this.#groups.set(name, group);
    return group;
  }

  /** Runs one operation of CloudWatch Logs' API. @throws AwsError */
  request(action: string, input: unknown): unknown {
    const fields = { ...(input as Record<string, unknown>) };
    switch (action) {
      case 'FilterLogEvents':
        return this.#filter(fields);
      case 'CreateLogStream':
        return this.#createStream(fields);
      case 'PutLogEvents':
        return this.#put(fields);
      default:
        throw unknownOperation('CloudWatch Logs', action, ['FilterLogEvents', 'CreateLogStream', 'PutLogEvents']);
    }
  }

  #group(name: unknown): LogGroup {
    const group = this.#groups.get(String(name));
    if (!group) throw new AwsError('ResourceNotFoundException', 'The specified log group does not exist.');
    return group;
  }

  #createStream({ logGroupName, logStreamName }: Record<string, unknown>): object {
    const { streams } = this.#group(logGroupName);
    if (typeof logStreamName !== 'string' || !/^[^:*]{1,512}$/.test(logStreamName)) {
      const message = `Value '${String(logStreamName)}' at 'logStreamName' failed to satisfy constraint: [^:*]*`;
      throw new AwsError('InvalidParameterException', message);
    }
    if (streams.has(logStreamName))
      throw new AwsError('ResourceAlreadyExistsException', 'The specified log stream already exists');
    streams.add(logStreamName);
    return {};
  }

  #put({ logGroupName, logStreamName, logEvents }: Record<string, unknown>): object {
    const group = this.#group(logGroupName);
    if (!group.streams.has(String(logStreamName)))
      throw new AwsError('ResourceNotFoundException', 'The specified log stream does not exist.');
    const events = inputEvents(logEvents);
    const now = this.#now();
    const tooOld = events.findLastIndex(({ timestamp }) => timestamp < now - MAX_AGE_MILLISECONDS) + 1;
    const tooNew = events.findIndex(({ timestamp }) => timestamp > now + MAX_AHEAD_MILLISECONDS);
    append(
      group,
      events
        .slice(tooOld, tooNew < 0 ? undefined : tooNew)
        .map((event) => ({ ...event, logStreamName: String(logStreamName) })),
    );
    const rejected = {
      ...(tooOld > 0 && { tooOldLogEventEndIndex: tooOld }),
      ...(tooNew >= 0 && { tooNewLogEventStartIndex: tooNew }),
    };
    // The token has no meaning any more, but is still answered.
    return { nextSequenceToken: '0', ...(Object.keys(rejected).length > 0 && { rejectedLogEventsInfo: rejected }) };
  }

  #filter({ logGroupName, filterPattern = '', startTime, endTime, nextToken, limit }: Record<string, unknown>): object {
    const group = this.#group(logGroupName);
    const terms = termsOf(String(filterPattern));
    const from = startTime === undefined ? 0 : Number(startTime);
    const to = endTime === undefined ? Infinity : Number(endTime);
    const found = group.events.filter(
      ({ timestamp, message }) => timestamp >= from && timestamp < to && terms.every((term) => message.includes(term)),
    );
    const first = nextToken === undefined ? 0 : Number(nextToken);
    if (!Number.isInteger(first))
      throw new AwsError('InvalidParameterException', 'The specified nextToken is invalid.');
    const next = first + Math.min(limit === undefined ? MAX_EVENTS_OF_PAGE : Number(limit), MAX_EVENTS_OF_PAGE);
    return {
      events: found.slice(first, next).map((event) => ({ ...event })),
      ...(next < found.length && { nextToken: String(next) }),
    };
  }
}

/** Adds events, sorted by their time, and forgets the oldest beyond the limit. */
function append(group: LogGroup, events: LogEvent[]): void {
  const last = group.events.at(-1)?.timestamp ?? -Infinity;
  group.events.push(...events);
  if (events.some(({ timestamp }) => timestamp < last)) group.events.sort((a, b) => a.timestamp - b.timestamp);
  for (const { message } of events) group.characters += message.length;
  let forgotten = 0;
  while (group.characters > MAX_CHARACTERS) group.characters -= group.events[forgotten++]!.message.length;
  if (forgotten > 0) group.events.splice(0, forgotten);
}

/** The events of a PutLogEvents request. @throws AwsError when they are not events in the order of their time */
function inputEvents(logEvents: unknown): { timestamp: number; message: string }[] {
  const events = (Array.isArray(logEvents) ? logEvents : []) as { timestamp: unknown; message: unknown }[];
  const isEvent = ({ timestamp, message }: (typeof events)[0]): boolean =>
    typeof timestamp === 'number' && typeof message === 'string' && message !== '';
  if (events.length === 0 || !events.every(isEvent))
    throw new AwsError('InvalidParameterException', 'logEvents must be events with a timestamp and a message.');
  const given = events as { timestamp: number; message: string }[];
  if (given.some(({ timestamp }, index) => index > 0 && timestamp < given[index - 1]!.timestamp)) {
    const message = 'Log events in a single PutLogEvents request must be in chronological order.';
    throw new AwsError('InvalidParameterException', message);
  }
  return given.map(({ timestamp, message }) => ({ timestamp, message }));
}

/** The log group that the stacks give a function: the name that Lambda chooses by default. */
function groupOf(functionName: string): string {
  return `/aws/lambda/${functionName}`;
}

/** The terms of a pattern, all of which a line must have. @throws AwsError for a pattern of another form */
function termsOf(pattern: string): string[] {
  const terms = pattern.match(/"[^"]*"/g) ?? [];
  if (pattern.replaceAll(/"[^"]*"/g, '').trim() !== '') {
    const message = `The local cloud knows filter patterns of quoted terms only, such as "a" "b"; this one is ${pattern}.`;
    throw new AwsError('InvalidParameterException', message);
  }
  return terms.map((term) => term.slice(1, -1));
}

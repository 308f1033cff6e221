import { AwsError, unknownOperation } from '../aws-error.ts';

interface LogEvent {
  /** Milliseconds since the epoch. */
  timestamp: number;
  message: string;
}

/** Of each function. Older lines are forgotten; a file of `logDirectory` has them still. */
const MAX_CHARACTERS = 32 * 1024 * 1024;
const MAX_EVENTS_OF_PAGE = 10_000;

/** CloudWatch Logs, as far as it is needed to search the functions' output: FilterLogEvents with quoted terms. */
export class FunctionLogs {
  readonly #groups = new Map<string, { events: LogEvent[]; characters: number }>();
  readonly #now: () => number;

  /** @param now milliseconds since the epoch */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Returns a function that takes the output of one worker of a function, in pieces of any size. */
  writer(functionName: string): (text: string) => void {
    const group = this.#groups.get(groupOf(functionName)) ?? { events: [], characters: 0 };
    this.#groups.set(groupOf(functionName), group);
    let begun = '';
    return (text) => {
      const lines = (begun + text).split('\n');
      begun = lines.pop()!;
      for (const message of lines) {
        if (message === '') continue;
        group.events.push({ timestamp: this.#now(), message });
        group.characters += message.length;
      }
      let forgotten = 0;
      while (group.characters > MAX_CHARACTERS) group.characters -= group.events[forgotten++]!.message.length;
      if (forgotten > 0) group.events.splice(0, forgotten);
    };
  }

  /** Runs one operation of CloudWatch Logs' API. @throws AwsError */
  request(action: string, input: unknown): unknown {
    if (action !== 'FilterLogEvents') throw unknownOperation('CloudWatch Logs', action, ['FilterLogEvents']);
    return this.#filter({ ...(input as Record<string, unknown>) });
  }

  #filter({ logGroupName, filterPattern = '', startTime, endTime, nextToken, limit }: Record<string, unknown>): object {
    const group = this.#groups.get(String(logGroupName));
    if (!group) throw new AwsError('ResourceNotFoundException', 'The specified log group does not exist.');
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
      events: found.slice(first, next).map((event) => ({ ...event, logStreamName: 'local' })),
      ...(next < found.length && { nextToken: String(next) }),
    };
  }
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

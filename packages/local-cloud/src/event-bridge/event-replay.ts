import type { ArchivedEvent, ArchivesOptions, StoredArchive } from './archive.ts';
import { AwsError } from '../aws-error.ts';
import { type Input, optionalText, page, requiredText } from './event-bridge-input.ts';
import { isObject } from '../is-object.ts';
import type { EventBridgeEvent } from './put-events-entry.ts';

interface Replay {
  name: string;
  arn: string;
  description: string | undefined;
  archiveArn: string;
  busArn: string;
  ruleArns: string[] | undefined;
  /** Milliseconds since the epoch, as all times in this interface. */
  from: number;
  to: number;
  state: 'STARTING' | 'RUNNING' | 'CANCELLING' | 'CANCELLED' | 'COMPLETED';
  startedAt: number;
  endedAt?: number;
  lastReplayedAt?: number;
}

const eventsAtOnce = 50;
const pauseMilliseconds = 20;

/** Replays of archived events, and their API operations. */
export class EventReplays {
  readonly operations: Record<string, (input: Input) => unknown> = {
    StartReplay: (input) => this.#start(input),
    DescribeReplay: (input) => describe(this.#replay(input)),
    CancelReplay: (input) => this.#cancel(input),
    ListReplays: (input) => this.#list(input),
  };
  readonly #options: ArchivesOptions;
  readonly #archiveOf: (arn: string) => StoredArchive | undefined;
  readonly #replays = new Map<string, Replay>();
  readonly #running = new Set<Promise<void>>();
  readonly #closing = new AbortController();

  constructor(options: ArchivesOptions, archiveOf: (arn: string) => StoredArchive | undefined) {
    this.#options = options;
    this.#archiveOf = archiveOf;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#running);
  }

  #start(input: Input): unknown {
    const { arn, timers } = this.#options;
    const name = requiredText(input, 'ReplayName');
    if (!/^[.\-_A-Za-z0-9]{1,64}$/.test(name))
      throw invalid('ReplayName', 'it must be 1 to 64 letters, digits, dots, - and _');
    if (this.#replays.has(name)) throw new AwsError('ResourceAlreadyExistsException', `Replay ${name} already exists.`);
    const archiveArn = requiredText(input, 'EventSourceArn');
    const archive = this.#archiveOf(archiveArn);
    if (!archive) throw new AwsError('ResourceNotFoundException', `Archive ${archiveArn} does not exist.`);
    const [from, to] = [time(input, 'EventStartTime'), time(input, 'EventEndTime')];
    if (from >= to) throw invalid('EventEndTime', 'EventStartTime must be before EventEndTime');
    const destination = isObject(input.Destination) ? input.Destination : {};
    const busArn = requiredText(destination, 'Arn');
    if (busArn !== archive.eventSourceArn)
      throw invalid('Destination.Arn', 'the destination must be the bus of the archive');

    const replay: Replay = {
      name,
      arn: arn(`replay/${name}`),
      description: optionalText(input, 'Description'),
      archiveArn,
      busArn,
      ruleArns: this.#ruleArns(destination.FilterArns, busArn),
      from,
      to,
      state: 'STARTING',
      startedAt: timers.now(),
    };
    this.#replays.set(name, replay);
    // A replay has the events that are archived when it starts, and none that arrive later.
    const events = archive.events.filter(({ at }) => from <= at && at <= to);
    const run = this.#run(replay, events).finally(() => this.#running.delete(run));
    this.#running.add(run);
    const { ReplayArn, State, ReplayStartTime } = describe(replay);
    return { ReplayArn, State, ReplayStartTime };
  }

  /** Runs in the background, with a pause between batches, so that a client can describe and cancel the replay. */
  async #run(replay: Replay, events: readonly ArchivedEvent[]): Promise<void> {
    const { dispatch, timers } = this.#options;
    const ruleArns = replay.ruleArns && new Set(replay.ruleArns);
    for (let next = 0; ; next += eventsAtOnce) {
      await timers.sleep(pauseMilliseconds, this.#closing.signal).catch(() => undefined);
      if (this.#closing.signal.aborted || replay.state === 'CANCELLING') replay.state = 'CANCELLED';
      else replay.state = next < events.length ? 'RUNNING' : 'COMPLETED';
      if (replay.state !== 'RUNNING') break;
      for (const { at, body } of events.slice(next, next + eventsAtOnce)) {
        dispatch(replay.busArn, { ...(JSON.parse(body) as EventBridgeEvent), 'replay-name': replay.name }, ruleArns);
        replay.lastReplayedAt = at;
      }
    }
    replay.endedAt = timers.now();
  }

  #ruleArns(given: unknown, busArn: string): string[] | undefined {
    if (given === undefined || given === null) return undefined;
    if (!Array.isArray(given)) throw new AwsError('SerializationException', 'FilterArns must be a list.');
    if (given.length === 0) return undefined;
    const known = new Set([...this.#options.rulesOf(busArn)].map(({ arn }) => arn));
    const arns = given.map(String);
    const unknown = arns.find((arn) => !known.has(arn));
    if (unknown !== undefined) throw invalid('FilterArns', `the bus has no rule ${unknown}`);
    return arns;
  }

  #cancel(input: Input): unknown {
    const replay = this.#replay(input);
    if (replay.state !== 'STARTING' && replay.state !== 'RUNNING') {
      throw new AwsError(
        'IllegalStatusException',
        `Replay ${replay.name} is in state ${replay.state} and cannot be cancelled.`,
      );
    }
    replay.state = 'CANCELLING';
    const { ReplayArn, State } = describe(replay);
    return { ReplayArn, State };
  }

  #list(input: Input): unknown {
    const prefix = optionalText(input, 'NamePrefix') ?? '';
    const state = optionalText(input, 'State');
    const source = optionalText(input, 'EventSourceArn');
    const found = [...this.#replays.values()].filter(
      (replay) =>
        replay.name.startsWith(prefix) &&
        (state === undefined || replay.state === state) &&
        (source === undefined || replay.archiveArn === source),
    );
    return page(found.map(describe), 'Replays', input);
  }

  #replay(input: Input): Replay {
    const name = requiredText(input, 'ReplayName');
    const replay = this.#replays.get(name);
    if (!replay) throw new AwsError('ResourceNotFoundException', `Replay ${name} does not exist.`);
    return replay;
  }
}

const describe = (replay: Replay) => ({
  ReplayName: replay.name,
  ReplayArn: replay.arn,
  Description: replay.description,
  State: replay.state,
  EventSourceArn: replay.archiveArn,
  Destination: { Arn: replay.busArn, FilterArns: replay.ruleArns },
  EventStartTime: replay.from / 1000,
  EventEndTime: replay.to / 1000,
  EventLastReplayedTime: replay.lastReplayedAt && replay.lastReplayedAt / 1000,
  ReplayStartTime: replay.startedAt / 1000,
  ReplayEndTime: replay.endedAt && replay.endedAt / 1000,
});

/** Milliseconds since the epoch, from a number of seconds (AWS's JSON protocol) or an ISO 8601 string. */
function time(input: Input, member: string): number {
  const value = input[member];
  const milliseconds = typeof value === 'number' ? value * 1000 : typeof value === 'string' ? Date.parse(value) : NaN;
  if (Number.isNaN(milliseconds)) throw invalid(member, 'it must be a timestamp');
  return milliseconds;
}

function invalid(member: string, reason: string): AwsError {
  return new AwsError('ValidationException', `Parameter ${member} is not valid. Reason: ${reason}.`);
}

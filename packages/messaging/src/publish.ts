import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { type AirlineEvent, sourceOf } from '@airline/events-schemas/events';
import { findFirstMistake } from '@airline/events-schemas/find-first-mistake';
import { setTimeout as pause } from 'node:timers/promises';
import { requireEnvironment } from './environment.ts';
import { traceHeaderOf } from './trace.ts';

/** The outcome for one event: `undefined` when EventBridge accepted it, else the error. */
export type PublishOutcome = Error | undefined;

/** Publishes events. The outcomes are in the order of the events. It never throws: a failure is an outcome. */
export type Publish = (events: readonly AirlineEvent[]) => Promise<PublishOutcome[]>;

/** An event was not published. The message or request that caused it must be tried again. */
export class PublishError extends Error {
  override readonly name = 'PublishError';
}

/** The result of one attempt for one event, and whether another attempt is useless. */
interface Attempt {
  outcome: PublishOutcome;
  isFinal: boolean;
}

export interface PublisherOptions {
  client: Pick<EventBridgeClient, 'send'>;
  /** Name or ARN of the bus. */
  busName: string;
  /** Waits between attempts; injected by tests. @default setTimeout */
  sleep?: (milliseconds: number) => Promise<void>;
}

/** EventBridge accepts at most ten entries a request. */
const maximumEntries = 10;
/**
 * Below EventBridge's own limit of 1 MiB a request. Emulators and many consumers still have the older limit of 256 KiB,
 * and SQS delivers an event with EventBridge's envelope around it. This project's events have a few hundred bytes.
 */
const maximumRequestBytes = 250 * 1024;
/**
 * Answers that another attempt would get as well. A code that is missing here is tried again
 * (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html).
 */
const finalErrors: ReadonlySet<string | undefined> = new Set([
  'AccessDeniedException',
  'InvalidAccountIdException',
  'InvalidArgument',
  'MalformedDetail',
  'NotAuthorizedForDetailTypeException',
  'NotAuthorizedForSourceException',
  'RedactionFailure',
]);
const attempts = 3;
const firstPauseMilliseconds = 50;

/**
 * A publisher that fills each PutEvents up to its limits. It tries each event up to three times, unless EventBridge's
 * answer is final. PutEvents answers HTTP 200 even when `FailedEntryCount` is above 0, so every entry of the response
 * is checked.
 */
export function createPublisher({ client, busName, sleep = pause }: PublisherOptions): Publish {
  async function send(entries: PutEventsRequestEntry[]): Promise<Attempt[]> {
    try {
      const { Entries = [] } = await client.send(new PutEventsCommand({ Entries: entries }));
      return entries.map((_, index) => {
        const answer = Entries[index];
        if (answer?.EventId) return { outcome: undefined, isFinal: true };
        const reason = `${answer?.ErrorCode ?? 'no answer'} ${answer?.ErrorMessage ?? ''}`.trim();
        return {
          outcome: new PublishError(`EventBridge refused the event: ${reason}`),
          isFinal: finalErrors.has(answer?.ErrorCode),
        };
      });
    } catch (error) {
      const { name, message } = error as Error;
      const outcome = new PublishError(`PutEvents failed: ${message}`, { cause: error });
      return entries.map(() => ({ outcome, isFinal: finalErrors.has(name) }));
    }
  }

  return async (events) => {
    const entries = events.map((event) => entryOrError(event, busName));
    const outcomes: PublishOutcome[] = entries.map((entry) => (entry instanceof Error ? entry : undefined));
    const entryAt = (index: number): PutEventsRequestEntry => entries[index] as PutEventsRequestEntry;
    let waiting = events.flatMap((_, index) => (outcomes[index] ? [] : [index]));
    for (let attempt = 1; waiting.length > 0 && attempt <= attempts; attempt++) {
      if (attempt > 1) await sleep(firstPauseMilliseconds * 2 ** (attempt - 2) * (0.5 + Math.random()));
      const again: number[] = [];
      for (const chunk of inChunks(waiting, (index) => byteSize(entryAt(index)))) {
        const results = await send(chunk.map(entryAt));
        chunk.forEach((index, position) => {
          const { outcome, isFinal } = results[position]!;
          outcomes[index] = outcome;
          if (!isFinal) again.push(index);
        });
      }
      waiting = again;
    }
    return outcomes;
  };
}

/** The publisher of a deployed function, on the bus in `EVENT_BUS_NAME`. */
export function publisherFromEnvironment(): Publish {
  return createPublisher({ client: new EventBridgeClient(), busName: requireEnvironment('EVENT_BUS_NAME') });
}

/** For callers that have no use for single outcomes, such as an HTTP API. @throws PublishError if any event failed */
export async function publishOrThrow(publish: Publish, events: readonly AirlineEvent[]): Promise<void> {
  const failure = (await publish(events)).find((outcome) => outcome !== undefined);
  if (failure) throw failure;
}

/**
 * An entry, or why the event cannot be one: EventBridge would deliver an invalid event to every consumer's dead-letter
 * queue, so its producer fails instead. A defect of one event fails that event, and not those published with it.
 */
function entryOrError(event: AirlineEvent, busName: string): PutEventsRequestEntry | PublishError {
  try {
    const { type, metadata, data } = event;
    const mistake = findFirstMistake(type, { metadata, data });
    if (!mistake) return toEntry(event, busName);
    return new PublishError(`${type} breaks its schema: ${mistake.path} ${mistake.message}`);
  } catch (error) {
    return new PublishError(`The event cannot be written: ${(error as Error).message}`, { cause: error });
  }
}

/** Each entry has the trace of its own event, whatever batch it is published with. */
function toEntry({ type, metadata, data }: AirlineEvent, busName: string): PutEventsRequestEntry {
  const TraceHeader = traceHeaderOf(metadata.traceparent);
  const Detail = JSON.stringify({ metadata, data });
  return {
    EventBusName: busName,
    Source: sourceOf(type),
    DetailType: type,
    Detail,
    ...(TraceHeader && { TraceHeader }),
  };
}

function byteSize({ Source = '', DetailType = '', Detail = '' }: PutEventsRequestEntry): number {
  return Buffer.byteLength(Source) + Buffer.byteLength(DetailType) + Buffer.byteLength(Detail);
}

function inChunks(indexes: number[], sizeOf: (index: number) => number): number[][] {
  const chunks: number[][] = [];
  let bytes = Infinity;
  for (const index of indexes) {
    const size = sizeOf(index);
    const last = chunks[chunks.length - 1];
    if (last && last.length < maximumEntries && bytes + size <= maximumRequestBytes) {
      last.push(index);
      bytes += size;
    } else {
      chunks.push([index]);
      bytes = size;
    }
  }
  return chunks;
}

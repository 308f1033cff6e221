import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { type AirlineEvent, sourceOf } from '@airline/events-schemas/events';
import { findEventMistakes } from '@airline/events-schemas/parse-event';
import { requireEnvironment } from './environment.ts';
import { traceHeaderOf } from './trace.ts';

/** The outcome for one event: `undefined` when EventBridge took it, else why it did not. */
export type PublishOutcome = Error | undefined;

/** Publishes events; the outcomes stand in the order of the events. It never throws: what did not get out is an outcome. */
export type Publish = (events: readonly AirlineEvent[]) => Promise<PublishOutcome[]>;

/** An event did not get out; whoever caused it must be tried again. */
export class PublishError extends Error {
  override readonly name = 'PublishError';
}

export interface PublisherOptions {
  client: Pick<EventBridgeClient, 'send'>;
  /** Name or ARN of the bus. */
  busName: string;
  /** Waits between attempts; injected by tests. @default setTimeout */
  sleep?: (milliseconds: number) => Promise<void>;
}

/** EventBridge takes at most ten entries a request. */
const maximumEntries = 10;
/**
 * EventBridge takes 1 MiB a request; but whoever receives a single event through SQS gets it with EventBridge's envelope around it, and
 * the older limit of 256 KiB is what every emulator and many a consumer still keeps. Ours are a few hundred bytes.
 */
const maximumRequestBytes = 250 * 1024;
const attempts = 3;
const firstPauseMilliseconds = 50;

/**
 * A publisher that fills each PutEvents as far as its limits allow and sends again what EventBridge refused for the moment
 * (`FailedEntryCount` > 0 is a success to HTTP, and a lost event to whoever ignores it).
 */
export function createPublisher({ client, busName, sleep = pause }: PublisherOptions): Publish {
  async function send(entries: PutEventsRequestEntry[]): Promise<PublishOutcome[]> {
    try {
      const { Entries = [] } = await client.send(new PutEventsCommand({ Entries: entries }));
      return entries.map((_, index) => {
        const answer = Entries[index];
        if (answer?.EventId) return undefined;
        return new PublishError(
          `EventBridge refused the event: ${answer?.ErrorCode ?? 'no answer'} ${answer?.ErrorMessage ?? ''}`.trim(),
        );
      });
    } catch (error) {
      const failure = new PublishError(`PutEvents failed: ${(error as Error).message}`, { cause: error });
      return entries.map(() => failure);
    }
  }

  return async (events) => {
    const outcomes: PublishOutcome[] = events.map(invalid);
    const entries = events.map((event) => toEntry(event, busName));
    let waiting = events.flatMap((_, index) => (outcomes[index] ? [] : [index]));
    for (let attempt = 1; waiting.length > 0 && attempt <= attempts; attempt++) {
      if (attempt > 1) await sleep(firstPauseMilliseconds * 2 ** (attempt - 2) * (0.5 + Math.random()));
      for (const chunk of inChunks(waiting, (index) => byteSize(entries[index]!))) {
        const results = await send(chunk.map((index) => entries[index]!));
        chunk.forEach((index, position) => (outcomes[index] = results[position]));
      }
      waiting = waiting.filter((index) => outcomes[index]);
    }
    return outcomes;
  };
}

/** The publisher of a deployed function, on the bus that its stack names. */
export function publisherFromEnvironment(): Publish {
  return createPublisher({ client: new EventBridgeClient(), busName: requireEnvironment('EVENT_BUS_NAME') });
}

/** Publishes all or throws: for callers with a single thing to say, such as an HTTP request. @throws PublishError */
export async function publishOrThrow(publish: Publish, events: readonly AirlineEvent[]): Promise<void> {
  const failure = (await publish(events)).find((outcome) => outcome !== undefined);
  if (failure) throw failure;
}

/** EventBridge would carry a mistaken event to everyone's dead-letter queue; better that its producer fails. */
function invalid({ type, metadata, data }: AirlineEvent): PublishOutcome {
  const mistakes = findEventMistakes(type, { metadata, data });
  if (mistakes.length === 0) return undefined;
  return new PublishError(
    `${type} breaks its schema: ${mistakes.map(({ path, message }) => `${path} ${message}`).join('; ')}`,
  );
}

/** Each entry bears the trace of its own event, whatever batch it leaves with. */
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

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Where the time of a booking went: each event, each delivery of it, and each try to handle it. Pure. */
import { sourceOf } from '@airline/events-schemas/events';
import type { FactType } from '../../packages/status/src/domain.ts';
import type { LogLine } from '../airline/message-log.ts';
import { type Place, findDeliveries } from '../explain/deliveries.ts';
import type { Evidence, Unread } from '../explain/evidence.ts';
import type { SubscriptionsOfServices } from '../protocol/subscriptions.ts';

/** One try to handle a message. */
export interface Try {
  /** How often SQS has delivered the message. */
  receiveCount: number;
  /** Since when it waited: it was sent, or its last try ended (RFC 3339 UTC). */
  waitedSince: string;
  /** RFC 3339 UTC. */
  receivedAt: string;
  /** RFC 3339 UTC. Undefined while it runs, and of a worker that was killed. */
  endedAt?: string;
  outcome: LogLine['kind'] | 'killed';
  /** Detail-types of the events that it published. */
  said: readonly string[];
  error?: string;
  nextTryAt?: string;
  /** To the payment provider and the mailer, and slow ones to tables. `afterMs` counts from `receivedAt`. */
  calls: NonNullable<LogLine['calls']>;
}

/** One message to one service. */
export interface TracedDelivery {
  service: string;
  /** Undefined if no log line is about it. */
  messageId?: string;
  /** The service had a message of this event before. */
  isDuplicate: boolean;
  tries: readonly Try[];
  /** Where it is, if it is not handled. */
  place?: Place;
}

export interface TracedEvent {
  type: string;
  eventId?: string;
  /** The service that published it. */
  by: string;
  /** When it was published, by its producer's clock (RFC 3339 UTC). Undefined if only its consumers are known. */
  at?: string;
  /** The event that caused it. */
  causedBy?: string;
  /** Its data as status keeps it, without personal data. */
  content?: object;
  /** How many causes are before it. */
  depth: number;
  /** A message that a service sent to itself: it is meant to wait. */
  isTimer: boolean;
  deliveries: readonly TracedDelivery[];
}

export interface Trace {
  bookingId: string;
  /** RFC 3339 UTC. */
  readAt: string;
  /** Of the first and the last thing that is known (RFC 3339 UTC). */
  startedAt: string;
  endedAt: string;
  /** Oldest first. */
  events: readonly TracedEvent[];
  unread: readonly Unread[];
}

type Event = Omit<TracedEvent, 'deliveries' | 'depth'>;

/** The line about a long run is written a second after its begin (`packages/messaging/src/consume.ts`). */
const longRunMs = 1000;

/** @returns undefined if nothing is known of the booking */
export function traceBooking(
  evidence: Evidence,
  airline: string,
  subscriptions: SubscriptionsOfServices,
): Trace | undefined {
  const { bookingId, readAt, facts, lines, unread } = evidence;
  const events = new Map<string, Event>();
  for (const { type, eventId, service, occurredAt, causationId, data } of facts)
    events.set(type, {
      type,
      eventId,
      by: service,
      at: toUtc(occurredAt),
      ...(causationId !== undefined && { causedBy: causationId }),
      content: data,
      isTimer: false,
    });
  const { events: published, all } = findDeliveries(evidence, airline, subscriptions);
  for (const { type, at } of published.values())
    if (!events.has(type))
      events.set(type, { type, by: producerOf(type), ...(at !== undefined && { at: toUtc(at) }), isTimer: false });
  for (const { service, detailType, eventId, kind } of lines)
    if (!events.has(detailType) && kind !== 'buried')
      events.set(detailType, {
        type: detailType,
        by: service,
        ...(eventId !== undefined && { eventId }),
        isTimer: true,
      });

  const traced = [...events.values()].map((event): TracedEvent => {
    const messages = messagesOf(event, lines, readAt);
    const missing = all.flatMap(({ service, event: { type }, place }): TracedDelivery[] =>
      type === event.type && place.kind !== 'done' && !messages.some((message) => message.service === service)
        ? [{ service, isDuplicate: false, tries: [], place }]
        : [],
    );
    const open = (delivery: TracedDelivery): TracedDelivery => {
      const place = all.find(
        ({ service, event: { type } }) => service === delivery.service && type === event.type,
      )?.place;
      return place && place.kind !== 'done' ? { ...delivery, place } : delivery;
    };
    return { ...event, depth: depthOf(event, events), deliveries: [...messages.map(open), ...missing] };
  });
  const times = traced.flatMap(timesOf);
  if (times.length === 0) return undefined;
  times.sort();
  const firstTime = (event: TracedEvent): string => timesOf(event).toSorted()[0] ?? readAt;
  traced.sort((a, b) => firstTime(a).localeCompare(firstTime(b)) || a.depth - b.depth);
  return { bookingId, readAt, startedAt: times[0]!, endedAt: times.at(-1)!, events: traced, unread };
}

function messagesOf({ type, isTimer }: Event, lines: readonly LogLine[], readAt: string): TracedDelivery[] {
  const messages = new Map<string, LogLine[]>();
  for (const line of lines.filter(({ detailType }) => detailType === type)) {
    const key = `${line.service} ${line.messageId}`;
    messages.set(key, [...(messages.get(key) ?? []), line]);
  }
  const seen = new Set<string>();
  return [...messages.values()].map((own): TracedDelivery => {
    const { service, messageId } = own[0]!;
    // A timer that is longer than SQS can wait, and a postponed message, are sent again as another message.
    const isDuplicate = seen.has(service) && !isTimer;
    if (own.at(-1)!.kind === 'postponed') seen.delete(service);
    else seen.add(service);
    return { service, messageId, isDuplicate, tries: triesOf(own, readAt) };
  });
}

function triesOf(lines: readonly LogLine[], readAt: string): Try[] {
  const tries: Try[] = [];
  for (const line of lines) {
    const {
      kind,
      at,
      receiveCount = tries.length + 1,
      queueWaitMs = 0,
      said = [],
      error,
      nextTryAt,
      calls = [],
    } = line;
    const before = tries.at(-1);
    const isRunning = kind === 'handling';
    // The line that says how a long run ended comes after the one that it goes on.
    if (before?.receiveCount === receiveCount && before.endedAt === undefined) tries.pop();
    const previous = tries.at(-1);
    const end = Date.parse(at);
    const received = end - (isRunning ? longRunMs : (line.durationMs ?? 0));
    // A wait counts since the message was sent; of a later try only the time since the last one is new.
    const sent = received - queueWaitMs;
    const since = previous?.endedAt === undefined ? sent : Math.max(sent, Date.parse(previous.endedAt));
    const isKilled = isRunning && line.endsBy !== undefined && Date.parse(readAt) > Date.parse(line.endsBy);
    tries.push({
      receiveCount,
      waitedSince: iso(Math.min(since, received)),
      receivedAt: iso(received),
      ...(!isRunning && { endedAt: iso(end) }),
      outcome: isKilled ? 'killed' : kind,
      said,
      ...(error !== undefined && { error }),
      ...(nextTryAt !== undefined && { nextTryAt }),
      calls,
    });
  }
  return tries;
}

function timesOf({ at, deliveries }: Pick<TracedEvent, 'at' | 'deliveries'>): string[] {
  const ofTries = deliveries.flatMap(({ tries }) =>
    tries.flatMap(({ waitedSince, receivedAt, endedAt }) => [waitedSince, receivedAt, endedAt ?? receivedAt]),
  );
  return [...(at === undefined ? [] : [at]), ...ofTries];
}

function depthOf(event: Event, events: ReadonlyMap<string, Event>): number {
  const byId = new Map([...events.values()].map((each) => [each.eventId, each]));
  let depth = 0;
  // An id may be wrong, and even name itself.
  for (
    let cause = event.causedBy === undefined ? undefined : byId.get(event.causedBy);
    cause && depth < events.size;
    cause = cause.causedBy === undefined ? undefined : byId.get(cause.causedBy)
  )
    depth += 1;
  return depth;
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** The owner of the event, by the contract. */
function producerOf(type: FactType): string {
  return sourceOf(type).replace(/^airline\./, '');
}

/** In the form that sorts as text. */
function toUtc(time: string): string {
  return iso(Date.parse(time));
}

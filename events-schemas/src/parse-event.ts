import {
  type AirlineEvent,
  correlationIdOf,
  eventIdOf,
  type EventData,
  type EventType,
  isEventType,
  sourceOf,
} from './events.ts';
import { catalogue } from './generated/catalogue.ts';
import type { Metadata } from './generated/types.ts';
import { outsideMetadata } from './generated/validators.ts';
import { readBookingId } from './booking-id.ts';
import { findFirstMistake } from './find-first-mistake.ts';
import { isObject } from './is-object.ts';
import { printable } from './printable.ts';

/** Why a message can never be handled: the `reason` of its dead letter. */
export type InvalidEventReason = 'not-json' | 'not-an-event' | 'unknown-detail-type' | 'schema-violation';

export class InvalidEventError extends Error {
  override readonly name = 'InvalidEventError';
  readonly reason: InvalidEventReason;

  constructor(reason: InvalidEventReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** The fields of EventBridge's envelope that the contract uses. */
export interface EventEnvelope {
  'detail-type': string;
  source: string;
  time: string;
  detail: unknown;
}

/**
 * Parses the body of a queue's message into EventBridge's envelope.
 * @throws InvalidEventError when the message can never be handled
 */
export function parseEnvelope(body: string): EventEnvelope {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // The parser's message quotes the body. That could put personal data into logs and dead-letter attributes.
    throw new InvalidEventError('not-json', `The message is not JSON (${body.length} characters).`);
  }
  return requireEnvelope(value);
}

/**
 * Parses EventBridge's envelope into an event, and checks it against its schema. Unknown fields pass. Metadata that a
 * producer outside the project left out is derived. Booking ids are written in small letters. A `FlightScheduled` with
 * a time in the future counts as now, see {@link timeAhead}.
 * @param now the time of the consumer. @default the time of the bus
 * @throws InvalidEventError when the event can never be handled
 */
export function parseEvent(value: unknown, now?: Date): AirlineEvent {
  const envelope = requireEnvelope(value);
  const type = envelope['detail-type'];
  if (!isEventType(type))
    throw new InvalidEventError('unknown-detail-type', `The contract has no event ${quoted(type)}.`);
  if (envelope.source !== sourceOf(type)) {
    throw new InvalidEventError(
      'schema-violation',
      `source must be ${sourceOf(type)} for ${type}, not ${quoted(envelope.source)}`,
    );
  }
  const mistake = findFirstMistake(type, envelope.detail);
  if (mistake) {
    throw new InvalidEventError(
      'schema-violation',
      `detail of ${type}: ${`${mistake.path} ${mistake.message}`.trim()}`,
    );
  }
  const { metadata, data } = withBookingId(
    envelope.detail as { metadata?: Partial<Metadata>; data: EventData<EventType> },
  );
  return { type, metadata: completeMetadata(type, envelope, metadata, data, now), data } as AirlineEvent;
}

/**
 * Writes the booking id of an event in small letters, also where the ids of events begin with it. Otherwise the same
 * booking in capitals would be another booking to every store.
 */
function withBookingId<T extends { metadata?: Partial<Metadata>; data: EventData<EventType> }>(detail: T): T {
  const { metadata, data } = detail;
  if (!('bookingId' in data)) return detail;
  const bookingId = readBookingId(data.bookingId)!;
  const rewritten = (id: string): string =>
    readBookingId(id.slice(0, bookingId.length)) === bookingId ? bookingId + id.slice(bookingId.length) : id;
  return {
    ...detail,
    ...(metadata && {
      metadata: {
        ...metadata,
        ...(metadata.eventId !== undefined && { eventId: rewritten(metadata.eventId) }),
        ...(metadata.causationId !== undefined && { causationId: rewritten(metadata.causationId) }),
      },
    }),
    data: { ...data, bookingId },
  };
}

function completeMetadata(
  type: EventType,
  envelope: EventEnvelope,
  given: Partial<Metadata> = {},
  data: EventData<EventType>,
  now: Date | undefined,
): Metadata {
  const correlationId = correlationIdOf(data);
  const occurredAt = given.occurredAt ?? new Date(envelope.time).toISOString();
  const ahead = timeAhead(envelope, now);
  return {
    ...given,
    eventId: given.eventId ?? eventIdOf(type, correlationId),
    correlationId,
    occurredAt: ahead > 0 ? new Date(Date.parse(occurredAt) - ahead).toISOString() : occurredAt,
    service: given.service ?? envelope.source.replace(/^airline\./, ''),
    schemaVersion: given.schemaVersion ?? catalogue[type].schemaVersion,
  };
}

/** Quotes text of a message. The error is logged and becomes an attribute of the dead letter, so it is kept short. */
function quoted(text: string): string {
  return `"${printable(text, 100)}"`;
}

/** The bus writes its time in whole seconds, rounded down. */
const busPrecisionMilliseconds = 999;

/**
 * How far the time of a `FlightScheduled` lies in the future, in milliseconds; 0 when it does not. Its time
 * decides which version of a flight is the latest. From a producer whose clock is ahead, it would outrank every later
 * correction. So it counts as the time at which the bus took the event, which all consumers read alike. Only if a
 * producer has set that time ahead too, it counts as the consumer's own time.
 */
export function timeAhead({ 'detail-type': type, time, detail }: EventEnvelope, now?: Date): number {
  if (type !== 'FlightScheduled') return 0;
  const busTime = Date.parse(time);
  const { metadata } = (isObject(detail) ? detail : {}) as { metadata?: { occurredAt?: unknown } };
  const occurredAt = isObject(metadata) ? Date.parse(String(metadata.occurredAt)) : NaN;
  const claimed = Number.isNaN(occurredAt) ? busTime : occurredAt;
  const beyondBus = claimed > busTime + busPrecisionMilliseconds ? claimed - busTime : 0;
  return Math.max(beyondBus, now ? claimed - now.getTime() : 0, 0);
}

function requireEnvelope(value: unknown): EventEnvelope {
  if (isEnvelope(value)) return value;
  throw new InvalidEventError(
    'not-an-event',
    'The message is not an EventBridge event: it needs detail-type, source, a time like 2027-01-31T08:00:00Z, and detail.',
  );
}

function isEnvelope(value: unknown): value is EventEnvelope {
  return (
    isObject(value) &&
    typeof value['detail-type'] === 'string' &&
    typeof value.source === 'string' &&
    typeof value.time === 'string' &&
    // It becomes the time of an event without metadata, so it obeys the same rule.
    (outsideMetadata as (metadata: unknown) => boolean)({ occurredAt: value.time }) &&
    value.detail !== undefined
  );
}

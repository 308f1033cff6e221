/**
 * A trace as OpenTelemetry's JSON, which tracing tools import or take at `/v1/traces`. Its form is that of the protocol
 * (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding), and its names are those of the conventions for
 * messaging (https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/ and …/messaging/sqs/). Pure.
 */
import { createHash } from 'node:crypto';
import type { Trace, TracedDelivery, TracedEvent, Try } from './trace-booking.ts';

interface Attribute {
  key: string;
  value: { stringValue: string } | { intValue: string } | { boolValue: boolean };
}

interface Span {
  /** 32 hexadecimal digits: the booking id without its hyphens. */
  traceId: string;
  /** 16 hexadecimal digits, always the same for the same span. */
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  /** Nanoseconds since the epoch: too large for a number of JSON. */
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: Attribute[];
  links: { traceId: string; spanId: string; attributes: Attribute[] }[];
  status: { code: number; message?: string };
}

export interface TracesData {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: { scope: { name: string }; spans: Span[] }[];
  }[];
}

/** Values of the enumerations in trace.proto. */
const kinds = { internal: 1, client: 3, producer: 4, consumer: 5 } as const;
const statuses = { unset: 0, error: 2 } as const;
const failures: ReadonlySet<Try['outcome']> = new Set(['failed', 'buried', 'killed']);

/** A span, and the service that it is of. What most spans do not have may be left out. */
type Spanned = { service: string } & Omit<Span, 'traceId' | 'links' | 'status'> & Partial<Span>;

/**
 * A span for each event that was published, each wait in a queue, each try to handle a message, and each call. The
 * event's span is the parent of each try, and linked to it. The parent of an event is the try that published it.
 */
export function otlpOf(trace: Trace, airline: string): TracesData {
  const ids = { traceId: trace.bookingId.replaceAll('-', ''), airline, bookingId: trace.bookingId };
  const spans = new Map<string, Span[]>();
  for (const { service, ...span } of trace.events.flatMap((event) => spansOfEvent(event, trace.events, ids))) {
    const own = spans.get(service) ?? [];
    own.push({ traceId: ids.traceId, links: [], status: { code: statuses.unset }, ...span });
    spans.set(service, own);
  }
  return {
    resourceSpans: [...spans].map(([service, own]) => ({
      resource: { attributes: [text('service.name', service), text('service.namespace', airline)] },
      scopeSpans: [{ scope: { name: 'airline-trace' }, spans: own }],
    })),
  };
}

interface Ids {
  traceId: string;
  bookingId: string;
  airline: string;
}

function spansOfEvent(event: TracedEvent, events: readonly TracedEvent[], ids: Ids): Spanned[] {
  const { type, eventId, by, at, isTimer, deliveries } = event;
  const sent = at ?? deliveries.flatMap(({ tries }) => tries.map(({ waitedSince }) => waitedSince)).toSorted()[0];
  if (sent === undefined) return [];
  const spanId = idOf(ids, 'event', type);
  const publisher = publisherOf(event, events, ids);
  const about = [
    text('airline.event.type', type),
    text('messaging.message.conversation_id', ids.bookingId),
    ...(eventId ? [text('airline.event.id', eventId)] : []),
  ];
  return [
    {
      service: by,
      spanId,
      ...(publisher !== undefined && { parentSpanId: publisher }),
      name: `send ${type}`,
      kind: kinds.producer,
      startTimeUnixNano: nano(sent),
      endTimeUnixNano: nano(sent),
      attributes: [
        text('messaging.system', isTimer ? 'aws_sqs' : 'aws.eventbridge'),
        text('messaging.destination.name', isTimer ? `${ids.airline}-${by}` : ids.airline),
        text('messaging.operation.type', 'send'),
        text('messaging.operation.name', isTimer ? 'SendMessage' : 'PutEvents'),
        ...about,
      ],
    },
    ...deliveries.flatMap((delivery) =>
      delivery.tries.flatMap((one) => spansOfTry(type, delivery, one, { ids, parentSpanId: spanId, about })),
    ),
  ];
}

/** The try of its producer that published the event: the first that says so, and handled its cause. */
function publisherOf(
  { type, by, causedBy }: TracedEvent,
  events: readonly TracedEvent[],
  ids: Ids,
): string | undefined {
  const cause = events.find(({ eventId }) => causedBy !== undefined && eventId === causedBy);
  const tries = (cause?.deliveries ?? [])
    .filter(({ service }) => service === by)
    .flatMap((delivery) => delivery.tries.map((one) => ({ delivery, one })));
  const publishing = tries.find(({ one }) => one.said.includes(type));
  return publishing && idOfTry(ids, cause!.type, publishing.delivery, publishing.one);
}

/** The wait for the try, the try itself, and its calls. */
function spansOfTry(
  type: string,
  delivery: TracedDelivery,
  one: Try,
  { ids, parentSpanId, about }: { ids: Ids; parentSpanId: string; about: readonly Attribute[] },
): Spanned[] {
  const { service, messageId = '', isDuplicate } = delivery;
  const { receiveCount, waitedSince, receivedAt, endedAt = receivedAt, outcome, error, said, calls } = one;
  const queue = `${ids.airline}-${service}`;
  const attributes = [
    text('messaging.system', 'aws_sqs'),
    text('messaging.destination.name', queue),
    ...(messageId === '' ? [] : [text('messaging.message.id', messageId)]),
    ...about,
  ];
  const isFailed = failures.has(outcome);
  const spanId = idOfTry(ids, type, delivery, one);
  return [
    {
      service,
      spanId: idOf(ids, 'wait', type, service, messageId, receiveCount),
      parentSpanId,
      name: `wait ${queue}`,
      kind: kinds.internal,
      startTimeUnixNano: nano(waitedSince),
      endTimeUnixNano: nano(receivedAt),
      attributes,
    },
    {
      service,
      spanId,
      parentSpanId,
      name: `process ${queue}`,
      kind: kinds.consumer,
      startTimeUnixNano: nano(receivedAt),
      endTimeUnixNano: nano(endedAt),
      attributes: [
        ...attributes,
        text('messaging.operation.type', 'process'),
        text('messaging.operation.name', 'process'),
        integer('airline.receive_count', receiveCount),
        { key: 'airline.duplicate', value: { boolValue: isDuplicate } },
        text('airline.outcome', outcome),
        ...(said.length > 0 ? [text('airline.said', said.join(', '))] : []),
        ...(isFailed ? [text('error.type', /^\w+(?=:)/.exec(error ?? '')?.[0] ?? '_OTHER')] : []),
      ],
      links: [{ traceId: ids.traceId, spanId: parentSpanId, attributes: [] }],
      ...(isFailed && { status: { code: statuses.error, ...(error !== undefined && { message: error }) } }),
    },
    ...calls.map(({ name, afterMs, ms = 0, failed }, index): Spanned => {
      const start = Date.parse(receivedAt) + afterMs;
      return {
        service,
        spanId: idOf(ids, 'call', type, service, messageId, receiveCount, index),
        parentSpanId: spanId,
        name,
        kind: kinds.client,
        startTimeUnixNano: nano(start),
        endTimeUnixNano: nano(start + ms),
        attributes: failed ? [text('error.type', '_OTHER')] : [],
        ...(failed && { status: { code: statuses.error } }),
      };
    }),
  ];
}

function idOfTry(ids: Ids, type: string, { service, messageId = '' }: TracedDelivery, { receiveCount }: Try): string {
  return idOf(ids, 'try', type, service, messageId, receiveCount);
}

/** Always the same for the same parts. */
function idOf({ bookingId }: Ids, ...parts: (string | number)[]): string {
  const hash = createHash('sha256').update([bookingId, ...parts].join('\n'));
  return hash.digest('hex').slice(0, 16);
}

function text(key: string, stringValue: string): Attribute {
  return { key, value: { stringValue } };
}

/** An int64 is a string in the JSON of protobuf. */
function integer(key: string, value: number): Attribute {
  return { key, value: { intValue: String(value) } };
}

/** @param time RFC 3339, or milliseconds since the epoch */
function nano(time: string | number): string {
  return `${typeof time === 'number' ? time : Date.parse(time)}000000`;
}

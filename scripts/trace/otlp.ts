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
/**
 * A span for each event that was published, each wait in a queue, each try to handle a message, and each call. The
 * event's span is the parent of each try, and linked to it. The parent of an event is the try that published it.
 */
export function otlpOf({ bookingId, events }: Trace, airline: string): TracesData {
  const traceId = bookingId.replaceAll('-', '');
  const spans = new Map<string, Span[]>();
  const idOf = (...parts: (string | number)[]): string =>
    createHash('sha256')
      .update([bookingId, ...parts].join('\n'))
      .digest('hex')
      .slice(0, 16);
  const add = (service: string, span: Omit<Span, 'traceId' | 'links' | 'status'> & Partial<Span>): void => {
    const own = spans.get(service) ?? [];
    spans.set(service, [...own, { traceId, links: [], status: { code: statuses.unset }, ...span }]);
  };
  const idOfTry = ({ type }: TracedEvent, { service, messageId = '' }: TracedDelivery, { receiveCount }: Try): string =>
    idOf('try', type, service, messageId, receiveCount);

  /** The try of its producer that published the event: the first that says so, and handled its cause. */
  function publisherOf({ type, by, causedBy }: TracedEvent): string | undefined {
    for (const cause of events.filter(({ eventId }) => causedBy !== undefined && eventId === causedBy))
      for (const delivery of cause.deliveries.filter(({ service }) => service === by))
        for (const one of delivery.tries) if (one.said.includes(type)) return idOfTry(cause, delivery, one);
    return undefined;
  }

  for (const event of events) {
    const { type, eventId, by, at, isTimer, deliveries } = event;
    const sent = at ?? deliveries.flatMap(({ tries }) => tries.map(({ waitedSince }) => waitedSince)).toSorted()[0];
    if (sent === undefined) continue;
    const eventSpan = idOf('event', type);
    const parent = publisherOf(event);
    const ids = [
      text('messaging.message.conversation_id', bookingId),
      ...(eventId ? [text('airline.event.id', eventId)] : []),
    ];
    add(by, {
      spanId: eventSpan,
      ...(parent !== undefined && { parentSpanId: parent }),
      name: `send ${type}`,
      kind: kinds.producer,
      startTimeUnixNano: nano(sent),
      endTimeUnixNano: nano(sent),
      attributes: [
        text('messaging.system', isTimer ? 'aws_sqs' : 'aws.eventbridge'),
        text('messaging.destination.name', isTimer ? `${airline}-${by}` : airline),
        text('messaging.operation.type', 'send'),
        text('messaging.operation.name', isTimer ? 'SendMessage' : 'PutEvents'),
        text('airline.event.type', type),
        ...ids,
      ],
    });
    for (const delivery of deliveries) {
      const { service, messageId = '', isDuplicate, tries } = delivery;
      const about = [
        text('messaging.system', 'aws_sqs'),
        text('messaging.destination.name', `${airline}-${service}`),
        ...(messageId === '' ? [] : [text('messaging.message.id', messageId)]),
        text('airline.event.type', type),
        ...ids,
      ];
      for (const one of tries) {
        const { receiveCount, waitedSince, receivedAt, endedAt = receivedAt, outcome, error, said, calls } = one;
        const isFailed = !['handled', 'handling', 'postponed', 'tooEarly'].includes(outcome);
        add(service, {
          spanId: idOf('wait', type, service, messageId, receiveCount),
          parentSpanId: eventSpan,
          name: `wait ${airline}-${service}`,
          kind: kinds.internal,
          startTimeUnixNano: nano(waitedSince),
          endTimeUnixNano: nano(receivedAt),
          attributes: about,
        });
        const spanId = idOfTry(event, delivery, one);
        add(service, {
          spanId,
          parentSpanId: eventSpan,
          name: `process ${airline}-${service}`,
          kind: kinds.consumer,
          startTimeUnixNano: nano(receivedAt),
          endTimeUnixNano: nano(endedAt),
          attributes: [
            ...about,
            text('messaging.operation.type', 'process'),
            text('messaging.operation.name', 'process'),
            integer('airline.receive_count', receiveCount),
            { key: 'airline.duplicate', value: { boolValue: isDuplicate } },
            text('airline.outcome', outcome),
            ...(said.length > 0 ? [text('airline.said', said.join(', '))] : []),
            ...(isFailed ? [text('error.type', /^\w+(?=:)/.exec(error ?? '')?.[0] ?? '_OTHER')] : []),
          ],
          links: [{ traceId, spanId: eventSpan, attributes: [] }],
          status: isFailed
            ? { code: statuses.error, ...(error !== undefined && { message: error }) }
            : { code: statuses.unset },
        });
        for (const [index, { name, afterMs, ms = 0, failed }] of calls.entries()) {
          const start = Date.parse(receivedAt) + afterMs;
          add(service, {
            spanId: idOf('call', type, service, messageId, receiveCount, index),
            parentSpanId: spanId,
            name,
            kind: kinds.client,
            startTimeUnixNano: nano(start),
            endTimeUnixNano: nano(start + ms),
            attributes: failed ? [text('error.type', '_OTHER')] : [],
            status: { code: failed ? statuses.error : statuses.unset },
          });
        }
      }
    }
  }
  return {
    resourceSpans: [...spans].map(([service, own]) => ({
      resource: { attributes: [text('service.name', service), text('service.namespace', airline)] },
      scopeSpans: [{ scope: { name: 'airline-trace' }, spans: own }],
    })),
  };
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

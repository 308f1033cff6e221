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
import type { FlightScheduled, Metadata } from './generated/types.ts';
import * as validators from './generated/validators.ts';
import { findLayoutMistakes } from './flight-layout.ts';
import type { Mistake } from './mistake.ts';
import { isObject } from './is-object.ts';

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

const utcTime = 'must be a time in UTC, like 2027-01-31T08:00:00Z';

/** A validation error of ajv. */
interface ValidationError {
  instancePath: string;
  keyword: string;
  params: Record<string, unknown>;
  message?: string;
}

interface Validator {
  (value: unknown): boolean;
  errors?: ValidationError[] | null;
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
 * producer outside the project left out is derived.
 * @throws InvalidEventError when the event can never be handled
 */
export function parseEvent(value: unknown): AirlineEvent {
  const envelope = requireEnvelope(value);
  const type = envelope['detail-type'];
  if (!isEventType(type))
    throw new InvalidEventError('unknown-detail-type', `The contract has no event ${JSON.stringify(type)}.`);
  if (envelope.source !== sourceOf(type)) {
    throw new InvalidEventError(
      'schema-violation',
      `source must be ${sourceOf(type)} for ${type}, not ${JSON.stringify(envelope.source)}`,
    );
  }
  const mistakes = findEventMistakes(type, envelope.detail);
  if (mistakes.length > 0) {
    const all = mistakes.map(({ path, message }) => `${path} ${message}`.trim()).join('; ');
    throw new InvalidEventError('schema-violation', `detail of ${type}: ${all}`);
  }
  const { metadata, data } = envelope.detail as { metadata?: Partial<Metadata>; data: EventData<EventType> };
  return { type, metadata: completeMetadata(type, envelope, metadata, data), data } as AirlineEvent;
}

/** All mistakes in the `detail` of an event. */
export function findEventMistakes(type: EventType, detail: unknown): Mistake[] {
  if (!isObject(detail)) return [{ path: '', message: 'must be an object with metadata and data' }];
  const { metadata, data } = detail;
  const required = catalogue[type].metadataRequired;
  const metadataMistakes =
    metadata === undefined
      ? required
        ? [{ path: '/metadata', message: 'is missing' }]
        : []
      : run((required ? validators.metadata : validators.outsideMetadata) as Validator, metadata, '/metadata');
  const dataMistakes =
    data === undefined ? [{ path: '/data', message: 'is missing' }] : findDataMistakes(type, data, '/data');
  return [...metadataMistakes, ...dataMistakes];
}

/** All mistakes in the `data` of an event. @param prefix of the paths */
export function findDataMistakes(type: EventType, data: unknown, prefix = ''): Mistake[] {
  const mistakes = run((validators as unknown as Record<EventType, Validator>)[type], data, prefix);
  if (mistakes.length > 0 || type !== 'FlightScheduled') return mistakes;
  // Rules that a schema cannot express: rows in order, no seat in two cabins, one currency.
  return findLayoutMistakes(data as FlightScheduled['data']).map((mistake) => ({
    ...mistake,
    path: prefix + mistake.path,
  }));
}

function run(validate: Validator, value: unknown, prefix: string): Mistake[] {
  if (validate(value)) return [];
  const mistakes = (validate.errors ?? []).map((error) => ({
    path:
      prefix + error.instancePath + (error.keyword === 'required' ? `/${String(error.params.missingProperty)}` : ''),
    message: sentenceOf(error),
  }));
  // A value can break two rules, e.g. a time that is neither well-formed nor in UTC. The first one is enough.
  return mistakes.filter(({ path }, index) => mistakes.findIndex((other) => other.path === path) === index);
}

function sentenceOf({ keyword, params, message }: ValidationError): string {
  switch (keyword) {
    case 'required':
      return 'is missing';
    case 'enum':
      return `must be one of ${(params.allowedValues as string[]).join(', ')}`;
    case 'uniqueItems':
      return 'must not name anything twice';
    case 'pattern':
      return params.pattern === 'Z$' ? utcTime : (message ?? keyword);
    case 'format':
      return params.format === 'email' ? 'must be an email address' : utcTime;
    default:
      return message ?? keyword;
  }
}

function completeMetadata(
  type: EventType,
  envelope: EventEnvelope,
  given: Partial<Metadata> = {},
  data: EventData<EventType>,
): Metadata {
  const correlationId = correlationIdOf(data);
  return {
    ...given,
    eventId: given.eventId ?? eventIdOf(type, correlationId),
    correlationId,
    occurredAt: given.occurredAt ?? new Date(envelope.time).toISOString(),
    service: given.service ?? envelope.source.replace(/^airline\./, ''),
    schemaVersion: given.schemaVersion ?? catalogue[type].schemaVersion,
  };
}

function requireEnvelope(value: unknown): EventEnvelope {
  if (isEnvelope(value)) return value;
  throw new InvalidEventError(
    'not-an-event',
    'The message is not an EventBridge event: it needs detail-type, source, time and detail.',
  );
}

function isEnvelope(value: unknown): value is EventEnvelope {
  return (
    isObject(value) &&
    typeof value['detail-type'] === 'string' &&
    typeof value.source === 'string' &&
    typeof value.time === 'string' &&
    !Number.isNaN(Date.parse(value.time)) &&
    value.detail !== undefined
  );
}

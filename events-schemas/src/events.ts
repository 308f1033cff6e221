import { catalogue } from './generated/catalogue.ts';
import type { EventDetails, Metadata } from './generated/types.ts';

/** The detail-types of the contract, e.g. `BookingRequested`. */
export type EventType = keyof EventDetails;

export type EventData<T extends EventType> = EventDetails[T]['data'];

/** One event in a service. Its metadata is complete: missing fields were derived on arrival. */
export type AirlineEvent<T extends EventType = EventType> = {
  [Type in T]: { type: Type; metadata: Metadata; data: EventData<Type> };
}[T];

export function isEventType(type: unknown): type is EventType {
  return typeof type === 'string' && Object.hasOwn(catalogue, type);
}

/** The `source` of a detail-type, e.g. `airline.seats`. */
export function sourceOf(type: EventType): string {
  return catalogue[type].source;
}

/** The booking of an event, or the flight of `FlightScheduled`. The event's id begins with it. */
export function correlationIdOf(data: EventData<EventType>): string {
  return 'bookingId' in data ? data.bookingId : data.flightId;
}

/**
 * The id of an event. It is derived, never random, so an event that is published again has the same id.
 * @param step distinguishes events of one type with the same correlation id, where a type can recur
 */
export function eventIdOf(type: EventType, correlationId: string, step?: string): string {
  return [correlationId, type, ...(step === undefined ? [] : [step])].join('.');
}

/** What an event needs of the event that caused it. Every received event is a `Cause`. */
export interface Cause {
  metadata: Pick<Metadata, 'eventId' | 'traceparent'>;
}

/** The part of an event that a record keeps, so that a repeated answer names the same cause. */
export function causeOf({ metadata: { eventId, traceparent } }: Cause): Cause {
  return { metadata: { eventId, ...(traceparent !== undefined && { traceparent }) } };
}

export interface NewEventOptions {
  /** RFC 3339 UTC. An event that may be published again takes it from the record, not from a clock. */
  occurredAt: string;
  causedBy?: Cause | undefined;
  /** The trace of an event that no other event caused. */
  traceparent?: string | undefined;
  /** See {@link eventIdOf}. */
  step?: string;
}

/** A new event with complete metadata and a derived id. */
export function newEvent<T extends EventType>(type: T, data: EventData<T>, options: NewEventOptions): AirlineEvent<T> {
  const correlationId = correlationIdOf(data);
  const traceparent = options.causedBy?.metadata.traceparent ?? options.traceparent;
  const metadata: Metadata = {
    eventId: eventIdOf(type, correlationId, options.step),
    correlationId,
    ...(options.causedBy && { causationId: options.causedBy.metadata.eventId }),
    occurredAt: options.occurredAt,
    service: sourceOf(type).replace(/^airline\./, ''),
    schemaVersion: catalogue[type].schemaVersion,
    ...(traceparent !== undefined && { traceparent }),
  };
  return { type, metadata, data };
}

import { catalogue } from './generated/catalogue.ts';
import type { EventDetails, Metadata } from './generated/types.ts';

/** The detail-types of the bus, `BookingRequested` and the others. */
export type EventType = keyof EventDetails;

export type EventData<T extends EventType> = EventDetails[T]['data'];

/** One event as services hold it: its metadata complete, whether it came with the event or was derived on arrival. */
export type AirlineEvent<T extends EventType = EventType> = {
  [Type in T]: { type: Type; metadata: Metadata; data: EventData<Type> };
}[T];

export function isEventType(type: unknown): type is EventType {
  return typeof type === 'string' && Object.hasOwn(catalogue, type);
}

/** The `source` that a detail-type is published with, e.g. `airline.seats`. */
export function sourceOf(type: EventType): string {
  return catalogue[type].source;
}

/** What an event is about, and so what its id begins with and its flow is found by: the booking, or the scheduled flight. */
export function correlationIdOf(data: EventData<EventType>): string {
  return 'bookingId' in data ? data.bookingId : data.flightId;
}

/**
 * The id of an event, derived and never random: saying the same thing again is the same event, and everyone can tell.
 * @param step tells two events of one type about one subject apart, where a type can recur
 */
export function eventIdOf(type: EventType, correlationId: string, step?: string): string {
  return [correlationId, type, ...(step === undefined ? [] : [step])].join('.');
}

/** What caused an event, as far as the event remembers it. Any received event will do. */
export interface Cause {
  metadata: Pick<Metadata, 'eventId' | 'traceparent'>;
}

/** What a record keeps of the event that it answers, so as to name it as the cause whenever it says its answer again. */
export function causeOf({ metadata: { eventId, traceparent } }: Cause): Cause {
  return { metadata: { eventId, ...(traceparent !== undefined && { traceparent }) } };
}

export interface NewEventOptions {
  /** RFC 3339 UTC. Taken from the record, not from a clock, wherever the event may have to be said again. */
  occurredAt: string;
  causedBy?: Cause | undefined;
  /** Continues a trace for an event that no other event caused. */
  traceparent?: string | undefined;
  /** See {@link eventIdOf}. */
  step?: string;
}

/** An event of this project, with its derived id. */
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

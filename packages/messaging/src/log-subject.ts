import { readBookingId } from '@airline/events-schemas/booking-id';
import type { EventEnvelope } from '@airline/events-schemas/parse-event';

/** The ids of a message. Every log line about the message has them, so a search for a booking finds all its lines. */
export interface Subject {
  messageId: string;
  detailType?: string;
  /** The booking, or the scheduled flight. */
  correlationId?: string;
  eventId?: string;
}

/** The form of ids and detail-types. Any other value is not logged: it may be a person's name or address. */
const idPattern = /^[A-Za-z0-9._-]{1,200}$/;

/** The ids of an envelope, valid by the contract or not. Values that do not look like ids are left out. */
export function subjectOf({ 'detail-type': type, detail }: EventEnvelope): Omit<Subject, 'messageId'> {
  const { metadata, data } = (detail ?? {}) as { metadata?: Record<string, unknown>; data?: Record<string, unknown> };
  const detailType = idOrNothing(type);
  // A booking's id in small letters, so that a search for it finds its lines however the event has it.
  const about = data?.bookingId ?? data?.flightId;
  const correlationId = (typeof about === 'string' && readBookingId(about)) || idOrNothing(about);
  // The contract derives the id in the same way when the producer left it out.
  const eventId = idOrNothing(metadata?.eventId ?? (correlationId && detailType && `${correlationId}.${detailType}`));
  return { ...(detailType && { detailType }), ...(correlationId && { correlationId }), ...(eventId && { eventId }) };
}

/** The value if it looks like an id. */
export function idOrNothing(value: unknown): string | undefined {
  return typeof value === 'string' && idPattern.test(value) ? value : undefined;
}

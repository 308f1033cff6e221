import type { EventEnvelope } from '@airline/events-schemas/parse-event';

/** What a log line is about. Every line about a message bears it, so that a booking's id finds them all. */
export interface Subject {
  messageId: string;
  detailType?: string;
  /** The booking, or the scheduled flight. */
  correlationId?: string;
  eventId?: string;
}

/** Ids and names of types look like this. Anything else in their place may be somebody's name or address, and is not logged. */
const harmless = /^[A-Za-z0-9._-]{1,200}$/;

/** What an envelope says of itself, whether or not it obeys the contract. */
export function subjectOf({ 'detail-type': type, detail }: EventEnvelope): Omit<Subject, 'messageId'> {
  const { metadata, data } = (detail ?? {}) as { metadata?: Record<string, unknown>; data?: Record<string, unknown> };
  const detailType = logged(type);
  const correlationId = logged(data?.bookingId ?? data?.flightId);
  // Derived where the producer left it out, as the contract derives it.
  const eventId = logged(metadata?.eventId ?? (correlationId && detailType && `${correlationId}.${detailType}`));
  return { ...(detailType && { detailType }), ...(correlationId && { correlationId }), ...(eventId && { eventId }) };
}

function logged(value: unknown): string | undefined {
  return typeof value === 'string' && harmless.test(value) ? value : undefined;
}

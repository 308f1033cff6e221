import { readBookingId } from '@airline/events-schemas/booking-id';
import { UnprocessableEventError } from '@airline/messaging/consume';
import type { SelfAddressedMessage, SendToSelf } from '@airline/messaging/self-addressed';

/** Sends `HoldExpired` when a hold ends. It may arrive early, late or more than once; the handler checks the record. */
export interface HoldTimer {
  /** @param dueAt RFC 3339 UTC */
  set(bookingId: string, dueAt: string): Promise<void>;
}

const detailType = 'HoldExpired';
const source = 'airline.seats';

/** The timer is a delayed SQS message of seats to its own queue. It is as durable as any other message. */
export function createHoldTimer({ sendToSelf, now }: { sendToSelf: SendToSelf; now: () => Date }): HoldTimer {
  return {
    async set(bookingId, dueAt) {
      const setAt = now();
      await sendToSelf(messageOf(bookingId, setAt.toISOString()), (Date.parse(dueAt) - setAt.getTime()) / 1000);
    },
  };
}

function messageOf(bookingId: string, setAt: string): SelfAddressedMessage {
  const eventId = `${bookingId}.${detailType}`;
  const metadata = { eventId, correlationId: bookingId, occurredAt: setAt, service: 'seats', schemaVersion: 1 };
  return { 'detail-type': detailType, source, time: setAt, detail: { metadata, data: { bookingId } } };
}

/** @returns the bookingId of a timer message. @throws UnprocessableEventError if the message is not a timer of seats */
export function bookingOf(message: SelfAddressedMessage): string {
  const written = (message.detail as { data?: { bookingId?: unknown } } | null)?.data?.bookingId;
  const bookingId = typeof written === 'string' ? readBookingId(written) : undefined;
  if (message.source !== source || bookingId === undefined) {
    throw new UnprocessableEventError(
      'schema-violation',
      `${detailType} must have the source ${source} and a data.bookingId.`,
    );
  }
  return bookingId;
}

import { UnprocessableEventError } from '@airline/messaging/consume';
import type { SelfAddressedMessage, SendToSelf } from '@airline/messaging/self-addressed';

/** Wakes seats when a hold ends. It may fire early, late or more than once: what that means, the record decides. */
export interface HoldTimer {
  /** @param dueAt RFC 3339 UTC */
  set(bookingId: string, dueAt: string): Promise<void>;
}

const detailType = 'HoldExpired';
const source = 'airline.seats';

/** A timer is a delayed message of seats to its own queue, and so as durable as any other message. */
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

/** The booking whose timer a message is. @throws UnprocessableEventError when it is none */
export function bookingOf(message: SelfAddressedMessage): string {
  const bookingId = (message.detail as { data?: { bookingId?: unknown } } | null)?.data?.bookingId;
  if (message.source !== source || typeof bookingId !== 'string' || bookingId === '') {
    throw new UnprocessableEventError(
      'schema-violation',
      `${detailType} must come from ${source} and name a data.bookingId.`,
    );
  }
  return bookingId;
}

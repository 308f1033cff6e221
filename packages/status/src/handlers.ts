import type { AirlineEvent } from '@airline/events-schemas/events';
import type { HandlersOf } from '@airline/events-schemas/reads';
import { UnprocessableEventError } from '@airline/messaging/consume';
import { asksTheSame, type Fact, factOf, find } from './domain.ts';
import type { FactStore } from './fact-store.ts';
import type { Heard, reads } from './reads.ts';

export interface Dependencies {
  store: FactStore;
  now: () => Date;
  /** Told of each fact once, by the run that kept it. @default nobody counts */
  kept?: (bookingId: string, fact: Fact) => Promise<void>;
}

/** Status keeps each fact that it hears, once, and says nothing. */
export function createHandlers({ store, now, kept }: Dependencies) {
  async function hear(event: Heard): Promise<AirlineEvent[]> {
    const { bookingId } = event.data;
    const fact = factOf(event, now().toISOString());
    if (await store.keep(bookingId, fact)) {
      await kept?.(bookingId, fact);
      return [];
    }

    // Heard before. Only a request can say something else the second time: what it asks for is its producer's choice.
    if (fact.type === 'BookingRequested') {
      const first = find(await store.list(bookingId), 'BookingRequested');
      if (first && !asksTheSame(first, fact)) {
        throw new UnprocessableEventError(
          'conflicting-request',
          `Booking ${bookingId} was requested with other content before; the first request stands.`,
        );
      }
    }
    return [];
  }

  return {
    BookingRequested: hear,
    SeatBooked: hear,
    SeatUnavailable: hear,
    SeatReleased: hear,
    PaymentOk: hear,
    PaymentFailed: hear,
    PaymentRefunded: hear,
    ReceiptIssued: hear,
    BookingCancelled: hear,
  } satisfies HandlersOf<typeof reads>;
}

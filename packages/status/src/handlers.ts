import type { AirlineEvent } from '@airline/events-schemas/events';
import type { HandlersOf } from '@airline/events-schemas/reads';
import { UnprocessableEventError } from '@airline/messaging/consume';
import { asksTheSame, type Fact, factOf, find, unsettledOf } from './domain.ts';
import type { FactStore } from './fact-store.ts';
import type { Heard, reads } from './reads.ts';

export interface Dependencies {
  store: FactStore;
  now: () => Date;
  /** Called once for each fact, by the run that stored it, with all facts. Counts metrics. @default not called */
  onRecorded?: (bookingId: string, fact: Fact, facts: readonly Fact[]) => Promise<void>;
}

/**
 * Returns one handler for each event that status consumes. It stores each fact once, keeps the index of unsettled
 * bookings, and publishes nothing.
 */
export function createHandlers({ store, now, onRecorded }: Dependencies) {
  async function keepFact(event: Heard): Promise<AirlineEvent[]> {
    const { bookingId } = event.data;
    const fact = factOf(event, now().toISOString());
    const isNew = await store.keep(bookingId, fact);
    // Also for a duplicate: the run that stored the fact may have crashed here.
    const facts = await store.list(bookingId);
    await store.index(bookingId, facts.length, unsettledOf(facts));
    if (isNew) {
      await onRecorded?.(bookingId, fact, facts);
      return [];
    }

    // The fact is a duplicate. Only a request can differ from the first one, because its producer chooses its content.
    if (fact.type === 'BookingRequested') {
      const first = find(facts, 'BookingRequested');
      if (first && !asksTheSame(first, fact)) {
        throw new UnprocessableEventError(
          'conflicting-request',
          `Booking ${bookingId} was already requested with other content; the first request stands.`,
        );
      }
    }
    return [];
  }

  return {
    BookingRequested: keepFact,
    SeatBooked: keepFact,
    SeatUnavailable: keepFact,
    SeatReleased: keepFact,
    PaymentOk: keepFact,
    PaymentFailed: keepFact,
    PaymentRefunded: keepFact,
    ReceiptIssued: keepFact,
    BookingCancelled: keepFact,
  } satisfies HandlersOf<typeof reads>;
}

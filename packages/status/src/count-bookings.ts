import type { BusinessMetrics } from '@airline/messaging/metrics';
import { type Fact, find, foldStatus } from './domain.ts';
import type { FactStore } from './fact-store.ts';

export interface Dependencies {
  store: Pick<FactStore, 'list' | 'claimFailure'>;
  metrics: Pick<BusinessMetrics, 'count' | 'took'>;
  now: () => Date;
}

/**
 * Counts bookings, since status hears of every fact and keeps each once: requested, confirmed, failed by reason, and how long it took
 * from the request until status could tell the customer. A fact that was just kept asks for the others only where it may be the
 * last of its booking, so that a booking which succeeds costs one read more.
 */
export function createBookingCounter({
  store,
  metrics,
  now,
}: Dependencies): (bookingId: string, fact: Fact) => Promise<void> {
  function settledSince(requestedAt: string | undefined): void {
    if (requestedAt !== undefined) metrics.took('TimeToSettle', Math.max(0, now().getTime() - Date.parse(requestedAt)));
  }

  return async (bookingId, fact) => {
    switch (fact.type) {
      case 'BookingRequested':
        return metrics.count('BookingRequested');
      case 'ReceiptIssued': {
        // A receipt says that both said yes, whether or not status has heard them say so.
        const { reason, requestedAt } = foldStatus(await store.list(bookingId));
        if (reason !== undefined) return;
        metrics.count('BookingConfirmed');
        return settledSince(requestedAt);
      }
      case 'SeatUnavailable':
      case 'SeatReleased':
      case 'PaymentFailed':
      case 'PaymentRefunded': {
        // A failed booking settles with the second of these; two that are kept at once both find each other.
        const facts = await store.list(bookingId);
        const { settled, reason, requestedAt } = foldStatus(facts);
        if (!settled || reason === undefined || !(await store.claimFailure(bookingId))) return;
        metrics.count('BookingFailed', reason);
        // What is taken back after its receipt, perhaps days later, had settled before.
        if (!find(facts, 'ReceiptIssued')) settledSince(requestedAt);
      }
    }
  };
}

import type { BusinessMetrics } from '@airline/messaging/metrics';
import { type Fact, find, foldStatus } from './domain.ts';
import type { FactStore } from './fact-store.ts';

export interface Dependencies {
  store: Pick<FactStore, 'claimFailure'>;
  metrics: Pick<BusinessMetrics, 'count' | 'took'>;
  now: () => Date;
}

/**
 * Counts bookings: requested, confirmed, and failed by reason. Measures the time from the request until the settled
 * status could be read. Status can count, because it consumes every fact and stores each once. The last parameter is
 * all facts, read after this one was stored.
 */
export function createBookingCounter({
  store,
  metrics,
  now,
}: Dependencies): (bookingId: string, fact: Fact, facts: readonly Fact[]) => Promise<void> {
  function measureTimeToSettle(requestedAt: string | undefined): void {
    if (requestedAt !== undefined) metrics.took('TimeToSettle', Math.max(0, now().getTime() - Date.parse(requestedAt)));
  }

  return async (bookingId, fact, facts) => {
    switch (fact.type) {
      case 'BookingRequested':
        return metrics.count('BookingRequested');
      case 'ReceiptIssued': {
        // A receipt proves that both participants said yes, even if their events have not arrived yet.
        const { reason, requestedAt } = foldStatus(facts);
        if (reason !== undefined) return;
        metrics.count('BookingConfirmed');
        return measureTimeToSettle(requestedAt);
      }
      case 'SeatUnavailable':
      case 'SeatReleased':
      case 'PaymentFailed':
      case 'PaymentRefunded': {
        // A failed booking settles with the second of these facts. Two concurrent runs may both find it settled.
        const { settled, reason, requestedAt } = foldStatus(facts);
        if (!settled || reason === undefined || !(await store.claimFailure(bookingId))) return;
        metrics.count('BookingFailed', reason);
        // A booking with a receipt had already settled before it was cancelled, perhaps days earlier.
        if (!find(facts, 'ReceiptIssued')) measureTimeToSettle(requestedAt);
      }
    }
  };
}

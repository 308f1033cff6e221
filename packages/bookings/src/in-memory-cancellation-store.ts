import type { CancellationStore } from './cancellation-store.ts';
import type { Cancellation } from './domain.ts';

/** The cancellation store of tests and simulations: it keeps the same contract as the DynamoDB one, copies included. */
export function createInMemoryCancellationStore(): CancellationStore {
  const kept = new Map<string, Cancellation>();

  return {
    keep(cancellation) {
      const { bookingId } = cancellation;
      if (!kept.has(bookingId)) kept.set(bookingId, { ...cancellation });
      return Promise.resolve({ ...kept.get(bookingId)! });
    },
  };
}

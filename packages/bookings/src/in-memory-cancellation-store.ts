import type { CancellationStore } from './cancellation-store.ts';
import type { Cancellation } from './domain.ts';

/** The cancellation store for tests. Like the DynamoDB store, it copies what it takes and returns. */
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

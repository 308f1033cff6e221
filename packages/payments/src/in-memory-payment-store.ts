import type { PaymentStore, Stored } from './payment-store.ts';

/** The payment store of tests and simulations. Like the DynamoDB store, it returns copies and stores copies. */
export function createInMemoryPaymentStore(): PaymentStore {
  const records = new Map<string, Stored>();
  return {
    load: (bookingId) => Promise.resolve(structuredClone(records.get(bookingId))),

    save(bookingId, record, read) {
      if (records.get(bookingId)?.version !== read?.version) return Promise.resolve(undefined);
      const stored: Stored = structuredClone({ record, version: (read?.version ?? 0) + 1 });
      records.set(bookingId, stored);
      return Promise.resolve(structuredClone(stored));
    },
  };
}

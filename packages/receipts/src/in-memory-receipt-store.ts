import type { ReceiptStore, Stored } from './receipt-store.ts';

/** The receipt store of tests and simulations. Like the DynamoDB store, it returns copies and stores copies. */
export function createInMemoryReceiptStore(): ReceiptStore {
  const records = new Map<string, Stored>();
  return {
    async load(bookingId) {
      return structuredClone(records.get(bookingId));
    },

    async save(bookingId, record, read) {
      if (records.get(bookingId)?.version !== read?.version) return false;
      records.set(bookingId, structuredClone({ record, version: (read?.version ?? 0) + 1 }));
      return true;
    },
  };
}

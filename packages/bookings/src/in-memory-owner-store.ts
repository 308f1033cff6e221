import type { OwnerStore } from './owner-store.ts';

/** The owner store for tests. */
export function createInMemoryOwnerStore(): OwnerStore {
  const owners = new Map<string, string>();

  return {
    keep({ bookingId, customerId }) {
      owners.set(bookingId, customerId);
      return Promise.resolve();
    },
    findOwner: (bookingId) => Promise.resolve(owners.get(bookingId)),
  };
}

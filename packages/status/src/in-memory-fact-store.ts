import type { Fact } from './domain.ts';
import type { FactStore } from './fact-store.ts';

/** The fact store for tests and simulations. Like the DynamoDB store, it copies what it takes and returns. */
export function createInMemoryFactStore(): FactStore {
  const bookings = new Map<string, Map<string, Fact>>();
  const failures = new Set<string>();
  return {
    async keep(bookingId, fact) {
      const facts = bookings.get(bookingId) ?? new Map<string, Fact>();
      bookings.set(bookingId, facts);
      if (facts.has(fact.type)) return false;
      facts.set(fact.type, structuredClone(fact));
      return true;
    },

    async list(bookingId) {
      return [...(bookings.get(bookingId)?.values() ?? [])].map((fact) => structuredClone(fact));
    },

    async claimFailure(bookingId) {
      return !failures.has(bookingId) && failures.add(bookingId) !== undefined;
    },
  };
}

import type { Fact, Unsettled } from './domain.ts';
import type { FactStore, IndexedBooking } from './fact-store.ts';

/** The fact store for tests and simulations. Like the DynamoDB store, it copies what it takes and returns. */
export function createInMemoryFactStore(): FactStore & {
  /** The unsettled bookings of the index, oldest first. */
  listUnsettled(): Promise<IndexedBooking[]>;
} {
  const index = new Map<string, { facts: number; unsettled: Unsettled | undefined }>();
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

    async index(bookingId, facts, unsettled) {
      if ((index.get(bookingId)?.facts ?? 0) < facts)
        index.set(bookingId, { facts, unsettled: structuredClone(unsettled) });
    },

    async listUnsettled() {
      const all = [...index].flatMap(([bookingId, { unsettled }]) => (unsettled ? [{ bookingId, ...unsettled }] : []));
      return all.toSorted((a, b) => a.since.localeCompare(b.since)).map((booking) => structuredClone(booking));
    },

    async claimFailure(bookingId) {
      return !failures.has(bookingId) && failures.add(bookingId) !== undefined;
    },
  };
}

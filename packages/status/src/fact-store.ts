import type { Fact } from './domain.ts';

/** The memory of status: a set of facts for each booking. Reads see every write that was answered before them. */
export interface FactStore {
  /** Keeps the fact unless one of its type is known: what was heard first stands. @returns whether it was kept */
  keep(bookingId: string, fact: Fact): Promise<boolean>;
  /** All facts of the booking, in no particular order. */
  list(bookingId: string): Promise<Fact[]>;
  /** @returns true to the first who asks for this booking: whoever counts its failure counts it once */
  claimFailure(bookingId: string): Promise<boolean>;
}

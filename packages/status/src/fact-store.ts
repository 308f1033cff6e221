import type { Fact } from './domain.ts';

/** Stores a set of facts for each booking. Reads are strongly consistent. */
export interface FactStore {
  /** Stores the fact, unless the booking already has one of this type. @returns true if it was stored */
  keep(bookingId: string, fact: Fact): Promise<boolean>;
  /** Lists all facts of the booking, in no particular order. */
  list(bookingId: string): Promise<Fact[]>;
  /** Claims the right to count the failure of this booking. @returns true for the first caller only */
  claimFailure(bookingId: string): Promise<boolean>;
}

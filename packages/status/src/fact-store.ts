import type { Fact, Unsettled } from './domain.ts';

/** Stores a set of facts for each booking. Reads are strongly consistent. */
export interface FactStore {
  /** Stores the fact, unless the booking already has one of this type. @returns true if it was stored */
  keep(bookingId: string, fact: Fact): Promise<boolean>;
  /** Lists all facts of the booking, in no particular order. */
  list(bookingId: string): Promise<Fact[]>;
  /**
   * Puts the booking into the index of unsettled bookings, or takes it out.
   * @param facts how many facts it has. If the index knows of as many or more already, nothing happens
   * @param unsettled undefined if it is settled
   */
  index(bookingId: string, facts: number, unsettled: Unsettled | undefined): Promise<void>;
  /** Claims the right to count the failure of this booking. @returns true for the first caller only */
  claimFailure(bookingId: string): Promise<boolean>;
}

/** An unsettled booking of the index. */
export interface IndexedBooking extends Unsettled {
  bookingId: string;
}

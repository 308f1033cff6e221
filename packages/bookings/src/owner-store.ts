import type { Ownership } from './domain.ts';

/** Stores the owner of each booking that a logged-in customer requested. Only the owner may cancel it. */
export interface OwnerStore {
  /** Stores the owner. A booking never changes its owner, so this may be repeated. */
  keep(ownership: Ownership): Promise<void>;
  /** @returns the customerId of the owner, or undefined if the booking was requested without a login or elsewhere */
  findOwner(bookingId: string): Promise<string | undefined>;
}

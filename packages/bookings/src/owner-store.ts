import type { Ownership } from './domain.ts';

/** Remembers who asked for a booking, where customers log in: only they may cancel it. */
export interface OwnerStore {
  /** Keeps it. A booking has one owner from the start: keeping the same again changes nothing. */
  keep(ownership: Ownership): Promise<void>;
  /** The customer who asked for the booking here, while they were logged in. */
  findOwner(bookingId: string): Promise<string | undefined>;
}

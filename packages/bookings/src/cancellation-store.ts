import type { Cancellation } from './domain.ts';

/** Remembers which bookings were cancelled, so that a repetition says the same again, word for word. */
export interface CancellationStore {
  /** Keeps the cancellation unless its booking was cancelled before. @returns the one that is kept: this, or the first */
  keep(cancellation: Cancellation): Promise<Cancellation>;
}

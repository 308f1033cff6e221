import type { Cancellation } from './domain.ts';

/** Stores the first cancellation of each booking, so that a repeated request publishes the identical event. */
export interface CancellationStore {
  /** Stores the cancellation, unless the booking already has one. @returns the stored one: this one or the first */
  keep(cancellation: Cancellation): Promise<Cancellation>;
}

import type { AirlineEvent } from '@airline/events-schemas/events';
import type { Booking } from './bookings.ts';
import type { Service } from './bus.ts';
import type { FaultKind } from './faults.ts';
import type { Simulation } from './simulation.ts';

/** A small world. The exhaustive search visits all its interleavings. */
export interface Scope {
  name: string;
  bookings: readonly Booking[];
  /** The events that producers outside publish, each once. Each may be received at any time. */
  events: readonly AirlineEvent[];
  services: readonly Service[];
  /** The kinds of faults that may occur, at any request. */
  kinds?: readonly FaultKind[];
  /** The highest number of faults, of all kinds together. @default 0 */
  faults?: number;
  /**
   * The highest number of messages that are delivered twice. The second copy may be received at any time.
   * @default 0
   */
  duplicates?: number;
  /**
   * The clock of a service is set to each of these times (milliseconds since the epoch), in this order, each at any
   * moment. The clocks of two services may differ by any amount.
   */
  times?: Partial<Record<Service, readonly number[]>>;
  /**
   * Whether a run is told how often its message was received, up to 3. No handler tells higher numbers apart.
   * @default false: each time is told as the first, so the search has fewer states
   */
  countsReceives?: boolean;
  /** The highest number of concurrent runs of each service. @default 2 */
  concurrency?: Partial<Record<Service, number>>;
  /**
   * Checks an end state, in which nothing is left to do. It gets only the services of this scope.
   * @throws Violation
   */
  judge: (simulations: Record<Service, Simulation>) => Promise<void>;
}

import type { AirlineEvent } from '@airline/events-schemas/events';
import type { Booking } from './bookings.ts';
import type { Service } from './bus.ts';
import type { FaultKind } from './faults.ts';
import type { Simulation } from './simulation.ts';

/** A small world of which every interleaving is walked. */
export interface Scope {
  name: string;
  bookings: readonly Booking[];
  /** What the producers say, each once; when it is heard is open. */
  says: readonly AirlineEvent[];
  services: readonly Service[];
  /** Faults of these kinds may strike, together as often as `faults` says, at any request. */
  kinds?: readonly FaultKind[];
  faults?: number;
  /** Messages that may come twice. Both copies wait for as long as it pleases them, so that the second may be very late. */
  duplicates?: number;
  /**
   * The clock of a service is set to each of these times (milliseconds since the epoch), in this order, each at any moment: clocks may
   * differ by as much as they please.
   */
  times?: Partial<Record<Service, readonly number[]>>;
  /** Runs of one service at once. @default 2 of each */
  concurrency?: Partial<Record<Service, number>>;
  /** Throws a Violation where nothing is left to do and something is wrong. Services that do not take part are not there. */
  judge: (simulations: Record<Service, Simulation>) => Promise<void>;
}

/** The unsettled bookings, grouped by who owes what. Pure. */
import type { IndexedBooking } from '../../packages/status/src/fact-store.ts';
import { type Debt, debtsOf } from '../protocol/owed-answers.ts';

interface WaitingBooking {
  bookingId: string;
  /** RFC 3339 UTC. */
  since: string;
  flightId?: string;
}

export interface WaitingGroup {
  /** One for each service that owes something. */
  owes: readonly Debt[];
  /** Oldest first. */
  bookings: readonly WaitingBooking[];
}

export interface WaitingFilter {
  /** A flight id, or a flight number. */
  flight?: string | undefined;
}

/** @param bookings oldest first @returns the group with the oldest booking first */
export function groupWaiting(bookings: readonly IndexedBooking[], { flight }: WaitingFilter = {}): WaitingGroup[] {
  const groups = new Map<string, { owes: Debt[]; bookings: WaitingBooking[] }>();
  for (const { bookingId, since, flightId, heard } of bookings) {
    if (flight !== undefined && flightId !== flight && flightId?.split('-')[0] !== flight) continue;
    const owes = debtsOf(heard);
    const key = JSON.stringify(owes);
    const group = groups.get(key) ?? { owes, bookings: [] };
    groups.set(key, group);
    group.bookings.push({ bookingId, since, ...(flightId !== undefined && { flightId }) });
  }
  return [...groups.values()];
}

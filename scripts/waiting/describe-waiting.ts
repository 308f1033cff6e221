/** The output of `pnpm waiting` for a person. */
import { pc } from '../cli/colors.ts';
import { ago, counted } from '../cli/format.ts';
import type { WaitingGroup } from './group-waiting.ts';

/** A group as it is shown: with its oldest bookings only. */
export interface ShownGroup extends WaitingGroup {
  /** How many bookings it has. */
  size: number;
}

const shownBookings = 10;

export function shorten(groups: readonly WaitingGroup[]): ShownGroup[] {
  return groups.map(({ owes, bookings }) => ({
    owes,
    bookings: bookings.slice(0, shownBookings),
    size: bookings.length,
  }));
}

/** @param now milliseconds since the epoch @param target what commands need, e.g. ` --target aws` */
export function describeWaiting(groups: readonly ShownGroup[], now: number, target: string): string {
  const total = groups.reduce((sum, { size }) => sum + size, 0);
  if (total === 0) return pc.green('No booking waits: all are settled.');
  const paragraphs = groups.map(({ owes, bookings, size }) => {
    const heads = owes.map(({ service, events }) => `${pc.bold(service)} owes ${events.join(' or ')}`);
    const lines = bookings.map(({ bookingId, since, flightId = '' }) => {
      const age = ago(now - Date.parse(since));
      return `  ${age.padStart(6)}  ${flightId.padEnd(15)}  ${pc.cyan(`pnpm explain ${bookingId}${target}`)}`;
    });
    const more = size - bookings.length;
    return [
      `${heads.join(', ')}: ${counted(size, 'booking')}`,
      ...lines,
      ...(more > 0 ? [pc.dim(`  … and ${more.toLocaleString('en')} more; --json shows all`)] : []),
    ].join('\n');
  });
  return [...paragraphs, pc.yellow(`${counted(total, 'booking')} not settled.`)].join('\n\n');
}

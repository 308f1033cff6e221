/** The output of `pnpm waiting` for a person. */
import { pc } from '../cli/colors.ts';
import { ago, counted } from '../cli/format.ts';
import type { WaitingGroup } from './group-waiting.ts';

const shownBookings = 10;

/** @param now milliseconds since the epoch @param target what commands need, e.g. ` --target aws` */
export function describeWaiting(groups: readonly WaitingGroup[], now: number, target: string): string {
  const total = groups.reduce((sum, { bookings }) => sum + bookings.length, 0);
  if (total === 0) return pc.green('No booking waits: all are settled.');
  const paragraphs = groups.map(({ owes, bookings }) => {
    const heads = owes.map(({ service, events }) => `${pc.bold(service)} owes ${events.join(' or ')}`);
    const lines = bookings.slice(0, shownBookings).map(({ bookingId, since, flightId = '' }) => {
      const age = ago(now - Date.parse(since));
      return `  ${age.padStart(6)}  ${flightId.padEnd(15)}  ${pc.cyan(`pnpm explain ${bookingId}${target}`)}`;
    });
    const more = bookings.length - shownBookings;
    return [
      `${heads.join(', ')}: ${counted(bookings.length, 'booking')}`,
      ...lines,
      ...(more > 0 ? [pc.dim(`  … and ${more.toLocaleString('en')} more; --json shows all`)] : []),
    ].join('\n');
  });
  return [...paragraphs, pc.yellow(`${counted(total, 'booking')} not settled.`)].join('\n\n');
}

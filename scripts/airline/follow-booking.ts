import { setTimeout as pause } from 'node:timers/promises';
import type { BookingStatus as Answer } from '../../packages/status/src/domain.ts';
import { printableData } from '../cli/answer.ts';
import { outputClosed } from '../cli/closed-output.ts';
import { pc } from '../cli/colors.ts';
import { clock, money } from '../cli/format.ts';
import { UsageError } from '../cli/usage-error.ts';
import { jsonOf, type Target } from './target.ts';

/** The status API's answer. */
export type BookingStatus = Answer & { bookingId: string };

/** API Gateway ends a request after 30 seconds. */
const waitSeconds = 20;
/** How long nothing has changed when `--watch` says so. Just below a full wait of the API. */
const hintMilliseconds = (waitSeconds - 1) * 1000;
const settledPauseMilliseconds = 200;

/** The current status. @throws UsageError when the status service does not know the booking */
export async function bookingStatus(target: Target, bookingId: string): Promise<BookingStatus> {
  const response = await target.fetch(`/bookings/${bookingId}`);
  if (response.status === 404) {
    throw new UsageError(
      `No booking ${bookingId} is known. If it was requested just now, \`pnpm status ${bookingId} --watch\` waits for it.`,
    );
  }
  return jsonOf<BookingStatus>(response);
}

/**
 * Follows a booking for `--watch` and prints its timeline, or with `json` nothing.
 * @param isOver whether that is the answer to wait for; by default, whether the booking is settled
 * @returns the last answer
 * @throws the reason of `outputClosed` once nobody reads standard output
 */
export async function watchBooking(
  target: Target,
  bookingId: string,
  { json, isOver = ({ settled }) => settled }: { json: boolean; isOver?: (status: BookingStatus) => boolean },
): Promise<BookingStatus> {
  const print = json ? () => {} : timelinePrinter();
  let etag: string | undefined;
  let isSettled = false;
  let silentSince = Date.now();
  for (;;) {
    // For a settled booking the API ignores `wait` and answers at once.
    if (isSettled) await pause(settledPauseMilliseconds);
    const response = await target.fetch(`/bookings/${bookingId}?wait=${waitSeconds}`, {
      headers: etag === undefined ? {} : { 'if-none-match': etag },
      signal: outputClosed,
    });
    if (response.status === 304 || response.status === 404) {
      // For an unknown booking the API waits only two seconds.
      if (!isSettled && Date.now() - silentSince >= hintMilliseconds) {
        console.error(pc.dim('Nothing new yet. `pnpm dlq list` shows whether a message is stuck.'));
        silentSince = Date.now();
      }
      continue;
    }
    silentSince = Date.now();
    const status = await jsonOf<BookingStatus>(response);
    print(status);
    if (isOver(status)) return status;
    isSettled = status.settled;
    etag = response.headers.get('etag') ?? undefined;
  }
}

/** Returns a function that prints the entries of a timeline which it has not printed yet. */
export function timelinePrinter(): (status: BookingStatus) => void {
  const printed = new Set<string>();
  let start: number | undefined;
  return ({ timeline }) => {
    for (const { event, eventId, service, occurredAt, heardAt, causedBy } of printableData(timeline)) {
      if (printed.has(eventId)) continue;
      printed.add(eventId);
      start ??= Date.parse(occurredAt);
      const since = `+${((Date.parse(occurredAt) - start) / 1000).toFixed(3)} s`;
      const heard = `heard ${Math.max(0, Date.parse(heardAt) - Date.parse(occurredAt))} ms later`;
      const cause = causedBy === undefined ? '' : `← ${causedBy.split('.')[1] ?? causedBy}`;
      console.log(
        `  ${pc.dim(clock(occurredAt))}  ${since.padStart(10)}  ${service.padEnd(9)} ` +
          `${colored(event, event.padEnd(17))} ${pc.dim(`${cause.padEnd(20)} ${heard}`)}`,
      );
    }
  };
}

/** A printable status in one line. */
export function summary({
  status,
  settled,
  reason,
  declineCode,
  unavailableSeats,
  receiptNumber,
  amount,
  seats,
  flightId,
}: BookingStatus): string {
  const what = [flightId, seats?.join(', '), amount && money(amount)].filter(Boolean).join(' · ');
  const why = [reason, declineCode && `(${declineCode})`, unavailableSeats?.length && unavailableSeats.join(', ')]
    .filter(Boolean)
    .join(' ');
  const badge =
    status === 'CONFIRMED'
      ? pc.green(pc.bold(status))
      : isFailure(status)
        ? pc.red(pc.bold(status))
        : pc.yellow(pc.bold(status));
  return [badge, settled ? 'settled' : 'not settled yet', why, receiptNumber && `receipt ${receiptNumber}`, what]
    .filter(Boolean)
    .join('  ');
}

export function hasFailed({ status, settled }: BookingStatus): boolean {
  return settled && status !== 'CONFIRMED';
}

function isFailure(status: string): boolean {
  return ['SEAT_UNAVAILABLE', 'PAYMENT_FAILED', 'EXPIRED', 'CANCELLED'].includes(status);
}

function colored(event: string, text: string): string {
  if (['SeatUnavailable', 'PaymentFailed'].includes(event)) return pc.red(text);
  if (['SeatReleased', 'PaymentRefunded', 'BookingCancelled'].includes(event)) return pc.yellow(text);
  if (event === 'BookingRequested') return pc.cyan(text);
  return pc.green(text);
}

import { setTimeout as pause } from 'node:timers/promises';
import type { BookingStatus as Answer } from '../../packages/status/src/domain.ts';
import { pc } from '../cli/colors.ts';
import { clock, money } from '../cli/format.ts';
import { jsonOf, type Target } from './target.ts';
import { UsageError } from '../cli/usage-error.ts';

/** The status API's answer. */
export type BookingStatus = Answer & { bookingId: string };

/** Below the front door's own limit of 30 seconds. */
const waitSeconds = 20;
const settledPauseMilliseconds = 200;

/** @throws UsageError when the status service has not heard of the booking */
export async function bookingStatus(target: Target, bookingId: string): Promise<BookingStatus> {
  const response = await target.fetch(`/bookings/${encodeURIComponent(bookingId)}`);
  if (response.status === 404) {
    throw new UsageError(
      `No booking ${bookingId} is known. If it was asked for just now, \`pnpm status ${bookingId} --watch\` waits for it.`,
    );
  }
  return jsonOf<BookingStatus>(response);
}

export interface Following {
  /** Is told each answer that differs from the one before. */
  onChange: (status: BookingStatus) => void;
  /** Is told when nothing changed for a while. */
  onSilence: () => void;
  /** @default the booking is settled */
  isOver?: (status: BookingStatus) => boolean;
}

/** Follows a booking until it is settled, or until what the caller waits for. */
export async function followBooking(target: Target, bookingId: string, following: Following): Promise<BookingStatus> {
  const { onChange, onSilence, isOver = ({ settled }) => settled } = following;
  let etag: string | undefined;
  let isSettled = false;
  for (;;) {
    // Of a settled booking the API expects no news, and so does not wait for any.
    if (isSettled) await pause(settledPauseMilliseconds);
    const response = await target.fetch(`/bookings/${encodeURIComponent(bookingId)}?wait=${waitSeconds}`, {
      headers: etag === undefined ? {} : { 'if-none-match': etag },
    });
    if (response.status === 304 || response.status === 404) {
      if (!isSettled) onSilence();
      continue;
    }
    const status = await jsonOf<BookingStatus>(response);
    if (isOver(status) || response.headers.get('etag') !== etag) onChange(status);
    if (isOver(status)) return status;
    isSettled = status.settled;
    etag = response.headers.get('etag') ?? undefined;
  }
}

/** Prints each entry of a growing timeline once, in the order in which they become known. */
export function timelinePrinter(write: (line: string) => void = console.log): (status: BookingStatus) => void {
  const printed = new Set<string>();
  let start: number | undefined;
  return ({ timeline }) => {
    for (const { event, eventId, service, occurredAt, heardAt, causedBy } of timeline) {
      if (printed.has(eventId)) continue;
      printed.add(eventId);
      start ??= Date.parse(occurredAt);
      const since = `+${((Date.parse(occurredAt) - start) / 1000).toFixed(3)} s`;
      const heard = `heard ${Math.max(0, Date.parse(heardAt) - Date.parse(occurredAt))} ms later`;
      const cause = causedBy === undefined ? '' : `← ${causedBy.split('.')[1] ?? causedBy}`;
      write(
        `  ${pc.dim(clock(occurredAt))}  ${since.padStart(10)}  ${service.padEnd(9)} ${colored(event, event.padEnd(17))} ${pc.dim(`${cause.padEnd(20)} ${heard}`)}`,
      );
    }
  };
}

/** The answer in one line. */
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

/** What is said while nothing happens. */
export function nothingNew(): void {
  console.error(pc.dim('Nothing new yet. `pnpm dlq list` shows whether a message is stuck.'));
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

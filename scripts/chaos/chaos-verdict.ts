import type { Cell, ChaosReport } from '@airline/local-cloud/chaos/chaos';
import { faultKinds } from '@airline/local-cloud/chaos/chaos-profiles';
import type { PlannedBooking } from './chaos-bookings.ts';
import type { MailsByAddress } from './chaos-run.ts';
import { type BookingStatus, hasFailed } from '../airline/follow-booking.ts';
import { table } from '../cli/format.ts';

export interface Outcome {
  plan: readonly PlannedBooking[];
  statuses: ReadonlyMap<string, BookingStatus>;
  mails: MailsByAddress;
  report: ChaosReport;
  redriven: number;
  /** Still there, by service. */
  deadLetters: ReadonlyMap<string, number>;
  /** Of `pnpm reconcile --json`. */
  reconciled: { code: number | null; stdout: string; stderr: string };
  seconds: number;
}

export interface Verdict {
  bookings: number;
  confirmed: number;
  settled: number;
  faults: number;
  cells: Cell[];
  redriven: number;
  findings: number;
  /** Receipts of confirmed bookings; mails sent again; and how many may have been. */
  mails: { receipts: number; repeats: number; excuses: number };
  /** Sentences; none when all is well. */
  violations: string[];
  seconds: number;
}

/** Whether everything is as it must be once faults have stopped and dead letters are redriven. */
export function judge({ plan, statuses, mails, report, redriven, deadLetters, reconciled, seconds }: Outcome): Verdict {
  const violations: string[] = [];
  const holders = new Map<string, string>();
  let [confirmed, settled, receipts, repeats] = [0, 0, 0, 0];

  for (const { request, ends } of plan) {
    const { bookingId, flightId, seats } = request;
    const status = statuses.get(bookingId);
    const sent = mails.get(request.passenger.email) ?? [];
    repeats += sent.length - new Set(sent).size;
    if (!status?.settled) {
      violations.push(`${bookingId} is not settled (${status?.status ?? 'unknown'})`);
      continue;
    }
    settled += 1;
    if (ends === 'failed' && !hasFailed(status))
      violations.push(`${bookingId} is ${status.status}, and was cancelled or its card declined`);
    if (ends === 'confirmed' && hasFailed(status))
      violations.push(
        `${bookingId} is ${status.status} (${status.reason ?? 'no reason'}), and nothing spoke against it`,
      );
    if (status.status !== 'CONFIRMED') continue;
    confirmed += 1;
    if (sent.length === 0) violations.push(`${bookingId} is confirmed and got no receipt`);
    else receipts += new Set(sent).size;
    for (const seat of seats.map((name) => `${flightId} ${name}`)) {
      const other = holders.get(seat);
      if (other) violations.push(`${seat} is confirmed for ${other} and for ${bookingId}`);
      holders.set(seat, bookingId);
    }
  }

  for (const [service, count] of deadLetters) violations.push(`${count} dead letters of ${service} do not go away`);
  const excuses = excusedMails(report.cells);
  if (repeats > excuses)
    violations.push(`${repeats} mails were sent again, and only ${excuses} senders could not remember`);
  const { findings, seen } = readReconciled(reconciled);
  if (findings > 0) violations.push(`reconcile: ${reconciled.stdout.slice(0, 2000)}`);
  // Its silence counts only if it looked.
  if (reconciled.code === 0 && seen < plan.length) violations.push(`reconcile saw ${seen} of ${plan.length} bookings`);
  if (reconciled.code !== 0 && findings === 0)
    violations.push(`reconcile failed: ${(reconciled.stderr || reconciled.stdout).slice(0, 500)}`);
  const { faults, cells } = report;
  return {
    bookings: plan.length,
    confirmed,
    settled,
    faults,
    cells,
    redriven,
    findings,
    mails: { receipts, repeats, excuses },
    violations,
    seconds,
  };
}

/**
 * How often a mail went out and its sender may not have learned or kept it: the answer was lost (the SDK asks again), the worker
 * died with it, or it could not be written down.
 */
function excusedMails(cells: readonly Cell[]): number {
  return cells
    .filter(({ party }) => serviceOf(party) === 'receipts')
    .reduce((sum, { operation, kind, count, messages }) => {
      if (operation === 'SES SendEmail' && (kind === 'failed-after' || kind === 'reply-lost')) return sum + count;
      if (operation === 'Lambda invocation') return sum + (messages ?? 0);
      // Powertools notes with an UpdateItem that the work is done.
      return operation === 'DynamoDB UpdateItem' ? sum + count : sum;
    }, 0);
}

function readReconciled({ stdout }: Outcome['reconciled']): { findings: number; seen: number } {
  try {
    const { findings, bookings } = JSON.parse(stdout) as { findings: unknown[]; bookings: number };
    return { findings: findings.length, seen: bookings };
  } catch {
    return { findings: 0, seen: 0 };
  }
}

/** How often each cell of the fault matrix was hit: kinds of faults by what was about to happen, and to whom. */
export function coverageTable(cells: readonly Cell[]): string {
  const rows = new Map<string, Cell[]>();
  for (const cell of cells) {
    const row = `${cell.operation}/${cell.kind}`;
    rows.set(row, [...(rows.get(row) ?? []), cell]);
  }
  const lines = [...rows.values()].map((row) => {
    const { operation, kind } = row[0]!;
    const where = row.map(({ party, count }) => `${serviceOf(party)} ${count}`).join(', ');
    return [operation, kind, String(row.reduce((sum, { count }) => sum + count, 0)), where];
  });
  const legend = Object.entries(faultKinds).filter(([kind]) => cells.some((cell) => cell.kind === kind));
  return [
    table(['Where', 'Fault', 'Times', 'Whom'], lines),
    '',
    ...legend.map(([kind, meaning]) => `  ${kind.padEnd(15)} ${meaning}`),
  ].join('\n');
}

/** `airline-seats-ConsumerFunction…` and the queue `airline-seats` are both the seats service's. */
function serviceOf(party: string): string {
  const [, service, rest = ''] = /^airline-([a-z]+)(.*)$/.exec(party) ?? [];
  if (service === undefined) return party;
  return /^-api/i.test(rest) ? `${service} api` : service;
}

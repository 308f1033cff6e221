import type { Cell, ChaosReport } from '@airline/local-cloud/chaos/chaos';
import { faultKinds } from '@airline/local-cloud/chaos/chaos-profiles';
import { type BookingStatus, hasFailed } from '../airline/follow-booking.ts';
import { pc } from '../cli/colors.ts';
import { counted, table } from '../cli/format.ts';
import type { MailsByAddress } from './chaos-airline.ts';
import type { PlannedBooking } from './chaos-bookings.ts';
import type { Looks } from './check-waiting.ts';

export interface Outcome {
  plan: readonly PlannedBooking[];
  statuses: ReadonlyMap<string, BookingStatus>;
  mails: MailsByAddress;
  report: ChaosReport;
  redriven: number;
  /** How `waiting` and `explain` compared. */
  looks: Looks;
  /** Those that are left, by service. */
  deadLetters: ReadonlyMap<string, number>;
  /** The result of `pnpm reconcile --json`. */
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
  looks: Omit<Looks, 'violations'>;
  findings: number;
  /** Receipts of confirmed bookings; mails that were sent again; how many of those the faults excuse. */
  mails: { receipts: number; repeats: number; excuses: number };
  /** Broken promises, as sentences. */
  violations: string[];
  seconds: number;
}

/** Checks the result of a run, after the faults have stopped and the dead letters were redriven. */
export function judge(outcome: Outcome): Verdict {
  const { plan, statuses, mails, report, redriven, looks, deadLetters, reconciled, seconds } = outcome;
  const violations: string[] = [...looks.violations];
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
      violations.push(`${bookingId} is ${status.status}, but it was cancelled or its card was declined`);
    if (ends === 'confirmed' && hasFailed(status))
      violations.push(`${bookingId} is ${status.status} (${status.reason ?? 'no reason'}), but it should be confirmed`);
    if (status.status !== 'CONFIRMED') continue;
    confirmed += 1;
    if (sent.length === 0) violations.push(`${bookingId} is confirmed but got no receipt`);
    else receipts += new Set(sent).size;
    for (const seat of seats.map((name) => `${flightId} ${name}`)) {
      const other = holders.get(seat);
      if (other) violations.push(`${seat} is confirmed for ${other} and for ${bookingId}`);
      holders.set(seat, bookingId);
    }
  }

  for (const [service, count] of deadLetters) violations.push(`${count} dead letters of ${service} are left`);
  const excuses = excusedMails(report.cells);
  if (repeats > excuses) violations.push(`${repeats} mails were sent again, but the faults excuse only ${excuses}`);
  const { findings, seen } = readReconciled(reconciled);
  if (findings > 0) violations.push(`reconcile: ${reconciled.stdout.slice(0, 2000)}`);
  // No findings count only if reconcile saw all bookings.
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
    looks: { compared: looks.compared, explained: looks.explained },
    findings,
    mails: { receipts, repeats, excuses },
    violations,
    seconds,
  };
}

/**
 * How often a mail may have been sent without its sender recording it. The answer was lost and the SDK sent the
 * request again, the worker was killed, or the record could not be written.
 */
function excusedMails(cells: readonly Cell[]): number {
  return cells
    .filter(({ party }) => serviceOf(party) === 'receipts')
    .reduce((sum, { operation, kind, count, messages }) => {
      if (operation === 'SES SendEmail' && (kind === 'failed-after' || kind === 'reply-lost')) return sum + count;
      if (operation === 'Lambda invocation') return sum + (messages ?? 0);
      // The idempotency library records with an UpdateItem that the mail was sent.
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

export function describeVerdict(verdict: Verdict): string {
  const { bookings, confirmed, settled, faults, cells, redriven, looks, mails, violations, findings, seconds } =
    verdict;
  const shown = violations.slice(0, 20).map((violation) => pc.red(`  ${violation}`));
  const more = violations.length > shown.length ? [pc.red(`  … and ${violations.length - shown.length} more`)] : [];
  return [
    coverageTable(cells),
    '',
    `Mails: ${mails.receipts} receipts for ${counted(confirmed, 'confirmed booking')}; ` +
      `${mails.repeats} were sent twice, of which the faults excuse up to ${mails.excuses}`,
    ...(violations.length > 0
      ? [pc.red(pc.bold(`\n${counted(violations.length, 'violation')}:`)), ...shown, ...more, '']
      : []),
    `${counted(bookings, 'booking')} in ${seconds.toFixed(0)} s: ${counted(faults, 'fault')} in ` +
      `${counted(cells.length, 'cell')}, ${counted(redriven, 'dead letter')} redriven, ` +
      `${settled.toLocaleString('en')} settled (${confirmed.toLocaleString('en')} confirmed), ` +
      `waiting compared ${counted(looks.compared, 'time')}, ${counted(looks.explained, 'booking')} explained, ` +
      `${counted(findings, 'finding')} of reconcile, ${counted(violations.length, 'violation')}`,
  ].join('\n');
}

/** The number of faults by operation and kind, with the services that they hit, and a legend of the kinds. */
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
    table(['Operation', 'Fault', 'Times', 'Services'], lines),
    '',
    ...legend.map(([kind, meaning]) => `  ${kind.padEnd(15)} ${meaning}`),
  ].join('\n');
}

/** `seats` for `airline-seats-ConsumerFunction…` and the queue `airline-seats`; `seats api` for the API function. */
function serviceOf(party: string): string {
  const [, service, rest = ''] = /^airline-([a-z]+)(.*)$/.exec(party) ?? [];
  if (service === undefined) return party;
  return /^-api/i.test(rest) ? `${service} api` : service;
}

import { deadLetterQueues, peek } from '../dead-letters/dead-letters.ts';
import { type Disagreements, type Finding, findDisagreements } from './find-disagreements.ts';
import { readSnapshot } from './read-snapshot.ts';
import type { Target } from '../airline/target.ts';

/** A message about a booking that is stuck. */
interface StuckMessage {
  service: string;
  kind: string;
  detailType?: string;
  reason: string;
}

export interface Report extends Omit<Disagreements, 'findings'> {
  findings: (Finding & { deadLetters?: StuckMessage[] })[];
}

export interface ReconcileOptions {
  /** How long nothing may happen to a booking that is not settled. @default 15 minutes */
  inFlightMilliseconds?: number;
  /** Between the two looks. @default 3 seconds */
  pauseMilliseconds?: number;
}

/** Enough to explain a bad day without reading a queue for ever. */
const lettersRead = 2000;

/**
 * Reads what every party remembers and reports where they disagree. Bookings move while their tables are read, one after the
 * other, so a disagreement counts only if a second look finds it again.
 */
export async function reconcile(
  target: Target,
  { inFlightMilliseconds = 15 * 60_000, pauseMilliseconds = 3000 }: ReconcileOptions = {},
): Promise<Report> {
  const first = findDisagreements(await readSnapshot(target), inFlightMilliseconds);
  if (first.findings.length === 0) return first;
  await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
  const second = findDisagreements(await readSnapshot(target), inFlightMilliseconds);
  const before = new Set(first.findings.map(keyOf));
  const lasting = second.findings.filter((finding) => before.has(keyOf(finding)));
  return { ...second, findings: await explained(target, lasting) };
}

function keyOf({ rule, bookingId, flightId, seat }: Finding): string {
  return JSON.stringify([rule, bookingId, flightId, seat]);
}

/** Findings about bookings that have a dead letter say so. */
async function explained(target: Target, findings: Finding[]): Promise<Report['findings']> {
  const wanted = new Set(findings.map(({ bookingId }) => bookingId).filter((id) => id !== undefined));
  if (wanted.size === 0) return findings;
  const letters = new Map<string, StuckMessage[]>();
  for (const queue of await deadLetterQueues(target)) {
    const about = await peek(
      target,
      queue,
      lettersRead,
      ({ correlationId }) => correlationId !== undefined && wanted.has(correlationId),
    );
    for (const { correlationId, detailType, reason } of about) {
      const letter = {
        service: queue.service,
        kind: queue.kind,
        reason,
        ...(detailType !== undefined && { detailType }),
      };
      letters.set(correlationId!, [...(letters.get(correlationId!) ?? []), letter]);
    }
  }
  return findings.map((finding) => {
    const deadLetters = letters.get(finding.bookingId ?? '');
    return deadLetters ? { ...finding, deadLetters } : finding;
  });
}

import { maskAddresses } from '@airline/events-schemas/personal-data';
import type { Target } from '../airline/target.ts';
import { deadLetterQueues, peek } from '../dead-letters/dead-letters.ts';
import { lostEvents } from '../dead-letters/lost-events.ts';
import { type Disagreements, type Finding, findDisagreements } from './find-disagreements.ts';
import { type Only, readSnapshot } from './read-snapshot.ts';

/** A dead letter of a booking. */
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
  /** A booking that is not settled counts as stuck after this time without a change. @default 15 minutes */
  inFlightMilliseconds?: number;
  /** The time between the two snapshots. @default 3 seconds */
  pauseMilliseconds?: number;
  /** @default all bookings and flights */
  only?: Only;
}

/** At most this many dead letters of each queue are read, since a queue may be very long. */
const maximumLetters = 2000;

/**
 * Reads the records of all parties and reports where they disagree. Bookings change while one table is read after the
 * other, so a disagreement counts only if a second snapshot has it as well.
 */
export async function reconcile(
  target: Target,
  { inFlightMilliseconds = 15 * 60_000, pauseMilliseconds = 3000, only }: ReconcileOptions = {},
): Promise<Report> {
  const first = findDisagreements(await readSnapshot(target, only), inFlightMilliseconds);
  const lost = async (): Promise<Finding[]> =>
    (await findLostEvents(target)).filter(({ bookingId = '' }) => !only || only.bookingIds.includes(bookingId));
  if (first.findings.length === 0) return { ...first, findings: await lost() };
  await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
  const second = findDisagreements(await readSnapshot(target, only), inFlightMilliseconds);
  const before = new Set(first.findings.map(keyOf));
  const lasting = second.findings.filter((finding) => before.has(keyOf(finding)));
  const findings = [...(await withDeadLetters(target, lasting)), ...(await lost())];
  return { ...second, findings };
}

/** The events that no queue took, on the local cloud; on AWS an alarm counts them. */
export async function findLostEvents(target: Target): Promise<Finding[]> {
  return ((await lostEvents(target)) ?? []).map((event) => ({
    invariant: 'settles',
    rule: 'lost-event',
    what: `${event.service} did not get an event of it, and no dead-letter queue has it; \`pnpm dlq list\` shows why`,
    ...(event.bookingId !== undefined && { bookingId: event.bookingId }),
    says: {},
  }));
}

function keyOf({ rule, bookingId, flightId, seat }: Finding): string {
  return JSON.stringify([rule, bookingId, flightId, seat]);
}

/** Adds to each finding the dead letters of its booking. */
async function withDeadLetters(target: Target, findings: Finding[]): Promise<Report['findings']> {
  const wanted = new Set(findings.map(({ bookingId }) => bookingId).filter((id) => id !== undefined));
  if (wanted.size === 0) return findings;
  const letters = new Map<string, StuckMessage[]>();
  for (const queue of await deadLetterQueues(target)) {
    const about = await peek(
      target,
      queue,
      maximumLetters,
      ({ correlationId }) => correlationId !== undefined && wanted.has(correlationId),
    );
    for (const { correlationId, detailType, reason } of about) {
      const letter = {
        service: queue.service,
        kind: queue.kind,
        reason,
        ...(detailType !== undefined && { detailType: maskAddresses(detailType) }),
      };
      letters.set(correlationId!, [...(letters.get(correlationId!) ?? []), letter]);
    }
  }
  return findings.map((finding) => {
    const deadLetters = letters.get(finding.bookingId ?? '');
    return deadLetters ? { ...finding, deadLetters } : finding;
  });
}

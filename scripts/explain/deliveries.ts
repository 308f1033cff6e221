/** What became of each event of a booking at each service that hears it. Pure. */
import { eventPatternOf, ruleNameOf } from '@airline/events-schemas/subscriptions';
import { matchesEventPattern } from '@airline/local-cloud/event-bridge/event-pattern';
import type { FactType } from '../../packages/status/src/domain.ts';
import type { Kind } from '../dead-letters/dead-letters.ts';
import {
  eventsOfFacts,
  eventsOfPayments,
  eventsOfReceipts,
  eventsOfSeats,
  type KnownEvent,
  uniqueEvents,
} from '../protocol/recorded-events.ts';
import type { SubscriptionsOfServices } from '../protocol/subscriptions.ts';
import type { Evidence, ReceiptsSummary } from './evidence.ts';
import type { LogLine } from '../airline/message-log.ts';

/** Where a message is. */
export type Place =
  /** In one of the two dead-letter queues. */
  | { kind: 'dead-letter'; queue: Kind; reason: string; error?: string; since: string; willComeBack: boolean }
  /** EventBridge could put it into no queue; only the archive has it. */
  | { kind: 'lost'; error: string; since: string }
  /** It was a dead letter, and is not any more: someone dropped it, or SQS did after 14 days. */
  | { kind: 'dropped'; since: string }
  /** The service never got it. */
  | { kind: 'never-got' }
  /** A run began to handle it, and ended without a word. */
  | { kind: 'run-died'; attempt: number; since: string }
  /** It failed, and SQS delivers it again. After the last try it becomes a dead letter. */
  | { kind: 'retrying'; attempt: number; of: number; nextTryAt?: string; error: string; since: string }
  /** It waits for something outside, and is sent to the queue again. After seven days it becomes a dead letter. */
  | { kind: 'postponed'; nextTryAt: string; error: string; since: string }
  | { kind: 'handling'; attempt: number; since: string; endsBy?: string }
  /** It waits in the service's queue, or may: only counts can be read of a queue, not its messages. */
  | { kind: 'queued'; waiting: number; inFlight: number }
  /** It was published a moment ago. */
  | { kind: 'on-its-way' }
  /** The log of the service could not be read. */
  | { kind: 'unseen' }
  | { kind: 'done' };

/** One event on its way to one service. */
export interface Delivery {
  service: string;
  event: KnownEvent;
  /** The name of the rule that delivers it. */
  rule: string;
  place: Place;
}

/** The most serious first: an operator can do something about it, and it does not end by itself. */
const bySeriousness: readonly Place['kind'][] = [
  'dead-letter',
  'lost',
  'dropped',
  'never-got',
  'postponed',
  'retrying',
  'run-died',
  'handling',
  'queued',
  'unseen',
  'on-its-way',
  'done',
];

/** The smaller, the more serious. */
export function seriousness({ kind }: Place): number {
  return bySeriousness.indexOf(kind);
}

/** EventBridge, SQS and the log take less time than this to show an event, unless it is stuck. */
const arrivalMilliseconds = 5000;
/** The tries of a message and their pauses take less time than this. A message in flight for longer is another one. */
const triesMilliseconds = 3 * 60_000;
/** A message that is due for longer, while messages wait in its queue, is one of them: nobody receives them. */
const dueMilliseconds = 60_000;
/** SQS moves a message to the dead-letter queue when it is received after its last try. */
const burialMilliseconds = 2 * 60_000;

export interface Deliveries {
  /** The events that were published, as far as it can be known. */
  events: ReadonlyMap<FactType, KnownEvent>;
  /** Of every event to every service that hears it, the most serious first. */
  all: readonly Delivery[];
}

export function findDeliveries(
  evidence: Evidence,
  airline: string,
  subscriptions: SubscriptionsOfServices,
): Deliveries {
  const events = publishedEvents(evidence, subscriptions);
  const types = new Set(events.keys());
  const all = Object.entries(subscriptions).flatMap(([service, rules]) =>
    Object.entries(rules).flatMap(([ruleId, subscription]) =>
      [...events.values()]
        .filter((event) => matchesEventPattern(eventPatternOf(subscription), envelopeOf(event, subscription.source)))
        .map((event): Delivery => {
          const place = placeOf(service, event, types, evidence);
          return { service, event, rule: ruleNameOf(`${airline}-${service}`, ruleId), place };
        }),
    ),
  );
  return { events, all: all.toSorted((a, b) => seriousness(a.place) - seriousness(b.place)) };
}

/**
 * A service writes its record and then publishes. So an event that only its producer's record has counts as published
 * unless a message that may still have to publish it is with the producer.
 */
function publishedEvents(evidence: Evidence, subscriptions: SubscriptionsOfServices): Map<FactType, KnownEvent> {
  const factTypes = new Set<string>(
    Object.values(subscriptions.status ?? {}).flatMap(({ detailTypes }) => [...detailTypes]),
  );
  const seen = (type: string): KnownEvent[] => (factTypes.has(type) ? [{ type: type as FactType }] : []);
  const { facts, seats, payment, receipts, letters, lost, lines } = evidence;
  const heard: KnownEvent[] = [
    ...eventsOfFacts(facts),
    ...(receipts?.heard ?? []).map((type) => ({ type })),
    // A letter that its service can never handle is not an event of the contract, or not this booking's.
    ...letters.filter(({ willComeBack }) => !willComeBack).flatMap(({ detailType }) => seen(detailType)),
    ...lost.flatMap(({ detailType }) => seen(detailType)),
    ...lines
      .filter(({ kind }) => kind !== 'buried')
      .flatMap(({ detailType, said = [] }) => [detailType, ...said].flatMap(seen)),
    ...(seats && seats.state !== 'TOMBSTONE' && seats.state !== 'PAID_EARLY' ? seen('BookingRequested') : []),
    ...(payment && payment.state !== 'VOID' ? seen('BookingRequested') : []),
  ];
  const recorded: Record<string, KnownEvent[]> = {
    seats: eventsOfSeats(seats),
    payments: eventsOfPayments(payment),
    receipts: eventsOfReceipts(receipts?.receipt),
  };
  const types = new Set(heard.map(({ type }) => type));
  return uniqueEvents([
    ...heard,
    ...Object.entries(recorded).flatMap(([service, events]) =>
      // What was heard anyway is kept, too: the record knows its time and its reason.
      events.filter((event) => types.has(event.type) || !mayStillPublish(service, event, evidence)),
    ),
  ]);
}

function mayStillPublish(service: string, { at }: KnownEvent, { lines, letters, queues, readAt }: Evidence): boolean {
  const handled = new Set(
    lines.filter((line) => line.service === service && line.kind === 'handled').map(({ detailType }) => detailType),
  );
  const isOpen = (other: { service: string; detailType: string }): boolean =>
    other.service === service && !handled.has(other.detailType);
  const { waiting = 0, inFlight = 0 } = queues[service] ?? {};
  const isRecent = at !== undefined && Date.parse(readAt) - Date.parse(at) < triesMilliseconds;
  return lines.some(isOpen) || letters.some(isOpen) || (isRecent && waiting + inFlight > 0);
}

/** What patterns can match. A reason that is not known matches every pattern that excludes some reasons. */
function envelopeOf({ type, reason = 'unknown' }: KnownEvent, source: string): object {
  return { source, 'detail-type': type, detail: { data: { reason } } };
}

function placeOf(service: string, event: KnownEvent, published: ReadonlySet<FactType>, evidence: Evidence): Place {
  const { type } = event;
  const now = Date.parse(evidence.readAt);
  const isHere = (other: { service: string; detailType: string }): boolean =>
    other.service === service && other.detailType === type;
  const lines = evidence.lines.filter(isHere);
  // A second message of the same event changes nothing, so one that was handled is enough.
  if (lines.some(({ kind }) => kind === 'handled')) return { kind: 'done' };
  const letter = evidence.letters.find(isHere);
  if (letter) {
    const { kind: queue, reason, firstSeen: since, willComeBack } = letter;
    // SQS moves a message without its error, which only the log has.
    const error = letter.error ?? lines.findLast((line) => line.error !== undefined)?.error;
    return { kind: 'dead-letter', queue, reason, ...(error !== undefined && { error }), since, willComeBack };
  }
  const last = lines.at(-1);
  if (last) return placeByLine(last, evidence, now);
  // After a replay it is recorded. The local cloud forgets a lost event only when it delivers that very event again.
  if (isRecorded(service, type, published, evidence)) return { kind: 'done' };
  const lost = evidence.lost.find(isHere);
  if (lost) return { kind: 'lost', error: lost.error, since: lost.at };
  const age = event.at === undefined ? Infinity : now - Date.parse(event.at);
  if (age < arrivalMilliseconds) return { kind: 'on-its-way' };
  const queue = evidence.queues[service];
  const { waiting = 0, inFlight = 0 } = queue ?? {};
  if (waiting > 0 || (inFlight > 0 && age < triesMilliseconds)) return { kind: 'queued', waiting, inFlight };
  const isBlind = !queue || evidence.unread.some(({ source }) => source === `log of ${service}`);
  return { kind: isBlind ? 'unseen' : 'never-got' };
}

function placeByLine(line: LogLine, { queues }: Evidence, now: number): Place {
  const { service, kind, at, receiveCount: attempt = 1, endsBy, nextTryAt, error = 'no error', reason } = line;
  const { waiting = 0, inFlight = 0, maxReceiveCount: of = Infinity } = queues[service] ?? {};
  const since = at;
  const isDue = nextTryAt !== undefined && now - Date.parse(nextTryAt) > dueMilliseconds;
  if (isDue && attempt < of && waiting > 0) return { kind: 'queued', waiting, inFlight };
  switch (kind) {
    case 'handling':
      if (endsBy !== undefined && Date.parse(endsBy) < now) return { kind: 'run-died', attempt, since };
      return { kind: 'handling', attempt, since, ...(endsBy !== undefined && { endsBy }) };
    case 'buried':
      return { kind: 'dropped', since };
    case 'postponed':
      return { kind: 'postponed', nextTryAt: nextTryAt ?? at, error, since };
    default:
      if (attempt >= of && now - Date.parse(at) > burialMilliseconds) return { kind: 'dropped', since };
      return {
        kind: 'retrying',
        attempt,
        of,
        error: reason ?? error,
        since,
        ...(nextTryAt !== undefined && { nextTryAt }),
      };
  }
}

/** Whether its effect at the service is complete, by what was recorded and published since, or it can have none. */
function isRecorded(service: string, type: FactType, published: ReadonlySet<FactType>, evidence: Evidence): boolean {
  const { facts, seats, payment, receipts } = evidence;
  const isSaid = (...types: FactType[]): boolean => types.some((each) => published.has(each));
  switch (`${service} ${type}`) {
    case 'seats BookingRequested':
      return isSaid('SeatBooked', 'SeatUnavailable', 'SeatReleased');
    case 'seats PaymentOk':
      return seats !== undefined && seats.state !== 'HELD';
    case 'payments BookingRequested':
      return isSaid('PaymentOk', 'PaymentFailed', 'PaymentRefunded');
    case 'receipts PaymentRefunded':
      return receipts !== undefined && receipts.heard.includes(type) && (!receipts.receipt || receipts.hasRefundNotice);
  }
  switch (service) {
    case 'status':
      return facts.some((fact) => fact.type === type);
    case 'receipts':
      // The message that completes the record also sends the mail.
      return (receipts?.heard.includes(type) ?? false) && (isSaid('ReceiptIssued') || !isReceiptDue(receipts!));
    case 'seats':
      return seats?.state === 'TOMBSTONE' || isSaid('SeatUnavailable', 'SeatReleased');
    case 'payments':
      // The run that makes a charge also refunds it, if it finds the mark.
      if (payment?.state === 'CHARGING' && payment.refund) return true;
      return payment?.state === 'VOID' || isSaid('PaymentFailed', 'PaymentRefunded');
    default:
      return false;
  }
}

function isReceiptDue({ heard }: ReceiptsSummary): boolean {
  const has = (type: FactType): boolean => heard.includes(type);
  const isTakenBack = has('SeatReleased') || has('PaymentRefunded') || has('BookingCancelled');
  return has('BookingRequested') && has('SeatBooked') && has('PaymentOk') && !isTakenBack;
}

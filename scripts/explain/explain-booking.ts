/** Says of a booking what happened, or what it waits for and where that is. Pure. */
import { type BookingStatus, type FactType, foldStatus } from '../../packages/status/src/domain.ts';
import { debtsOf, isPaidWithOtherMoney, outcomeOf } from '../protocol/owed-answers.ts';
import type { SubscriptionsOfServices } from '../protocol/subscriptions.ts';
import { type Deliveries, type Delivery, findDeliveries, seriousness } from './deliveries.ts';
import type { Evidence, Letter, ProviderAnswer, Unread } from './evidence.ts';

/** An event or a task that is missing, and where the message is that will bring it. */
export interface Wait {
  /** The service that owes it. */
  service: string;
  /** `answer`: one of the events. `facts`: status has not heard these events. The others are tasks without an event. */
  owes: 'answer' | 'facts' | 'sale' | 'refund-notice';
  events: readonly FactType[];
  /** The messages that hold it up, the most serious first. None: the service has handled all that it heard. */
  heldUpBy: readonly Delivery[];
  /** Since when it could have come (RFC 3339 UTC), if known. */
  since?: string;
}

interface Hold {
  /** RFC 3339 UTC. */
  endsAt: string;
  isOver: boolean;
}

interface Common {
  bookingId: string;
  /** RFC 3339 UTC. */
  readAt: string;
  /** What status answers; undefined if it knows nothing of the booking. */
  status?: BookingStatus;
  /** Dead letters about it, whose content it does not need. */
  leftovers: readonly Letter[];
  unread: readonly Unread[];
}

export interface Waiting {
  state: 'waiting';
  /** The first is the one to act on. None: dead letters that can never be handled are all that is known of it. */
  waits: readonly Wait[];
  /** Of the seats, while they are neither sold nor released. */
  hold?: Hold;
  /** Whether payments has charged other money than the seats' fare. Only the end of the hold ends such a booking. */
  hasOtherMoney: boolean;
  provider?: ProviderAnswer;
}

export type Explanation = Common &
  (
    | { state: 'settled'; wasNeverRequested: boolean }
    | Waiting
    /** Nothing is known of it. Its messages may be among those that wait in the queues. */
    | { state: 'unknown'; queues: Evidence['queues'] }
  );

export function explainBooking(
  evidence: Evidence,
  airline: string,
  subscriptions: SubscriptionsOfServices,
): Explanation {
  const { bookingId, readAt, facts, letters, unread, queues, seats, provider } = evidence;
  const found = findDeliveries(evidence, airline, subscriptions);
  const events = [...found.events.values()];
  const waits = [
    ...debtsOf(events).map(({ service, events }) => answerOf(service, events, found)),
    ...tasksOf(found, evidence),
    ...lagOfStatus(found),
  ].toSorted((a, b) => seriousnessOf(a) - seriousnessOf(b));
  const needed = new Set(
    waits.flatMap(({ heldUpBy }) => heldUpBy.map(({ service, event }) => `${service} ${event.type}`)),
  );
  const common: Common = {
    bookingId,
    readAt,
    ...(facts.length > 0 && { status: foldStatus(facts) }),
    leftovers: letters.filter(({ service, detailType }) => !needed.has(`${service} ${detailType}`)),
    unread,
  };
  if (events.length === 0 && letters.length === 0) return { ...common, state: 'unknown', queues };
  if (waits.length === 0 && events.length > 0)
    return { ...common, state: 'settled', wasNeverRequested: outcomeOf(events) === 'failing' };
  return {
    ...common,
    state: 'waiting',
    waits,
    hasOtherMoney: isPaidWithOtherMoney(events),
    ...(seats?.state === 'HELD' && { hold: { endsAt: seats.holdExpiresAt, isOver: seats.holdExpiresAt <= readAt } }),
    ...(provider && { provider }),
  };
}

function answerOf(service: string, events: readonly FactType[], found: Deliveries): Wait {
  return waitFor({ service, owes: 'answer', events }, heldUpAt(service, found), found);
}

/** What a service still has to do after the last event of a booking. */
function tasksOf(found: Deliveries, { seats, receipts }: Evidence): Wait[] {
  const { events } = found;
  const all = [...events.values()];
  const undone = (service: string, type: FactType): Delivery[] =>
    heldUpAt(service, found).filter(({ event, place }) => event.type === type && place.kind !== 'on-its-way');
  const tasks: Wait[] = [];
  const isGood = ['open', 'confirmed'].includes(outcomeOf(all)) && !isPaidWithOtherMoney(all);
  if (seats?.state === 'HELD' && isGood && undone('seats', 'PaymentOk').length > 0)
    tasks.push(waitFor({ service: 'seats', owes: 'sale', events: [] }, undone('seats', 'PaymentOk'), found));
  if (receipts?.receipt && !receipts.hasRefundNotice && undone('receipts', 'PaymentRefunded').length > 0) {
    const wait = { service: 'receipts', owes: 'refund-notice', events: [] } as const;
    tasks.push(waitFor(wait, undone('receipts', 'PaymentRefunded'), found));
  }
  return tasks;
}

/** The events that happened, and that status has not heard. */
function lagOfStatus(found: Deliveries): Wait[] {
  const missing = heldUpAt('status', found);
  if (missing.length === 0) return [];
  const events = found.all
    .filter(({ service, place }) => service === 'status' && place.kind !== 'done')
    .map(({ event }) => event.type);
  return [waitFor({ service: 'status', owes: 'facts', events }, missing, found)];
}

/** What holds up a service: the events that it should have handled, and has not. The most serious comes first. */
function heldUpAt(service: string, found: Deliveries): Delivery[] {
  return found.all.filter((delivery) => delivery.service === service && delivery.place.kind !== 'done');
}

function waitFor(wait: Omit<Wait, 'heldUpBy' | 'since'>, heldUpBy: readonly Delivery[], found: Deliveries): Wait {
  const [first] = heldUpBy;
  const times = [...found.events.values()].flatMap(({ at }) => (at === undefined ? [] : [at])).sort();
  const since = first ? (first.event.at ?? sinceOf(first) ?? times[0]) : times.at(-1);
  return { ...wait, heldUpBy, ...(since !== undefined && { since }) };
}

function sinceOf({ place }: Delivery): string | undefined {
  return 'since' in place ? place.since : undefined;
}

/** What an operator must end comes first, and what the service itself must explain before what ends by itself. */
function seriousnessOf({ heldUpBy: [first] }: Wait): number {
  return first ? seriousness(first.place) : seriousness({ kind: 'never-got' });
}

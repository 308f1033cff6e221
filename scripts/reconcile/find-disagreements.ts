/** Compares the parties' records of each booking with the invariants of README.md, "What you can rely on". Pure. */
import type { Flight } from '../../packages/seats/src/domain.ts';
import type { FactType } from '../../packages/status/src/domain.ts';
import { ago, money } from '../cli/format.ts';
import {
  amount,
  find,
  isOnlyCancelled,
  missingServices,
  netOf,
  type Party,
  type View,
  viewsOf,
  wordsOf,
} from './booking-view.ts';
import type { Snapshot } from './snapshot.ts';

/** The invariants, by their numbers in README.md. */
export const invariants = {
  'one-holder': '1 a seat has one holder',
  confirmed: '2 confirmed: seats sold, fare captured, one receipt',
  failed: '3 not confirmed: no seat, no money',
  settles: '4 every booking settles',
  facts: '6 the status is the fold of the facts',
} as const;

export type Invariant = keyof typeof invariants;

export interface Finding {
  invariant: Invariant;
  /** What is wrong, as a key that is the same in each snapshot. */
  rule: string;
  /** What is wrong, in words. */
  what: string;
  bookingId?: string;
  flightId?: string;
  seat?: string;
  /** The records of the parties, in words. */
  says: Partial<Record<Party, string>>;
  /** For a booking that is stuck: the services whose events are missing. */
  waitsFor?: string[];
}

export interface Disagreements {
  /** Bookings that were checked, including those in flight. */
  bookings: number;
  /** Bookings that are not settled but changed within `inFlightMilliseconds`. */
  inFlight: number;
  findings: Finding[];
}

type Broken = Pick<Finding, 'invariant' | 'rule' | 'what'> & Partial<Pick<Finding, 'waitsFor' | 'seat'>>;

const receiptsKeptDays = 90;
const dayMilliseconds = 24 * 3600 * 1000;

/**
 * Every disagreement in a snapshot. A booking that is not settled counts as in flight if it changed within
 * `inFlightMilliseconds`, and otherwise as stuck.
 */
export function findDisagreements(snapshot: Snapshot, inFlightMilliseconds: number): Disagreements {
  const findings = findLayoutMistakes(snapshot);
  let [bookings, inFlight] = [0, 0];
  for (const view of viewsOf(snapshot)) {
    if (isOnlyCancelled(view)) continue;
    bookings += 1;
    const isRecent = view.quietFor !== undefined && view.quietFor <= inFlightMilliseconds;
    const broken = [
      ...seatsVersusItems(view, snapshot),
      ...statusVersusOwners(view, isRecent),
      ...paymentsVersusProvider(view),
    ];
    const settled = view.outcome === 'confirmed' || view.outcome === 'failed';
    if (view.outcome === 'confirmed') broken.push(...checkConfirmed(view, snapshot, isRecent));
    if (view.outcome === 'failed') broken.push(...checkFailed(view, isRecent));
    if (!settled && (isRecent || view.quietFor === undefined)) inFlight += 1;
    if (!settled && !isRecent) broken.push(...checkStuck(view));
    for (const each of broken) findings.push({ ...each, bookingId: view.bookingId, says: wordsOf(view) });
  }
  return { bookings, inFlight, findings };
}

/** Invariant 1: free + held + sold = the seats of the flight, so every taken seat must exist. */
function findLayoutMistakes({ seatItems, flights }: Snapshot): Finding[] {
  return seatItems.flatMap(({ flightId, seat, bookingId }) => {
    const flight = flights.get(flightId);
    if (flight && hasSeat(flight, seat)) return [];
    const what = flight
      ? `seat ${seat} is taken, but ${flightId} has no such seat`
      : `seat ${seat} of ${flightId} is taken, but no such flight is scheduled`;
    return [
      {
        invariant: 'one-holder' as const,
        rule: 'seat-outside-layout',
        what,
        bookingId,
        flightId,
        seat,
        says: { seats: `seat ${seat} is taken by the booking` },
      },
    ];
  });
}

/** Invariant 1: the booking's record in seats and the seats' own items must agree. */
function seatsVersusItems({ bookingId, seats, seatItems, outcome }: View, snapshot: Snapshot): Broken[] {
  if (seats?.state === 'HELD' || seats?.state === 'SOLD') {
    const taken = new Set(seatItems.filter(({ flightId }) => flightId === seats.flightId).map(({ seat }) => seat));
    const missing = seats.seats
      .filter((seat) => !taken.has(seat))
      .map((seat): Broken => {
        const holder = snapshot.seatItems.find(
          (item) => item.flightId === seats.flightId && item.seat === seat,
        )?.bookingId;
        const instead = holder === undefined ? 'is free' : `is taken by ${holder}`;
        const what = `its record is ${seats.state}, but seat ${seat} ${instead}`;
        return { invariant: 'one-holder', rule: 'record-without-seat', what, seat };
      });
    const excess = seatItems.filter(({ flightId, seat }) => flightId !== seats.flightId || !seats.seats.includes(seat));
    return [...missing, ...excess.map(({ seat }) => stranded(seat, `its record is ${seats.state} for other seats`))];
  }
  // Seats claims a seat before it writes the record, and frees it after the record. So a booking in flight may have
  // seats that its record does not list. If that lasts, other rules find it: `stuck`, or `failed-with-seat` once it
  // failed. They do not apply to a booking without facts.
  if (outcome !== 'unknown') return [];
  return seatItems.map(({ seat }) =>
    stranded(seat, seats ? `its record is ${seats.state}` : `no service has a record of booking ${bookingId}`),
  );
}

function stranded(seat: string, because: string): Broken {
  return {
    invariant: 'one-holder',
    rule: 'stranded-seat',
    what: `seat ${seat} is taken by the booking, but ${because}`,
    seat,
  };
}

/**
 * Invariant 6: each event that status received matches its producer's record. This holds in every snapshot: status
 * was read first, and a producer writes its record before it publishes.
 */
function statusVersusOwners({ facts, seats, payment, receipt, outcome }: View, isRecent: boolean): Broken[] {
  const heard = (type: FactType): boolean => facts.some((fact) => fact.type === type);
  const seatsState = seats?.state ?? 'none';
  const paymentState = payment?.state ?? 'none';
  const expected: [FactType, party: Party, actual: string, states: string[]][] = [
    ['SeatBooked', 'seats', seatsState, ['HELD', 'SOLD', 'RELEASED']],
    ['SeatReleased', 'seats', seatsState, ['RELEASED']],
    ['SeatUnavailable', 'seats', seatsState, ['REFUSED']],
    ['PaymentOk', 'payments', paymentState, ['CHARGED', 'REFUNDED']],
    ['PaymentRefunded', 'payments', paymentState, ['REFUNDED']],
    ['PaymentFailed', 'payments', paymentState, ['DECLINED']],
  ];
  const broken = expected.flatMap(([type, party, actual, states]): Broken[] =>
    !heard(type) || states.includes(actual)
      ? []
      : [
          {
            invariant: 'facts',
            rule: `${type}-not-remembered`,
            what: `status received ${type}, but the record of ${party} is ${actual}`,
          },
        ],
  );
  broken.push(...otherContents({ facts, seats, payment }));
  const issued = find(facts, 'ReceiptIssued')?.data.receiptNumber;
  if (issued !== undefined && receipt && receipt.number !== issued) {
    broken.push({
      invariant: 'confirmed',
      rule: 'two-receipts',
      what: `status received the number ${issued} of its receipt, but receipts sent ${receipt.number}`,
    });
  }
  if (!isRecent && !heard('BookingRequested') && (outcome === 'confirmed' || outcome === 'failed')) {
    broken.push({
      invariant: 'facts',
      rule: 'never-requested',
      what: 'status has facts of a booking, but no BookingRequested',
    });
  }
  return broken;
}

/**
 * Invariant 6, the content: a producer writes its events from its record, so both have the same seats and money. Status
 * keeps the first event of each type. If somebody else published it, the producer's own is only a duplicate of it.
 */
function otherContents({ facts, seats, payment }: Pick<View, 'facts' | 'seats' | 'payment'>): Broken[] {
  const compare = (type: FactType, party: Party, heard: string | undefined, recorded: string | undefined): Broken[] =>
    heard === undefined || recorded === undefined || heard === recorded
      ? []
      : [
          {
            invariant: 'facts',
            rule: `${type}-differs`,
            what: `status received ${type} of ${heard}, but the record of ${party} has ${recorded}`,
          },
        ];
  const order = ({ flightId, seats }: { flightId: string; seats: readonly string[] }): string =>
    `${flightId} ${seats.join(', ')}`;
  const answer = seats && 'seats' in seats ? seats : undefined;
  const requested = payment && 'payment' in payment ? payment.payment : undefined;
  const booked = find(facts, 'SeatBooked')?.data;
  const paid = find(facts, 'PaymentOk')?.data;
  const orders = (['SeatBooked', 'SeatUnavailable', 'SeatReleased'] as const).flatMap((type) => {
    const heard = find(facts, type)?.data;
    return compare(type, 'seats', heard && order(heard), answer && order(answer));
  });
  return [
    ...orders,
    ...compare('SeatBooked', 'seats', booked && money(booked), answer && money(answer)),
    ...compare('PaymentOk', 'payments', paid && money(paid), requested && money(requested)),
  ];
}

/**
 * Invariants 2 and 3, the money. Payments was read before the provider, so the provider must have every charge of its
 * record. Payments writes its record before it charges, so a charge without a record is wrong, too.
 */
function paymentsVersusProvider({ payment, charges }: View): Broken[] {
  const broken: Broken[] = [];
  const net = netOf(charges);
  const state = payment?.state ?? 'none';
  if (charges.length > 1)
    broken.push({
      invariant: 'confirmed',
      rule: 'charged-twice',
      what: `the provider charged it ${charges.length} times`,
    });
  if (payment?.state === 'CHARGED' || payment?.state === 'REFUNDED') {
    const charge = charges.find(({ paymentId }) => paymentId === payment.paymentId);
    if (!charge)
      broken.push({
        invariant: 'confirmed',
        rule: 'charge-missing',
        what: `payments says ${state}, but the provider has no charge of ${payment.paymentId}`,
      });
    else if (charge.captured !== payment.payment.amountMinor || charge.currency !== payment.payment.currency) {
      broken.push({
        invariant: 'confirmed',
        rule: 'other-amount',
        what: `payments charged ${money(payment.payment)}, the provider captured ${amount(charge.captured, charge.currency)}`,
      });
    }
  }
  if (payment?.state === 'REFUNDED' && net !== 0) {
    broken.push({
      invariant: 'failed',
      rule: 'refund-missing',
      what: `payments says REFUNDED, but the provider still has ${amount(net, charges[0]!.currency)}`,
    });
  }
  if ((state === 'none' || state === 'DECLINED' || state === 'VOID') && net !== 0) {
    broken.push({
      invariant: 'failed',
      rule: 'charge-unknown',
      what: `the provider has ${amount(net, charges[0]!.currency)}, but the record of payments is ${state}`,
    });
  }
  return broken;
}

/** Invariant 2. */
function checkConfirmed(
  { facts, seats, payment, receipt, charges }: View,
  { takenAt }: Snapshot,
  isRecent: boolean,
): Broken[] {
  const broken: Broken[] = [];
  const asked = (find(facts, 'BookingRequested') ?? find(facts, 'SeatBooked'))!.data;
  // Status cannot see whether seats received PaymentOk. After a recent confirmation, seats may still be HELD.
  if (seats?.state !== 'SOLD' && !(seats?.state === 'HELD' && isRecent)) {
    broken.push({
      invariant: 'confirmed',
      rule: 'not-sold',
      what: `it is confirmed, but seats has not sold to it: ${seats?.state ?? 'no record'}`,
    });
  } else if (seats.flightId !== asked.flightId || seats.seats.join() !== asked.seats.join()) {
    broken.push({
      invariant: 'confirmed',
      rule: 'other-seats',
      what: `it requested ${asked.flightId} ${asked.seats.join(', ')}, and got ${seats.flightId} ${seats.seats.join(', ')}`,
    });
  }
  const net = netOf(charges);
  if (
    !(payment?.state === 'CHARGED' && payment.refund && isRecent) &&
    (net !== asked.amountMinor || charges[0]?.currency !== asked.currency)
  ) {
    const kept = charges[0] ? amount(net, charges[0].currency) : 'nothing';
    broken.push({
      invariant: 'confirmed',
      rule: 'fare-not-captured',
      what: `it is confirmed for ${money(asked)}, but the provider has ${kept}`,
    });
  }
  if (!receipt && !isForgotten(asked.flightId, takenAt)) {
    broken.push({
      invariant: 'confirmed',
      rule: 'receipt-missing',
      what: 'it is confirmed with a receipt, but receipts has no record of one',
    });
  }
  return broken;
}

/** Invariant 3. */
function checkFailed(
  { facts, seats, seatItems, payment, receipt, hasRefundNotice, charges }: View,
  isRecent: boolean,
): Broken[] {
  const broken = seatItems.map(({ seat }): Broken => ({
    invariant: 'failed',
    rule: 'failed-with-seat',
    what: `it failed, but seat ${seat} is still taken by it`,
    seat,
  }));
  if (seats?.state === 'HELD' || seats?.state === 'SOLD') {
    broken.push({
      invariant: 'failed',
      rule: 'failed-but-kept',
      what: `it failed, but its record in seats is ${seats.state}`,
    });
  }
  const net = netOf(charges);
  if (payment?.state === 'CHARGED' && net !== 0) {
    broken.push({
      invariant: 'failed',
      rule: 'failed-but-charged',
      what: `it failed, but the provider still has ${amount(net, charges[0]!.currency)}`,
    });
  }
  if (receipt && !hasRefundNotice && !isRecent && find(facts, 'PaymentRefunded')) {
    const what = 'it was refunded after its receipt, and the passenger was not told';
    broken.push({ invariant: 'settles', rule: 'refund-notice-missing', what, waitsFor: ['receipts'] });
  }
  return broken;
}

/** Invariant 4. The caller adds the dead letters that may explain it. */
function checkStuck(view: View): Broken[] {
  const waitsFor = missingServices(view);
  if (view.quietFor === undefined || waitsFor.length === 0) return [];
  const what = `it is not settled, and nothing happened for ${ago(view.quietFor)}; it waits for ${waitsFor.join(' and ')}`;
  return [{ invariant: 'settles', rule: 'stuck', what, waitsFor }];
}

function hasSeat({ cabins }: Flight, seat: string): boolean {
  const row = Number(seat.slice(0, -1));
  return cabins.some(({ rows, letters }) => rows.first <= row && row <= rows.last && letters.includes(seat.slice(-1)));
}

/** Receipts deletes its record, which holds personal data, 90 days after departure. */
function isForgotten(flightId: string, now: string): boolean {
  const digits = flightId.slice(-8);
  const departure = Date.parse(`${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}T00:00:00Z`);
  return Date.parse(now) - departure > receiptsKeptDays * dayMilliseconds;
}

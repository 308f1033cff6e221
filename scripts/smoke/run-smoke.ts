import { randomUUID } from 'node:crypto';
import { loadFlights } from '../airline/load-flights.ts';
import { listFlights } from '../airline/list-flights.ts';
import type { Flight } from '../airline/schedule.ts';
import type { Target } from '../airline/target.ts';
import { counted } from '../cli/format.ts';
import { loadSubscriptions } from '../protocol/subscriptions.ts';
import { stripeKeyOf } from '../airline/payment-provider.ts';
import { reconcile } from '../reconcile/reconcile-bookings.ts';
import { type Booker, checkBooking, checkCancellation, checkDecline, checkExpiry } from './booking-checks.ts';
import { checkAlarms } from './check-alarms.ts';
import { checkRoutes } from './check-routes.ts';
import { checkQueuePolicies, checkRules } from './check-rules.ts';
import { type Check, type Outcome, readUntil, runCheck, Unmet } from './check.ts';
import { cancelOnBus, recordedStatus, smokeCustomer } from './customer.ts';
import { checkPoison, dropOldPoison, dropPoison } from './poison.ts';
import { departed, smokeFlight } from './smoke-flight.ts';
import { bookingsOnFlights } from './tables.ts';

export interface SmokeReport {
  airline: string;
  /** The flight of this run. */
  flightId: string;
  /** Whether no check failed, and none was interrupted. */
  passed: boolean;
  checks: Outcome[];
}

/** A run that began longer ago is over. In milliseconds. */
const longestRun = 20 * 60_000;
/** Broken runs of this time are cleaned up after. In milliseconds. */
const rememberedTime = 2 * 24 * 3600_000;
const settleSeconds = 60;

/**
 * Tries a running airline: books, is declined, cancels, lets a hold expire, sends poison and drops it, looks at rules,
 * alarms and routes, and compares the records of its own bookings. Then it takes everything back.
 * @param signal ends the checks early; the airline is cleaned up nevertheless
 * @param onOutcome gets the outcome of each check when it is known
 * @throws UsageError when the airline cannot be reached
 */
export async function runSmoke(
  target: Target,
  { signal, onOutcome }: { signal: AbortSignal; onOutcome: (outcome: Outcome) => void },
): Promise<SmokeReport> {
  await target.parameters();
  const subscriptions = await loadSubscriptions();
  const run = randomUUID();
  const flight = smokeFlight();
  const bookings = new Set<string>();
  const outcomes: Outcome[] = [];
  const make = async (check: Check): Promise<Outcome> => {
    const outcome = await runCheck(check);
    outcomes.push(outcome);
    onOutcome(outcome);
    return outcome;
  };

  await make(checkLeftovers(target, signal));
  const beside = Promise.all([
    make(checkRules(target, subscriptions)),
    make(checkQueuePolicies(target, subscriptions)),
    make(checkAlarms(target, Object.keys(subscriptions))),
    make(checkPoison(target, run, signal)),
  ]);
  const provider = { isLive: false };
  const ready = [await make(checkProvider(target, provider)), await make(checkFlight(target, flight))];
  if (ready.every(({ state }) => state === 'passed')) {
    const email = `success+smoke-${run}@simulator.amazonses.com`;
    const booker: Booker = {
      target,
      flight,
      email,
      customer: await smokeCustomer(target, flight, email),
      subscriptions,
      isLive: provider.isLive,
      signal,
      onBooked: (id) => bookings.add(id),
    };
    await bookAll(booker, make, () => loadFlights(target, [departed(flight)]));
  }
  await beside;
  if (bookings.size > 0 && !signal.aborted) await make(checkAgreement(target, [...bookings], flight));
  await make(checkCleanup(target, { flight, run, bookings: [...bookings], outcomes }));
  return {
    airline: target.airline,
    flightId: flight.flightId,
    passed: !signal.aborted && outcomes.every(({ state }) => state !== 'failed'),
    checks: outcomes,
  };
}

/** Side by side. Takes the flight off sale as soon as no check needs it on sale. */
async function bookAll(
  booker: Booker,
  make: (check: Check) => Promise<Outcome>,
  takeOffSale: () => Promise<void>,
): Promise<void> {
  const { target, flight } = booker;
  const paid: { bookingId?: string } = {};
  const booked = Promise.all([make(checkBooking(booker, paid)), make(checkDecline(booker))]);
  let onHeld = (): void => {};
  const held = new Promise<void>((resolve) => (onHeld = resolve));
  const expired = make(checkExpiry(booker, onHeld)).finally(onHeld);
  const routes = make(checkRoutes(target, flight.flightId));
  await Promise.all([booked, held]);
  // If that fails, the cleanup tries again and reports it.
  await takeOffSale().catch(() => {});
  await Promise.all([make(checkCancellation(booker, paid)), expired, routes]);
}

/** A live key of Stripe's begins with its mode (https://docs.stripe.com/keys). */
export function isLiveKey(key: string): boolean {
  return /^[sr]k_live_/.test(key);
}

/** Sets `provider.isLive`. With a live key no test card pays, and the checks that need a payment are skipped. */
function checkProvider(target: Target, provider: { isLive: boolean }): Check {
  return {
    name: 'provider',
    expected: "the parameter with the payment provider's key can be read",
    next: 'packages/payments/README.md, "Deploying it alone": the keys are put there by hand, once',
    async run() {
      provider.isLive = isLiveKey(await target.secret(await stripeKeyOf(target)));
      return provider.isLive
        ? 'the key is a live one: only the declined booking asks for a payment'
        : 'the key is a test key';
    },
  };
}

function checkFlight(target: Target, flight: Flight): Check {
  return {
    name: 'flight',
    expected: 'a new flight comes on sale',
    next: '`pnpm dlq show seats`; runbook, "A dead-letter queue is not empty"',
    async run() {
      await loadFlights(target, [flight]);
      return `${flight.flightId} is on sale`;
    },
  };
}

/** What a run left that was broken off: a paid booking, poison. Its flight has departed by itself. */
function checkLeftovers(target: Target, signal: AbortSignal): Check {
  return {
    name: 'leftovers',
    expected: 'an earlier, broken run can be cleaned up after',
    next: '`pnpm reconcile`; runbook, "The smoke test fails"',
    async run() {
      const before = new Date(Date.now() - longestRun);
      const bookings = await bookingsOnFlights(target, new Date(Date.now() - rememberedTime), before);
      for (const id of bookings) await cancelOnBus(target, id);
      for (const id of bookings) await untilFailed(target, id, signal);
      const letters = await dropOldPoison(target, before);
      if (bookings.length + letters === 0) return 'none of an earlier run';
      return `of an earlier run: ${counted(bookings.length, 'booking')} cancelled, ${counted(letters, 'dead letter')} dropped`;
    },
  };
}

function checkAgreement(target: Target, bookingIds: string[], { flightId }: Flight): Check {
  return {
    name: 'agree',
    expected: 'seats, payments, receipts, status and the payment provider agree on these bookings',
    next: '`pnpm reconcile`; runbook, "What `pnpm reconcile` finds"',
    async run() {
      const only = { bookingIds, flightIds: [flightId] };
      const report = await reconcile(target, { inFlightMilliseconds: 0, only });
      if (report.findings.length > 0) {
        const found = report.findings.map(({ bookingId, what }) => `${bookingId ?? flightId}: ${what}`);
        throw new Unmet(found.join('; '));
      }
      return `on ${counted(report.bookings, 'booking')}`;
    },
  };
}

interface Traces {
  flight: Flight;
  run: string;
  bookings: string[];
  outcomes: readonly Outcome[];
}

/** Runs without the signal: an interrupted test cleans up, too. */
function checkCleanup(target: Target, { flight, run, bookings, outcomes }: Traces): Check {
  const signal = new AbortController().signal;
  return {
    name: 'cleanup',
    expected: 'nothing of this run holds a seat, money or a message, and its flight is off sale',
    next: 'type `pnpm smoke` again when the cause is gone: it cleans up; runbook, "The smoke test fails"',
    async run() {
      await loadFlights(target, [departed(flight)]);
      let cancelled = 0;
      for (const id of bookings) {
        const status = await recordedStatus(target, id);
        if (status?.settled && status.status !== 'CONFIRMED') continue;
        await cancelOnBus(target, id);
        cancelled += 1;
      }
      const poison = outcomes.find(({ name }) => name === 'poison');
      if (poison?.state === 'failed') await dropPoison(target, run);
      const stuck: string[] = [];
      for (const id of bookings)
        if (
          !(await untilFailed(target, id, signal).then(
            () => true,
            () => false,
          ))
        )
          stuck.push(id);
      const { isAwaited: isGone } = await readUntil(
        () => listFlights({ fetch: (path) => target.fetchAnonymously(path) }, { flightNumber: flight.flightNumber }),
        (flights) => flights.length === 0,
        { atMost: settleSeconds, signal, pause: 500 },
      );
      if (!isGone) stuck.push(flight.flightId);
      if (stuck.length > 0) throw new Unmet(`${stuck.join(', ')} not taken back`);
      const records = `${counted(bookings.length, 'booking')} stay in the records, as every booking does`;
      return `${cancelled > 0 ? `${counted(cancelled, 'booking')} cancelled; ` : ''}the flight is off sale; ${records}`;
    },
  };
}

/** Waits until the booking is settled and not confirmed. @throws Unmet when it does not in a minute */
async function untilFailed(target: Target, bookingId: string, signal: AbortSignal): Promise<void> {
  const { answer, isAwaited } = await readUntil(
    () => recordedStatus(target, bookingId),
    (status) => status?.settled === true && status.status !== 'CONFIRMED',
    { atMost: settleSeconds, signal, pause: 500 },
  );
  if (!isAwaited) throw new Unmet(`${bookingId} is ${answer?.status ?? 'unknown'}, and not settled`);
}

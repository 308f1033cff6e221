import { type Booking, flightScheduled, randomBookings } from './bookings.ts';
import { functionTimeouts, type Service, services } from './bus.ts';
import { Coverage } from './coverage.ts';
import { type Fault, type FaultKind, faultsOf, minimumRateOf, placeOf } from './faults.ts';
import { checkFinalState, checkHoldsEnded, countMissingRefundNotices, snapshotOf } from './final-state.ts';
import { Violation } from './oracle.ts';
import { Random } from './random.ts';
import type { Request } from './run.ts';
import { type Delivery, inFlightAfterCrash, Simulation } from './simulation.ts';
import type { Message } from './simulated-queue.ts';
import type { PlantedBug } from './consumers.ts';
import type { AirlineEvent } from '@airline/events-schemas/events';
import { traceOf, type World } from './world.ts';

export interface SeedOptions {
  seed: number;
  bookings: number;
  plant?: PlantedBug | undefined;
}

export interface SeedResult {
  seed: number;
  coverage: Coverage;
  steps: number;
  runs: number;
  /** `repeated` mails and missing refund notices are excused: see `checkMails`. */
  mails: { sent: number; repeated: number; missingNotices: number };
  confirmed: number;
  violation?: { invariant: string; message: string };
  trace: readonly string[];
}

const second = 1000;
const minute = 60 * second;
/** The highest number of concurrent runs of one service. More would find nothing new. */
const concurrency = 4;
/** Steps for each booking after which faults stop, at the latest. */
const faultySteps = 300;
/** Steps for each booking, more than any seed needs. A simulation with more steps never ends. */
const maximumSteps = 4000;

/** Simulates one world from its first request to its last duplicate. The seed decides every choice. */
export async function runSeed({ seed, bookings: count, plant }: SeedOptions): Promise<SeedResult> {
  const random = new Random(seed);
  const bookings = randomBookings(random, count);
  const driver = new SeededDriver(random, bookings, plant);
  const { world, oracle } = driver.simulation;
  let violation: SeedResult['violation'];
  try {
    await driver.run();
  } catch (error) {
    if (!(error instanceof Violation)) throw new Error(`The simulation failed at seed ${seed}.`, { cause: error });
    violation = { invariant: error.invariant, message: error.message };
  }
  const repeated = world.mails.length - new Set(world.mails.map(({ bookingId, kind }) => bookingId + kind)).size;
  const confirmed = bookings.filter(({ request }) => {
    const published = oracle.published.get(request.bookingId);
    return published?.has('ReceiptIssued') && !published.has('PaymentRefunded') && !published.has('SeatReleased');
  }).length;
  return {
    seed,
    coverage: driver.coverage,
    steps: world.notes.length,
    runs: driver.runs,
    mails: { sent: world.mails.length, repeated, missingNotices: countMissingRefundNotices(world, oracle) },
    confirmed,
    ...(violation && { violation }),
    trace: traceOf(world.notes),
  };
}

class SeededDriver {
  readonly simulation: Simulation;
  readonly coverage = new Coverage();
  runs = 0;
  readonly #random: Random;
  readonly #world: World;
  readonly #count: number;
  readonly #redriveDeletesFirst: boolean;
  #toPublish: AirlineEvent[];
  #isFaulty = true;
  /** The services that are down, and the end of each outage. */
  readonly #down = new Map<Service, number>();
  #providerDownUntil = 0;
  #busDownUntil = 0;
  /** The probability of a fault, for each request. It differs from seed to seed. */
  readonly #faultRate: number;
  readonly #disturbanceRate: number;

  constructor(random: Random, bookings: Booking[], plant: PlantedBug | undefined) {
    this.#random = random;
    this.#count = bookings.length;
    this.#redriveDeletesFirst = plant?.redriveDeletesFirst ?? false;
    this.#faultRate = random.pick([0.02, 0.05, 0.1, 0.2]);
    this.#disturbanceRate = random.pick([0.001, 0.003, 0.01]);
    const isFlightLate = random.chance(0.25);
    const planDelivery = (service: Service): Delivery => this.#planDelivery(service);
    this.simulation = new Simulation({ bookings, plant, isFlightLate, planDelivery });
    this.#world = this.simulation.world;
    this.#toPublish = random.shuffled([
      ...bookings.flatMap(({ requested, moreEvents }) => [requested, ...moreEvents]),
      ...(isFlightLate ? [flightScheduled] : []),
    ]);
  }

  async run(): Promise<void> {
    await this.simulation.open();
    for (const service of services) this.#poison(service);
    const limit = faultySteps * this.#count;
    while (this.#world.notes.length < limit && (await this.#step())) {
      if (this.#isFaulty && this.#random.chance(this.#disturbanceRate)) this.#disturb();
    }
    this.#isFaulty = false;
    this.#world.note('faults stop');
    while (this.#toPublish.length > 0) this.simulation.publish(this.#toPublish.pop()!);
    this.#down.clear();
    this.#providerDownUntil = 0;
    this.#busDownUntil = 0;

    if (this.#random.chance(0.3)) {
      this.#world.note('payments is down for hours; the other services work');
      this.#down.set('payments', Infinity);
      await this.#recover(services.filter((service) => service !== 'payments'));
      await checkHoldsEnded(this.#world);
      this.#down.clear();
    }
    await this.#recover(services);
    await checkFinalState(this.#world, this.simulation.oracle, this.#random);

    const before = await snapshotOf(this.#world);
    this.#world.note('all messages are delivered again');
    for (const service of services) {
      const queue = this.#world.queues[service];
      for (const message of [...queue.allMessages.values()]) queue.add(this.#world.copyOf(message, this.#world.now));
    }
    await this.#recover(services);
    const after = await snapshotOf(this.#world);
    if (before !== after) throw new Violation('duplicates-change-nothing', differenceOf(before, after));
  }

  #poison(service: Service): void {
    this.coverage.hit('poison', service);
    this.#world.note(`✗ a poison message is delivered to ${service}`);
    this.#world.queues[service].add(
      this.#world.newMessage('{', 'poison', '', this.#world.now + this.#random.below(second)),
    );
  }

  /**
   * Steps until nothing is left to do, and redrives the dead letters of these services. A conflicting request stays a
   * dead letter. It is redriven too, since receipts may know only later which of two requests was sold.
   */
  async #recover(those: readonly Service[]): Promise<void> {
    let conflicts = '';
    for (let round = 0; round < 10; round++) {
      while (await this.#step()) {
        if (this.#world.notes.length > maximumSteps * this.#count)
          throw new Violation('everything-settles', 'the services never stop working');
      }
      const letters = those.flatMap((service) => {
        const { deadLetters, undelivered } = this.#world.queues[service];
        const stuck = [...undelivered, ...deadLetters.filter(({ bookingId }) => bookingId !== '')];
        return stuck.map((message) => ({ service, message }));
      });
      const before = conflicts;
      conflicts = letters
        .map(({ service, message }) => service + message.body)
        .sort()
        .join();
      const isDone = conflicts === before && letters.every(({ message }) => this.#world.isConflict(message));
      if (letters.length === 0 || isDone) return;
      for (const service of new Set(letters.map((letter) => letter.service))) this.#redrive(service);
    }
    throw new Violation('everything-settles', 'there are dead letters again after 10 redrives');
  }

  /** @returns false when there is nothing left to do */
  async #step(): Promise<boolean> {
    const { simulation } = this;
    const world = this.#world;
    const random = this.#random;
    for (;;) {
      for (const run of world.runs) {
        if (world.now - run.startedAt < functionTimeouts[run.service]) continue;
        world.note(`${run.name} exceeds the timeout of its function`);
        this.coverage.hit('timed-out', run.service);
        simulation.abandon(simulation.crash(run), run.startedAt + functionTimeouts[run.service] + inFlightAfterCrash);
      }
      world.orphans = world.orphans.filter(({ arrivesBefore }) => world.now < arrivesBefore);
      const requests = world.runs.flatMap(({ pending }) => pending.filter(({ notBefore }) => notBefore <= world.now));
      const receivers = services.filter((service) => this.#canReceive(service));
      const weights = [
        requests.length * 3,
        receivers.length * 2,
        this.#isFaulty ? Math.min(this.#toPublish.length, 2) : 0,
        world.orphans.length,
      ];
      let choice = random.below(weights.reduce((sum, weight) => sum + weight, 0) || 1);
      const kind = weights.findIndex((weight) => (choice -= weight) < 0);
      if (kind === -1) {
        if (!this.#advanceClock()) return false;
        continue;
      }
      world.now += random.below(10);
      if (kind === 0) await this.#answer(random.pick(requests));
      if (kind === 1) await this.#invoke(random.pick(receivers));
      if (kind === 2) simulation.publish(this.#toPublish.pop()!);
      if (kind === 3) await simulation.arrive(random.pick(world.orphans));
      return true;
    }
  }

  #canReceive(service: Service): boolean {
    const world = this.#world;
    if ((this.#down.get(service) ?? 0) > world.now) return false;
    if (world.runs.filter((run) => run.service === service).length >= concurrency) return false;
    return world.queues[service].waiting.some(({ visibleAt }) => visibleAt <= world.now);
  }

  /** Sets the clock to the time of the next possible step. @returns false when there is none */
  #advanceClock(): boolean {
    const world = this.#world;
    const moments: number[] = [];
    for (const run of world.runs)
      moments.push(run.startedAt + functionTimeouts[run.service], ...run.pending.map(({ notBefore }) => notBefore));
    for (const service of services) {
      const downUntil = this.#down.get(service) ?? 0;
      if (downUntil === Infinity) continue;
      for (const { visibleAt } of world.queues[service].waiting) moments.push(Math.max(visibleAt, downUntil));
    }
    const next = Math.min(...moments.filter((moment) => moment > world.now));
    if (next === Infinity) return false;
    world.now = next;
    return true;
  }

  async #invoke(service: Service): Promise<void> {
    const random = this.#random;
    const messages = random
      .shuffled(this.#world.queues[service].visible(this.#world.now))
      .slice(0, random.pick([1, 1, 2, 3]));
    let skew = 0;
    if (this.#isFaulty && random.chance(0.1)) {
      skew = random.below(4 * second) - 2 * second;
      this.coverage.hit('clock-skew', service);
    }
    this.runs += 1;
    await this.simulation.invoke(service, messages, skew);
  }

  async #answer(request: Request): Promise<void> {
    const random = this.#random;
    const { operation, run } = request;
    if (operation.startsWith('provider.') && this.#providerDownUntil > this.#world.now) {
      this.coverage.hit('outage', 'the payment provider');
      return this.simulation.answer(request, { kind: random.pick(['refused', 'refused', 'reply-lost']) });
    }
    if (operation === 'bus.putEvents' && this.#busDownUntil > this.#world.now) {
      this.coverage.hit('outage', placeOf(operation, run.service));
      return this.simulation.answer(request, { kind: 'refused' });
    }
    const rate = Math.max(this.#faultRate, minimumRateOf(operation));
    if (!this.#isFaulty || !random.chance(rate)) return this.simulation.answer(request);
    const kind: FaultKind | 'delayed' = random.pick([...faultsOf(operation), 'delayed' as const]);
    const place = placeOf(operation, run.service);
    this.coverage.hit(kind, place);
    if (kind === 'delayed') {
      request.notBefore = this.#world.now + random.pick([100, second, 3 * second, 20 * second]);
      this.#world.note(`${run.name} ${operation} ✗ delayed`);
      return;
    }
    const fault: Fault =
      kind === 'partly-refused' ? { kind, positions: new Set([0, 2, 4].slice(0, 1 + random.below(3))) } : { kind };
    return this.simulation.answer(request, fault);
  }

  #planDelivery(service: Service): Delivery {
    const random = this.#random;
    // The usual latency of EventBridge and SQS, in milliseconds.
    const usual = random.below(50);
    if (!this.#isFaulty) return { delays: [usual], undelivered: false };
    const hit = (fault: string): void => this.coverage.hit(fault, `delivery to ${service}`);
    switch (random.below(30)) {
      case 0:
        hit('duplicate');
        return { delays: [usual, usual + random.below(20)], undelivered: false };
      case 1:
        hit('duplicate');
        return { delays: [usual, random.below(30 * minute), random.below(minute)], undelivered: false };
      case 2:
        hit('delayed');
        return { delays: [random.below(30 * minute)], undelivered: false };
      case 3:
        hit('undelivered');
        return { delays: [usual], undelivered: true };
      default:
        return { delays: [usual], undelivered: false };
    }
  }

  /** A disturbance of the whole: time passes, a part is down, an operator redrives. */
  #disturb(): void {
    const random = this.#random;
    const world = this.#world;
    const service = random.pick(services);
    switch (random.below(6)) {
      case 0: {
        const passed = random.pick([second, minute, 5 * minute, 12 * minute]);
        world.now += passed;
        this.coverage.hit('time-passes', 'the clock');
        return world.note(`✗ ${passed / second} s pass`);
      }
      case 1:
        this.#providerDownUntil = world.now + minute;
        return world.note('✗ the payment provider is down for a minute');
      case 2:
        this.#down.set(service, world.now + minute);
        this.coverage.hit('outage', service);
        return world.note(`✗ ${service} is down for a minute`);
      case 3:
        if (world.queues[service].deadLetters.length + world.queues[service].undelivered.length === 0) return;
        this.coverage.hit('redriven-under-load', service);
        return this.#redrive(service);
      case 4:
        this.#busDownUntil = world.now + random.pick([second, minute]);
        return world.note('✗ EventBridge is down');
      case 5:
        // Stripe's idempotency keys expire after 24 hours.
        world.provider.forgetIdempotencyKeys();
        this.coverage.hit('keys-forgotten', 'the payment provider');
        return world.note('✗ the payment provider forgets its idempotency keys');
    }
  }

  /**
   * Redrives as the dlq command does: it sends a message to the queue, and then deletes the dead letter. So a stop in
   * between duplicates the message.
   */
  #redrive(service: Service): void {
    const world = this.#world;
    const queue = world.queues[service];
    world.note(`the operator redrives ${service}`);
    for (const kind of ['deadLetters', 'undelivered'] as const) {
      const isStopped = this.#isFaulty && this.#random.chance(0.5);
      const stopAt = isStopped ? this.#random.below(queue[kind].length + 1) : queue[kind].length;
      const done: Message[] = queue[kind].slice(0, stopAt);
      const halfDone: Message[] = queue[kind].slice(stopAt, stopAt + 1);
      for (const message of [...done, ...halfDone]) {
        if (this.#redriveDeletesFirst && halfDone.includes(message)) continue;
        queue.add(world.copyOf(message, world.now));
      }
      if (halfDone.length > 0) this.coverage.hit('redrive-stopped', service);
      queue[kind] = queue[kind].slice(this.#redriveDeletesFirst ? stopAt + halfDone.length : stopAt);
    }
  }
}

function differenceOf(before: string, after: string): string {
  let at = 0;
  while (before[at] === after[at]) at++;
  return `“${before.slice(Math.max(0, at - 200), at + 150)}” became “${after.slice(Math.max(0, at - 200), at + 150)}”`;
}

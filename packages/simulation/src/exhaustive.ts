import { createHash } from 'node:crypto';
import type { AirlineEvent } from '@airline/events-schemas/events';
import { allSeats, type Booking, flightId } from './bookings.ts';
import { type Service, services as allServices } from './bus.ts';
import type { Plant } from './consumers.ts';
import { type FaultKind, faultsOf } from './faults.ts';
import { Violation } from './oracle.ts';
import { Simulation } from './simulation.ts';
import { mailKinds, sentMails } from './world.ts';

/** A small world of which every interleaving is walked. */
export interface Scope {
  name: string;
  bookings: readonly Booking[];
  /** What the producers say, each once; when it is heard is open. */
  says: readonly AirlineEvent[];
  services: readonly Service[];
  /** Faults of these kinds may strike, together as often as `faults` says, at any request. */
  kinds?: readonly FaultKind[];
  faults?: number;
  /** Messages that may come twice. Both copies wait for as long as it pleases them, so that the second may be very late. */
  duplicates?: number;
  /** The clock is set to each of these times, in this order, each at any moment. */
  times?: readonly number[];
  /** Runs of one service at once. @default 2 of each */
  concurrency?: Partial<Record<Service, number>>;
  /** Throws a Violation where nothing is left to do and something is wrong. */
  judge: (simulation: Simulation) => Promise<void>;
}

export interface ScopeResult {
  name: string;
  states: number;
  transitions: number;
  ends: number;
  /** Whether every state was visited: false when the limit came first. */
  isComplete: boolean;
  violation?: { invariant: string; message: string; trace: readonly string[] };
}

interface Left {
  says: readonly AirlineEvent[];
  faults: number;
  duplicates: number;
  times: readonly number[];
}

interface Position {
  simulation: Simulation;
  left: Left;
  /** Messages younger than this one came with the last step. */
  before: number;
}

type Action = (position: Position) => Promise<void>;

/**
 * Walks every path, and turns back where it meets a state that it knows. A run cannot be copied in the middle of a promise, so each
 * branch is walked again from the start. Besides the judgement of every end, some end must be reachable from every state.
 */
export async function exploreScope(
  scope: Scope,
  { maximumStates = Infinity, plant }: { maximumStates?: number; plant?: Plant } = {},
): Promise<ScopeResult> {
  const known = new Map<string, number>();
  const cameFrom: number[][] = [];
  const ends: number[] = [];
  const paths: { path: readonly number[]; from: number }[] = [{ path: [], from: -1 }];
  let transitions = 0;
  const result = (isComplete: boolean): ScopeResult => ({
    name: scope.name,
    states: known.size,
    transitions,
    ends: ends.length,
    isComplete,
  });

  while (paths.length > 0) {
    let { path, from } = paths.pop()!;
    const position = open(scope, plant);
    try {
      await walk(scope, position, path);
      for (;;) {
        const key = await keyOf(position);
        const state = known.get(key) ?? known.size;
        if (from >= 0) (cameFrom[state] ??= []).push(from);
        if (known.has(key)) break;
        known.set(key, state);
        if (known.size >= maximumStates) return result(false);
        const actions = actionsOf(scope, position);
        if (actions.length === 0) {
          ends.push(state);
          await scope.judge(position.simulation);
          break;
        }
        for (let index = actions.length - 1; index > 0; index--) paths.push({ path: [...path, index], from: state });
        transitions += actions.length;
        path = [...path, 0];
        from = state;
        await perform(position, actions[0]!);
      }
    } catch (error) {
      if (!(error instanceof Violation)) throw new Error(`The search of “${scope.name}” broke.`, { cause: error });
      const { invariant, message } = error;
      return { ...result(false), violation: { invariant, message, trace: position.simulation.world.trace } };
    }
  }
  const lost = known.size - reachedBackwards(ends, cameFrom);
  if (lost === 0) return result(true);
  return {
    ...result(true),
    violation: { invariant: 'everything-settles', message: `from ${lost} states no end can be reached`, trace: [] },
  };
}

function open(scope: Scope, plant: Plant | undefined): Position {
  const simulation = new Simulation({ bookings: scope.bookings, services: scope.services, isTimeless: true, plant });
  const { says, faults = 0, duplicates = 0, times = [] } = scope;
  return { simulation, left: { says, faults, duplicates, times }, before: 0 };
}

async function walk(scope: Scope, position: Position, path: readonly number[]): Promise<void> {
  const { simulation } = position;
  await simulation.open();
  for (const [step, index] of path.entries()) {
    simulation.oracle.isAsleep = step < path.length - 1;
    await perform(position, actionsOf(scope, position)[index]!);
  }
  simulation.oracle.isAsleep = false;
}

async function perform(position: Position, action: Action): Promise<void> {
  position.before = position.simulation.world.youngest;
  await action(position);
}

/** Everything that can happen next, always in the same order. */
function actionsOf(scope: Scope, position: Position): Action[] {
  const { simulation, left } = position;
  const { world } = simulation;
  const actions: Action[] = [];
  // All is said at the start: a message waits in its queue for as long as it pleases, which is as good as being said late.
  const [said, ...unsaid] = left.says;
  if (said) {
    actions.push(async (next) => {
      next.left = { ...left, says: unsaid };
      simulation.publish(said);
    });
    return [...actions, ...scope.services.flatMap((service) => duplicationsOf(service, position))];
  }
  // Where nothing can go wrong with it any more, nobody can tell when a message is acknowledged.
  const acknowledgement = world.runs.flatMap(({ pending }) => pending).find(({ operation }) => operation === 'queue.acknowledge');
  if (acknowledgement && left.faults === 0) return [() => simulation.answer(acknowledgement)];
  // A run that is alone in its service can neither see what others do meanwhile nor be seen: its next step may as well be the next
  // of all. What it says can wait in queues for as long as it pleases, and only the clock could make a difference.
  const alone = world.runs.find(
    ({ service }) => scope.concurrency?.[service] === 1 && left.times.length === 0 && left.duplicates === 0,
  );
  for (const run of alone ? [alone] : world.runs) {
    for (const request of run.pending) {
      actions.push(() => simulation.answer(request));
      if (left.faults === 0) continue;
      for (const kind of faultsOf(request.operation)) {
        if (!scope.kinds?.includes(kind)) continue;
        actions.push((position) => {
          position.left = { ...left, faults: left.faults - 1 };
          return simulation.answer(request, kind === 'partly-refused' ? { kind, positions: new Set([0]) } : { kind });
        });
      }
    }
  }
  if (alone) return actions;
  for (const service of scope.services) {
    const queue = world.queues[service];
    if (world.runs.filter((run) => run.service === service).length < (scope.concurrency?.[service] ?? 2)) {
      const distinct = new Map(queue.visible(world.now).map((message) => [message.body, message]));
      for (const message of distinct.values()) {
        actions.push(() => {
          message.receiveCount = 0;
          return simulation.invoke(service, [message]);
        });
      }
    }
    actions.push(...duplicationsOf(service, position));
  }
  const [time, ...later] = left.times;
  if (time !== undefined) {
    actions.push(async (position) => {
      position.left = { ...left, times: later };
      world.now = time;
      world.note('the clock is set');
    });
  }
  return actions;
}

/** A copy that comes at once can wait, so that one which comes later need not be tried. */
function duplicationsOf(service: Service, { simulation: { world }, left, before }: Position): Action[] {
  if (left.duplicates === 0) return [];
  const queue = world.queues[service];
  return queue.waiting
    .filter(({ id }) => id > before)
    .map((message) => async (position: Position) => {
      position.left = { ...left, duplicates: left.duplicates - 1 };
      world.note(`✗ ${message.label} comes to ${service} twice`);
      queue.add(world.copyOf(message, message.visibleAt));
      position.before = world.youngest;
    });
}

/** What tells one state from another: memory, queues, and what each run was told so far. */
async function keyOf({ simulation, left, before }: Position): Promise<string> {
  const { world, oracle } = simulation;
  const parts: unknown[] = [
    world.now,
    left.says.map(({ metadata }) => metadata.eventId),
    left.faults,
    left.duplicates,
    left.times.length,
  ];
  for (const service of allServices) {
    const { waiting, deadLetters } = world.queues[service];
    if (left.duplicates > 0) parts.push(waiting.filter(({ id }) => id > before).map(({ body }) => body));
    parts.push(
      waiting.map(({ body, visibleAt }) => (visibleAt > world.now ? body + visibleAt : body)).sort(),
      deadLetters.map(({ body }) => body).sort(),
    );
  }
  parts.push(world.runs.map(({ service, messages, history }) => `${service}${messages[0]!.body}${history}`).sort());
  const { holders } = await world.seatStore.viewRequest({ ...world.bookings[0]!.request, flightId, seats: allSeats });
  parts.push([...holders].sort());
  for (const { request } of world.bookings) {
    const id = request.bookingId;
    parts.push(
      await world.seatStore.load(id),
      await world.paymentStore.load(id),
      await world.receiptStore.load(id),
      await world.factStore.list(id),
    );
    parts.push([...(oracle.said.get(id)?.keys() ?? [])].sort());
    for (const kind of mailKinds) parts.push(sentMails(world, id, kind), oracle.forgottenMails(id, kind));
  }
  for (const items of [world.onceItems.payments, world.onceItems.receipts]) {
    parts.push(
      [...items].map(([key, item]) => [key, item.state === 'completed' ? item.result : item.owner.state === 'live']).sort(),
    );
  }
  parts.push([...world.providerAnswers].sort());
  return createHash('sha1').update(JSON.stringify(parts)).digest('base64');
}

/** How many states lead to an end. */
function reachedBackwards(ends: readonly number[], cameFrom: readonly (readonly number[])[]): number {
  const reached = new Set(ends);
  const todo = [...ends];
  while (todo.length > 0) {
    for (const state of cameFrom[todo.pop()!] ?? []) {
      if (reached.has(state)) continue;
      reached.add(state);
      todo.push(state);
    }
  }
  return reached.size;
}

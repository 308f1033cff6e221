import { type Listeners, listenersOf, type Service } from './bus.ts';
import type { PlantedBug } from './consumers.ts';
import { Violation } from './oracle.ts';
import type { Scope } from './scope.ts';
import { isFaulty, type PublishedEvent, PublishedEvents, ServiceStates, type Step } from './service-states.ts';
import { entryOf } from './simulation.ts';
import { type Note, traceOf } from './world.ts';

export interface ScopeResult {
  name: string;
  states: number;
  transitions: number;
  ends: number;
  /** The number of states of each service alone. */
  statesOf: Partial<Record<Service, number>>;
  /** Whether all states were visited. False after a violation, and when the limit was reached. */
  isComplete: boolean;
  violation?: { invariant: string; message: string; trace: readonly string[] };
}

export interface ExploreOptions {
  /** @default no limit */
  maximumStates?: number;
  plant?: PlantedBug;
  /** The rules of the bus. @default those of the services' subscriptions */
  listeners?: Listeners;
  /** Whether to visit only one of several equivalent executions (partial-order reduction). @default true */
  isReduced?: boolean;
}

/** A state of the whole: the state of each service, and the number of faults and duplicates that may still happen. */
interface Position {
  /** The number of each service's state, in the order of the scope's services. */
  locals: number[];
  faults: number;
  duplicates: number;
}

interface Branch {
  position: Position;
  /** The steps of services that lead to the position. */
  steps: readonly Step[];
}

/** Visits all states of a scope, each once, until one breaks an invariant. Every state must lead to an end state. */
export async function exploreScope(
  scope: Scope,
  { maximumStates = Infinity, plant, listeners = listenersOf, isReduced = true }: ExploreOptions = {},
): Promise<ScopeResult> {
  const events = new PublishedEvents(listeners);
  const parts = scope.services.map((service) => new ServiceStates(service, scope, events, { plant, isReduced }));
  const known = new Map<string, number>();
  const positions: Position[] = [];
  const predecessors: { from: number; steps: readonly Step[] }[] = [];
  const edges: { from: number[]; to: number[] } = { from: [], to: [] };
  const ends: number[] = [];
  const result = (isComplete: boolean, violation?: ScopeResult['violation']): ScopeResult => ({
    name: scope.name,
    states: known.size,
    transitions: edges.to.length,
    ends: ends.length,
    statesOf: Object.fromEntries(parts.map(({ service, size }) => [service, size])),
    isComplete,
    ...(violation && { violation }),
  });
  const violationAt = (from: number, steps: readonly Step[], { invariant, message }: Violation): ScopeResult => {
    const notes: Note[] = steps.flatMap((step) => step.notes);
    for (let state = from; state >= 0; state = predecessors[state]!.from)
      notes.unshift(...predecessors[state]!.steps.flatMap((step) => step.notes));
    return result(false, { invariant, message, trace: traceOf(notes) });
  };
  const visit = (from: number, { position, steps }: Branch): void => {
    const { locals, faults, duplicates } = position;
    const key = `${locals.join()},${faults},${duplicates}`;
    let state = known.get(key);
    if (state === undefined) {
      state = known.size;
      known.set(key, state);
      positions.push(position);
      predecessors.push({ from, steps });
    }
    if (from < 0) return;
    edges.from.push(from);
    edges.to.push(state);
  };

  const { faults = 0, duplicates = 0 } = scope;
  const origin: Position = { locals: await Promise.all(parts.map((part) => part.start())), faults, duplicates };
  // All events of the scope are published at the start. A message may wait in its queue for any time, so this includes
  // all later publications.
  const published = scope.events.map((event) => events.register(entryOf(event)));
  for (const branch of await deliverToListeners({ position: origin, steps: [] }, published, parts)) visit(-1, branch);

  // Breadth first, so that a violation has one of its shortest traces.
  for (let state = 0; state < positions.length; state++) {
    if (known.size >= maximumStates) return result(false);
    const branches = await branchesOf(positions[state]!, parts, isReduced);
    for (const branch of branches) {
      const { violation } = branch.steps.at(-1)!;
      if (violation) return violationAt(state, branch.steps, violation);
      visit(state, branch);
    }
    if (branches.length > 0) continue;
    ends.push(state);
    const simulations = await Promise.all(parts.map((part, index) => part.at(positions[state]!.locals[index]!)));
    try {
      await scope.judge(Object.fromEntries(parts.map(({ service }, index) => [service, simulations[index]])) as never);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      return violationAt(state, [], error);
    }
  }
  const stuck = known.size - countStatesLeadingTo(ends, edges, known.size);
  if (stuck === 0) return result(true);
  const message = `from ${stuck} states no end state can be reached`;
  return result(true, { invariant: 'everything-settles', message, trace: [] });
}

/** The possible next branches. With the reduction, only those that are needed to reach all end states. */
async function branchesOf(position: Position, parts: readonly ServiceStates[], isReduced: boolean): Promise<Branch[]> {
  const { locals } = position;
  const first = isReduced ? await firstService(position, parts) : -1;
  const branches: Branch[] = [];
  for (const [index, part] of parts.entries()) {
    if (first >= 0 && index !== first) continue;
    const local = locals[index]!;
    for (const [number, choice] of part.choices(local).entries()) {
      const cost = isFaulty(choice) ? 1 : 0;
      if (cost > position.faults) continue;
      const step = await part.choose(local, number);
      const branch = {
        position: { ...moveTo(position, index, step.next), faults: position.faults - cost },
        steps: [step],
      };
      if (step.violation) return [branch];
      const timed = await duplicateTimers(branch, step.timers, part, index);
      for (const one of timed) branches.push(...(await deliverToListeners(one, step.published, parts)));
    }
  }
  return branches;
}

/**
 * A service whose steps can come first without losing an end state. There are two cases:
 * - The time of its next steps has no effect on the other services and runs.
 * - No other service can publish an event for it any more. Its own events can wait in the queues of the others. The
 *   limit of faults is common to all services, and a later fault of another one does not change its choices now.
 * @returns its index, or -1
 */
async function firstService(
  { locals, faults, duplicates }: Position,
  parts: readonly ServiceStates[],
): Promise<number> {
  const urgent = parts.findIndex((part, index) => part.isUrgent(locals[index]!));
  if (urgent >= 0 || parts.length === 1) return urgent;
  const publishers = new Set<ServiceStates>();
  for (const [index, part] of parts.entries())
    if (await part.mayPublish(locals[index]!, faults, duplicates)) publishers.add(part);
  return parts.findIndex(
    (part, index) =>
      part.choices(locals[index]!).some((choice) => !isFaulty(choice)) &&
      parts.every((other) => other === part || !publishers.has(other)),
  );
}

/**
 * Delivers events to all their listeners, each once or twice. Both copies are delivered at once: a copy may wait in the
 * queue for any time, so this includes all later deliveries.
 */
async function deliverToListeners(
  start: Branch,
  events: readonly PublishedEvent[],
  parts: readonly ServiceStates[],
): Promise<Branch[]> {
  let branches = [start];
  for (const event of events) {
    for (const [index, part] of parts.entries()) {
      if (!event.listeners.includes(part.service)) continue;
      const delivered: Branch[] = [];
      for (const { position, steps } of branches) {
        for (const copies of position.duplicates > 0 ? [1, 2] : [1]) {
          const step = await part.deliver(position.locals[index]!, event, copies);
          const moved = { ...moveTo(position, index, step.next), duplicates: position.duplicates - (copies - 1) };
          delivered.push({ position: moved, steps: [...steps, step] });
        }
      }
      branches = delivered;
    }
  }
  return branches;
}

/** Messages of a service to itself may be delivered twice too. */
async function duplicateTimers(
  branch: Branch,
  timers: readonly string[],
  part: ServiceStates,
  index: number,
): Promise<Branch[]> {
  const branches = [branch];
  for (const body of timers) {
    for (const { position, steps } of [...branches]) {
      if (position.duplicates === 0) continue;
      const step = await part.duplicate(position.locals[index]!, body);
      const moved = { ...moveTo(position, index, step.next), duplicates: position.duplicates - 1 };
      branches.push({ position: moved, steps: [...steps, step] });
    }
  }
  return branches;
}

function moveTo(position: Position, index: number, local: number): Position {
  return { ...position, locals: position.locals.with(index, local) };
}

/** The number of states from which an end state can be reached. */
function countStatesLeadingTo(ends: readonly number[], edges: { from: number[]; to: number[] }, count: number): number {
  const predecessorsOf: number[][] = Array.from({ length: count }, () => []);
  for (const [index, to] of edges.to.entries()) predecessorsOf[to]!.push(edges.from[index]!);
  const reached = new Set(ends);
  const todo = [...ends];
  while (todo.length > 0) {
    for (const state of predecessorsOf[todo.pop()!]!) {
      if (reached.has(state)) continue;
      reached.add(state);
      todo.push(state);
    }
  }
  return reached.size;
}

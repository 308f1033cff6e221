import type { Service } from './bus.ts';
import type { Plant } from './consumers.ts';
import { Violation } from './oracle.ts';
import type { Scope } from './scope.ts';
import { isFaulty, type Said, SaidRegister, ServiceStates, type Step } from './service-states.ts';
import { entryOf } from './simulation.ts';
import { type Note, traceOf } from './world.ts';

export interface ScopeResult {
  name: string;
  states: number;
  transitions: number;
  ends: number;
  /** States of each service, and of the handlers that run in it. */
  statesOf: Partial<Record<Service, number>>;
  /** Whether every state was visited: false when the limit came first. */
  isComplete: boolean;
  violation?: { invariant: string; message: string; trace: readonly string[] };
}

export interface ExploreOptions {
  /** @default no limit */
  maximumStates?: number;
  plant?: Plant;
  /** Whether to walk only one of several executions that nobody can tell apart. @default true */
  isReduced?: boolean;
}

/** A state of all: that of each service, and what may still happen to them. */
interface Position {
  locals: number[];
  faults: number;
  duplicates: number;
}

interface Branch {
  position: Position;
  /** What happened on the way, one step of a service after the other. */
  steps: readonly Step[];
}

/** Walks every path of a scope, and turns back where it meets a state that it knows. Some end must be reachable from every state. */
export async function exploreScope(
  scope: Scope,
  { maximumStates = Infinity, plant, isReduced = true }: ExploreOptions = {},
): Promise<ScopeResult> {
  const register = new SaidRegister();
  const parts = scope.services.map((service) => new ServiceStates(service, scope, register, { plant, isReduced }));
  const known = new Map<string, number>();
  const positions: Position[] = [];
  const cameBy: { from: number; steps: readonly Step[] }[] = [];
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
    for (let state = from; state >= 0; state = cameBy[state]!.from)
      notes.unshift(...cameBy[state]!.steps.flatMap((step) => step.notes));
    return result(false, { invariant, message, trace: traceOf(notes) });
  };
  const meet = (from: number, { position, steps }: Branch): void => {
    const { locals, faults, duplicates } = position;
    const key = `${locals.join()},${faults},${duplicates}`;
    let state = known.get(key);
    if (state === undefined) {
      state = known.size;
      known.set(key, state);
      positions.push(position);
      cameBy.push({ from, steps });
    }
    if (from < 0) return;
    edges.from.push(from);
    edges.to.push(state);
  };

  const { faults = 0, duplicates = 0 } = scope;
  const origin: Position = { locals: await Promise.all(parts.map((part) => part.start())), faults, duplicates };
  // All is said at the start: a message waits in its queue for as long as it pleases, which is as good as being said late.
  const said = scope.says.map((event) => register.of(entryOf(event)));
  for (const branch of await spread({ position: origin, steps: [] }, said, parts)) meet(-1, branch);

  // Breadth first, so that a violation is told by one of its shortest stories.
  for (let state = 0; state < positions.length; state++) {
    if (known.size >= maximumStates) return result(false);
    const branches = await branchesOf(positions[state]!, parts, isReduced);
    for (const branch of branches) {
      const { violation } = branch.steps.at(-1)!;
      if (violation) return violationAt(state, branch.steps, violation);
      meet(state, branch);
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
  const lost = known.size - countLeadingTo(ends, edges, known.size);
  if (lost === 0) return result(true);
  const message = `from ${lost} states no end can be reached`;
  return result(true, { invariant: 'everything-settles', message, trace: [] });
}

/** Everything that can happen next, or as much of it as one must look at. */
async function branchesOf(position: Position, parts: readonly ServiceStates[], isReduced: boolean): Promise<Branch[]> {
  const { locals } = position;
  const first = isReduced ? await whoGoesFirst(position, parts) : -1;
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
      const timed = await repeatTimers(branch, step.timers, part, index);
      for (const one of timed) branches.push(...(await spread(one, step.says, parts)));
    }
  }
  return branches;
}

/**
 * A service that goes first while the others wait, since nothing is lost by it: its choices are such that nobody can tell when they
 * are taken, or the others have nothing to tell it any more, whatever they do. (What it says to them can wait in their queues. Faults
 * are counted for all together: any that strike the others later leave it its choices now.) @returns its index, or -1
 */
async function whoGoesFirst(
  { locals, faults, duplicates }: Position,
  parts: readonly ServiceStates[],
): Promise<number> {
  const urgent = parts.findIndex((part, index) => part.isUrgent(locals[index]!));
  if (urgent >= 0 || parts.length === 1) return urgent;
  const tellers = new Set<ServiceStates>();
  for (const [index, part] of parts.entries())
    if (await part.mayTell(locals[index]!, faults, duplicates)) tellers.add(part);
  return parts.findIndex(
    (part, index) =>
      part.choices(locals[index]!).some((choice) => !isFaulty(choice)) &&
      parts.every((other) => other === part || !tellers.has(other)),
  );
}

/** Everybody hears what was said; each message of it may come twice. A copy that comes at once can wait, so none need come later. */
async function spread(start: Branch, says: readonly Said[], parts: readonly ServiceStates[]): Promise<Branch[]> {
  let branches = [start];
  for (const said of says) {
    for (const [index, part] of parts.entries()) {
      if (!said.listeners.includes(part.service)) continue;
      const heard: Branch[] = [];
      for (const { position, steps } of branches) {
        for (const copies of position.duplicates > 0 ? [1, 2] : [1]) {
          const step = await part.hear(position.locals[index]!, said, copies);
          const moved = { ...moveTo(position, index, step.next), duplicates: position.duplicates - (copies - 1) };
          heard.push({ position: moved, steps: [...steps, step] });
        }
      }
      branches = heard;
    }
  }
  return branches;
}

/** A message of a service to itself may come twice as well. */
async function repeatTimers(
  branch: Branch,
  timers: readonly string[],
  part: ServiceStates,
  index: number,
): Promise<Branch[]> {
  const branches = [branch];
  for (const body of timers) {
    for (const { position, steps } of [...branches]) {
      if (position.duplicates === 0) continue;
      const step = await part.copy(position.locals[index]!, body);
      const moved = { ...moveTo(position, index, step.next), duplicates: position.duplicates - 1 };
      branches.push({ position: moved, steps: [...steps, step] });
    }
  }
  return branches;
}

function moveTo(position: Position, index: number, local: number): Position {
  return { ...position, locals: position.locals.with(index, local) };
}

/** How many states lead to an end. */
function countLeadingTo(ends: readonly number[], edges: { from: number[]; to: number[] }, count: number): number {
  const cameFrom: number[][] = Array.from({ length: count }, () => []);
  for (const [index, to] of edges.to.entries()) cameFrom[to]!.push(edges.from[index]!);
  const reached = new Set(ends);
  const todo = [...ends];
  while (todo.length > 0) {
    for (const state of cameFrom[todo.pop()!]!) {
      if (reached.has(state)) continue;
      reached.add(state);
      todo.push(state);
    }
  }
  return reached.size;
}

import { createHash } from 'node:crypto';
import { allSeats, flightId } from './bookings.ts';
import { listenersOf, type Service } from './bus.ts';
import type { BusEntry, Plant } from './consumers.ts';
import type { Scope } from './scope.ts';
import { type Fault, faultsOf } from './faults.ts';
import { Violation } from './oracle.ts';
import type { Request } from './run.ts';
import { envelopeOf, Simulation } from './simulation.ts';
import { mailKinds, type Note, sentMails } from './world.ts';

/** Something that was said, whose words are always the same, with all who hear it. */
export interface Said {
  id: number;
  entry: BusEntry;
  listeners: readonly Service[];
}

/** What a service can do next by itself. */
type Choice =
  | { kind: 'receive'; body: string }
  | { kind: 'answer'; run: number; request: number; fault?: Fault }
  | { kind: 'clock'; time: number };
/** All that can happen to a service. */
type Move = Choice | { kind: 'hear'; said: Said; copies: number } | { kind: 'copy'; body: string };

export interface Step {
  next: number;
  /** What the service said meanwhile. */
  says: readonly Said[];
  /** Messages that it sent to itself. */
  timers: readonly string[];
  notes: readonly Note[];
  violation?: Violation;
}

interface State {
  from: number;
  move: Move | undefined;
  choices: readonly Choice[];
  /** Whether nobody can tell when its choices are taken, so that they may as well come before everything else. */
  isUrgent: boolean;
}

/**
 * Every state that one service can come to, numbered, and the steps between them. Services share nothing but messages, so a state of
 * all is a state of each, and what a service does in one of its own need be found out only once, however many states the others
 * are in meanwhile. A run cannot be copied in the middle of a promise: a state is reached by walking to it again from the start.
 */
export class ServiceStates {
  readonly service: Service;
  readonly #scope: Scope;
  readonly #plant: Plant | undefined;
  readonly #isReduced: boolean;
  readonly #states: State[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #steps = new Map<string, Step>();
  readonly #said: SaidRegister;
  readonly #mayTell = new Map<string, boolean>();

  constructor(service: Service, scope: Scope, said: SaidRegister, { plant, isReduced }: StatesOptions) {
    this.service = service;
    this.#scope = scope;
    this.#said = said;
    this.#plant = plant;
    this.#isReduced = isReduced;
  }

  /** How many states of this service were met. */
  get size(): number {
    return this.#states.length;
  }

  async start(): Promise<number> {
    return this.#number(await this.#open(), -1, undefined);
  }

  isUrgent(state: number): boolean {
    return this.#states[state]!.isUrgent;
  }

  choices(state: number): readonly Choice[] {
    return this.#states[state]!.choices;
  }

  /** @param index of the choice */
  choose(state: number, index: number): Step | Promise<Step> {
    return this.#steps.get(`${state} ${index}`) ?? this.#step(state, `${state} ${index}`, this.choices(state)[index]!);
  }

  hear(state: number, said: Said, copies: number): Step | Promise<Step> {
    const key = `${state} hears ${said.id} ${copies}`;
    return this.#steps.get(key) ?? this.#step(state, key, { kind: 'hear', said, copies });
  }

  /** A message that waits comes once more. */
  copy(state: number, body: string): Step | Promise<Step> {
    const key = `${state} copies ${body}`;
    return this.#steps.get(key) ?? this.#step(state, key, { kind: 'copy', body });
  }

  /**
   * Whether a service in this state may still say something that another one hears, if nobody tells it anything more.
   * @param faults how many may still strike @param duplicates how many messages may still come twice
   */
  async mayTell(state: number, faults: number, duplicates: number): Promise<boolean> {
    const keyOfMet = (one: Met): string => `${one.state} ${one.faults} ${one.duplicates}`;
    const verdict = this.#mayTell.get(keyOfMet({ state, faults, duplicates }));
    if (verdict !== undefined) return verdict;
    const met = new Map<string, Met>();
    const meet = (one: Met): void => void met.set(keyOfMet(one), met.get(keyOfMet(one)) ?? one);
    meet({ state, faults, duplicates });
    for (const [key, here] of met) {
      const verdictHere = this.#mayTell.get(key);
      if (verdictHere === false) continue;
      if (verdictHere || (await this.#tellsOrMeets(here, meet))) {
        this.#mayTell.set(keyOfMet({ state, faults, duplicates }), true);
        return true;
      }
    }
    for (const key of met.keys()) this.#mayTell.set(key, false);
    return false;
  }

  /** @returns whether it says something at its next step; otherwise it is told where each step leads */
  async #tellsOrMeets({ state, faults, duplicates }: Met, meet: (met: Met) => void): Promise<boolean> {
    for (const [index, choice] of this.choices(state).entries()) {
      const left = faults - (isFaulty(choice) ? 1 : 0);
      if (left < 0) continue;
      const { next, says, timers } = await this.choose(state, index);
      if (says.some(({ listeners }) => listeners.some((service) => this.#scope.services.includes(service))))
        return true;
      meet({ state: next, faults: left, duplicates });
      if (duplicates === 0) continue;
      for (const body of timers)
        meet({ state: (await this.copy(next, body)).next, faults: left, duplicates: duplicates - 1 });
    }
    return false;
  }

  /** The service in a state. @param onPublished told of what the service says from then on */
  async at(state: number, onPublished: (entry: BusEntry) => void = () => undefined): Promise<Simulation> {
    let isThere = false;
    const simulation = await this.#open((entry) => isThere && onPublished(entry));
    simulation.oracle.isAsleep = true;
    const moves: Move[] = [];
    for (let { move, from } = this.#states[state]!; move; { move, from } = this.#states[from]!) moves.push(move);
    for (const move of moves.reverse()) await this.#perform(simulation, move);
    simulation.oracle.isAsleep = false;
    isThere = true;
    return simulation;
  }

  async #open(onPublished?: (entry: BusEntry) => void): Promise<Simulation> {
    const simulation = new Simulation({
      bookings: this.#scope.bookings,
      services: [this.service],
      isTimeless: true,
      plant: this.#plant,
      ...(onPublished && { onPublished }),
    });
    await simulation.open();
    return simulation;
  }

  async #step(state: number, key: string, move: Move): Promise<Step> {
    const says: Said[] = [];
    const simulation = await this.at(state, (entry) => says.push(this.#said.of(entry)));
    const { world } = simulation;
    const before = world.notes.length;
    const { youngest } = world;
    let violation: Violation | undefined;
    try {
      await this.#perform(simulation, move);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      violation = error;
    }
    const timers =
      move.kind === 'answer'
        ? world.queues[this.service].waiting.filter(({ id }) => id > youngest).map(({ body }) => body)
        : [];
    const next = violation ? state : await this.#number(simulation, state, move);
    const step: Step = { next, says, timers, notes: world.notes.slice(before), ...(violation && { violation }) };
    this.#steps.set(key, step);
    return step;
  }

  async #number(simulation: Simulation, from: number, move: Move | undefined): Promise<number> {
    const key = await keyOf(simulation, this.service);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#states.length;
    this.#numbers.set(key, number);
    this.#states.push({ from, move, ...this.#choicesIn(simulation) });
    return number;
  }

  async #perform(simulation: Simulation, move: Move): Promise<void> {
    const { world } = simulation;
    const queue = world.queues[this.service];
    switch (move.kind) {
      case 'receive': {
        const message = queue.visible(world.now).find(({ body }) => body === move.body)!;
        message.receiveCount = 0;
        return simulation.invoke(this.service, [message]);
      }
      case 'answer':
        return simulation.answer(world.runs[move.run]!.pending[move.request]!, move.fault);
      case 'hear':
        return simulation.hear(this.service, move.said.entry, move.copies);
      case 'copy': {
        const message = queue.waiting.find(({ body }) => body === move.body)!;
        world.note(`✗ ${message.label} comes twice`);
        return queue.add(world.copyOf(message, message.visibleAt));
      }
      case 'clock':
        world.now = move.time;
        return world.note(`the clock of ${this.service} is set`);
    }
  }

  #choicesIn({ world }: Simulation): Pick<State, 'choices' | 'isUrgent'> {
    const scope = this.#scope;
    const answersTo = (request: Request): Choice[] => {
      const run = world.runs.indexOf(request.run);
      const position = request.run.pending.indexOf(request);
      const faults = scope.faults ? faultsOf(request.operation).filter((kind) => scope.kinds?.includes(kind)) : [];
      return [undefined, ...faults].map((kind) => ({
        kind: 'answer',
        run,
        request: position,
        ...(kind && { fault: kind === 'partly-refused' ? { kind, positions: new Set([0]) } : { kind } }),
      }));
    };
    const requests = world.runs.flatMap(({ pending }) => pending);
    const urgent = this.#isReduced && requests.find((request) => this.#canComeFirst(request));
    if (urgent) return { choices: answersTo(urgent), isUrgent: true };
    const hasRoom = world.runs.length < (scope.concurrency?.[this.service] ?? 2);
    const bodies = hasRoom ? new Set(world.queues[this.service].visible(world.now).map(({ body }) => body)) : [];
    const receive = [...bodies].map((body): Choice => ({ kind: 'receive', body }));
    const time = scope.times?.[this.service]?.find((time) => time > world.now);
    const clock: Choice[] = time === undefined ? [] : [{ kind: 'clock', time }];
    return { choices: [...requests.flatMap(answersTo), ...receive, ...clock], isUrgent: false };
  }

  /**
   * Whether an execution in which this request is answered later is as good as one in which it is answered now. What a run says
   * can wait in queues for as long as it pleases, no run can see that another is about to say or to acknowledge something, and the
   * first request of a run is as good as its beginning.
   */
  #canComeFirst({ operation, run }: Request): boolean {
    if (run.history === '') return true;
    if (operation === 'queue.sendToSelf') return !this.#scope.times?.[this.service];
    return ['bus.putEvents', 'publisher.pause', 'queue.acknowledge', 'deadLetters.send'].includes(operation);
  }
}

interface Met {
  state: number;
  faults: number;
  duplicates: number;
}

interface StatesOptions {
  plant: Plant | undefined;
  /** Whether requests whose time nobody can tell come first. */
  isReduced: boolean;
}

export function isFaulty(choice: Choice): boolean {
  return choice.kind === 'answer' && choice.fault !== undefined;
}

/** Everything that was ever said, numbered by its words. */
export class SaidRegister {
  readonly #known = new Map<string, Said>();

  of(entry: BusEntry): Said {
    const known = this.#known.get(entry.detail);
    if (known) return known;
    const said: Said = { id: this.#known.size, entry, listeners: listenersOf(envelopeOf(entry)) };
    this.#known.set(entry.detail, said);
    return said;
  }
}

/** What tells one state from another: memory, the queue, and what each run was told so far. */
async function keyOf({ world, oracle }: Simulation, service: Service): Promise<string> {
  const { waiting, deadLetters } = world.queues[service];
  const parts: unknown[] = [
    world.now,
    waiting.map(({ body, visibleAt }) => (visibleAt > world.now ? body + visibleAt : body)).sort(),
    deadLetters.map(({ body }) => body).sort(),
    world.runs.map(({ messages, history }) => `${messages[0]!.body}${history}`).sort(),
    [...world.plantMemory].map(([key, value]) => [key, value instanceof Set ? [...(value as Set<unknown>)] : value]),
    [...world.providerAnswers].sort(),
  ];
  const { holders } = await world.seatStore.viewRequest({ ...world.bookings[0]!.request, flightId, seats: allSeats });
  parts.push([...holders].sort());
  for (const { request } of world.bookings) {
    const id = request.bookingId;
    const stores = [world.seatStore, world.paymentStore, world.receiptStore];
    for (const store of stores) parts.push(await store.load(id));
    parts.push([...(oracle.said.get(id)?.keys() ?? [])].sort());
    for (const kind of mailKinds) parts.push(sentMails(world, id, kind), oracle.forgottenMails(id, kind));
  }
  for (const items of [world.onceItems.payments, world.onceItems.receipts]) {
    parts.push(
      [...items]
        .map(([key, item]) => [key, item.state === 'completed' ? item.result : item.owner.state === 'live'])
        .sort(),
    );
  }
  return createHash('sha1').update(JSON.stringify(parts)).digest('base64');
}

import { createHash } from 'node:crypto';
import { allSeats, flightId } from './bookings.ts';
import type { Listeners, Service } from './bus.ts';
import type { BusEntry, PlantedBug } from './consumers.ts';
import type { Scope } from './scope.ts';
import { type Fault, faultsOf } from './faults.ts';
import { Violation } from './oracle.ts';
import type { Request } from './run.ts';
import { envelopeOf, Simulation } from './simulation.ts';
import type { Message } from './simulated-queue.ts';
import { mailKinds, type Note, sentMails } from './world.ts';

/** An event that some service or producer publishes, and the services that subscribe to it. */
export interface PublishedEvent {
  id: number;
  entry: BusEntry;
  listeners: readonly Service[];
}

/** A possible next step of a service that does not depend on other services. */
type Choice =
  | { kind: 'receive'; body: string }
  | { kind: 'answer'; run: number; request: number; fault?: Fault }
  | { kind: 'clock'; time: number };
/** Any step of a service. */
type Move = Choice | { kind: 'deliver'; event: PublishedEvent; copies: number } | { kind: 'duplicate'; body: string };

export interface Step {
  next: number;
  /** The events that the service published in this step. */
  published: readonly PublishedEvent[];
  /** The bodies of messages that it sent to itself in this step. */
  timers: readonly string[];
  notes: readonly Note[];
  violation?: Violation;
}

interface State {
  from: number;
  move: Move | undefined;
  choices: readonly Choice[];
  /** Whether the time of its choices has no effect on other runs and services, so that they can come first. */
  isUrgent: boolean;
}

/**
 * The reachable states of one service, numbered, and the steps between them. Services share nothing but messages. So a
 * state of the whole is one state of each service, and each step of a service is computed only once, whatever the
 * states of the others. A run cannot be copied while it waits for a promise, so a state is restored by repeating its
 * steps from the start.
 */
export class ServiceStates {
  readonly service: Service;
  readonly #scope: Scope;
  readonly #plant: PlantedBug | undefined;
  readonly #isReduced: boolean;
  readonly #states: State[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #steps = new Map<string, Step>();
  readonly #events: PublishedEvents;
  readonly #mayPublish = new Map<string, boolean>();

  constructor(service: Service, scope: Scope, events: PublishedEvents, { plant, isReduced }: StatesOptions) {
    this.service = service;
    this.#scope = scope;
    this.#events = events;
    this.#plant = plant;
    this.#isReduced = isReduced;
  }

  /** The number of states so far. */
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

  /** Takes a choice. @param index of the choice in `choices(state)` */
  choose(state: number, index: number): Step | Promise<Step> {
    return this.#steps.get(`${state} ${index}`) ?? this.#step(state, `${state} ${index}`, this.choices(state)[index]!);
  }

  /** Delivers an event to the queue. */
  deliver(state: number, event: PublishedEvent, copies: number): Step | Promise<Step> {
    const key = `${state} deliver ${event.id} ${copies}`;
    return this.#steps.get(key) ?? this.#step(state, key, { kind: 'deliver', event, copies });
  }

  /** Adds a second copy of a message in the queue. */
  duplicate(state: number, body: string): Step | Promise<Step> {
    const key = `${state} duplicate ${body}`;
    return this.#steps.get(key) ?? this.#step(state, key, { kind: 'duplicate', body });
  }

  /**
   * Whether a service in this state may still publish an event that another one subscribes to, when it receives no more
   * events.
   * @param faults the number of faults that may still occur
   * @param duplicates the number of messages that may still be delivered twice
   */
  async mayPublish(state: number, faults: number, duplicates: number): Promise<boolean> {
    const keyOfReached = (one: Reached): string => `${one.state} ${one.faults} ${one.duplicates}`;
    const known = this.#mayPublish.get(keyOfReached({ state, faults, duplicates }));
    if (known !== undefined) return known;
    const reached = new Map<string, Reached>();
    const visit = (one: Reached): void => void reached.set(keyOfReached(one), reached.get(keyOfReached(one)) ?? one);
    visit({ state, faults, duplicates });
    for (const [key, one] of reached) {
      const knownOfOne = this.#mayPublish.get(key);
      if (knownOfOne === false) continue;
      if (knownOfOne || (await this.#publishesOrVisits(one, visit))) {
        this.#mayPublish.set(keyOfReached({ state, faults, duplicates }), true);
        return true;
      }
    }
    for (const key of reached.keys()) this.#mayPublish.set(key, false);
    return false;
  }

  /** @returns whether one of the next steps publishes an event. If not, it has called `visit` for all next states. */
  async #publishesOrVisits(
    { state, faults, duplicates }: Reached,
    visit: (reached: Reached) => void,
  ): Promise<boolean> {
    for (const [index, choice] of this.choices(state).entries()) {
      const left = faults - (isFaulty(choice) ? 1 : 0);
      if (left < 0) continue;
      const { next, published, timers } = await this.choose(state, index);
      if (published.some(({ listeners }) => listeners.some((service) => this.#scope.services.includes(service))))
        return true;
      visit({ state: next, faults: left, duplicates });
      if (duplicates === 0) continue;
      for (const body of timers)
        visit({ state: (await this.duplicate(next, body)).next, faults: left, duplicates: duplicates - 1 });
    }
    return false;
  }

  /** The service in a state. @param onPublished called for the events that the service publishes after this state */
  async at(state: number, onPublished: (entry: BusEntry) => void = () => undefined): Promise<Simulation> {
    let isRestored = false;
    const simulation = await this.#open((entry) => isRestored && onPublished(entry));
    simulation.oracle.isReplaying = true;
    const moves: Move[] = [];
    for (let { move, from } = this.#states[state]!; move; { move, from } = this.#states[from]!) moves.push(move);
    for (const move of moves.reverse()) await this.#perform(simulation, move);
    simulation.oracle.isReplaying = false;
    isRestored = true;
    return simulation;
  }

  async #open(onPublished?: (entry: BusEntry) => void): Promise<Simulation> {
    const simulation = new Simulation({
      bookings: this.#scope.bookings,
      services: [this.service],
      isTimeless: true,
      isFlightLate: this.#scope.events.some(({ type }) => type === 'FlightScheduled'),
      plant: this.#plant,
      listeners: this.#events.listeners,
      ...(onPublished && { onPublished }),
    });
    await simulation.open();
    return simulation;
  }

  async #step(state: number, key: string, move: Move): Promise<Step> {
    const published: PublishedEvent[] = [];
    const simulation = await this.at(state, (entry) => published.push(this.#events.register(entry)));
    const { world } = simulation;
    const before = world.notes.length;
    const { lastMessageId } = world;
    let violation: Violation | undefined;
    try {
      await this.#perform(simulation, move);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      violation = error;
    }
    const timers =
      move.kind === 'answer'
        ? world.queues[this.service].waiting.filter(({ id }) => id > lastMessageId).map(({ body }) => body)
        : [];
    const next = violation ? state : await this.#number(simulation, state, move);
    const step: Step = { next, published, timers, notes: world.notes.slice(before), ...(violation && { violation }) };
    this.#steps.set(key, step);
    return step;
  }

  async #number(simulation: Simulation, from: number, move: Move | undefined): Promise<number> {
    const key = await keyOf(simulation, this.service, this.#scope);
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
        message.receiveCount = this.#scope.countsReceives ? Math.min(message.receiveCount, 2) : 0;
        return simulation.invoke(this.service, [message]);
      }
      case 'answer':
        return simulation.answer(world.runs[move.run]!.pending[move.request]!, move.fault);
      case 'deliver':
        return simulation.deliver(this.service, move.event.entry, move.copies);
      case 'duplicate': {
        const message = queue.waiting.find(({ body }) => body === move.body)!;
        world.note(`✗ ${message.label} is delivered twice`);
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
   * Whether every execution that performs this request later is equivalent to one that performs it now. This is so for:
   * - an operation that publishes, pauses or acknowledges: no other run reads its effect, and messages can wait in
   *   their queue for any time;
   * - the first request of a run: the run could have started later instead.
   */
  #canComeFirst({ operation, run }: Request): boolean {
    if (run.history === '') return true;
    if (operation === 'queue.sendToSelf') return !this.#scope.times?.[this.service];
    return ['bus.putEvents', 'publisher.pause', 'queue.acknowledge', 'deadLetters.send'].includes(operation);
  }
}

/** A state, and the faults and duplicates that are left when it is reached. */
interface Reached {
  state: number;
  faults: number;
  duplicates: number;
}

interface StatesOptions {
  plant: PlantedBug | undefined;
  /** Whether requests come first when their time has no effect on others. */
  isReduced: boolean;
}

export function isFaulty(choice: Choice): boolean {
  return choice.kind === 'answer' && choice.fault !== undefined;
}

/** All events that were published in a search, numbered by their detail. */
export class PublishedEvents {
  readonly listeners: Listeners;
  readonly #known = new Map<string, PublishedEvent>();

  constructor(listeners: Listeners) {
    this.listeners = listeners;
  }

  register(entry: BusEntry): PublishedEvent {
    const known = this.#known.get(entry.detail);
    if (known) return known;
    const event: PublishedEvent = { id: this.#known.size, entry, listeners: this.listeners(envelopeOf(entry)) };
    this.#known.set(entry.detail, event);
    return event;
  }
}

/** The identity of a state: the stores, the queue, and the history of each run. */
async function keyOf(
  { world, oracle }: Simulation,
  service: Service,
  { countsReceives }: Pick<Scope, 'countsReceives'>,
): Promise<string> {
  const textOf = ({ body, receiveCount }: Message): string =>
    countsReceives ? `${body}${Math.min(receiveCount, 3)}` : body;
  const { waiting, deadLetters } = world.queues[service];
  const parts: unknown[] = [
    world.now,
    waiting.map((message) => `${textOf(message)}${message.visibleAt > world.now ? message.visibleAt : ''}`).sort(),
    deadLetters.map(({ body }) => body).sort(),
    world.runs.map(({ messages, history }) => `${textOf(messages[0]!)}${history}`).sort(),
    [...world.bugState].map(([key, value]) => [key, value instanceof Set ? [...(value as Set<unknown>)] : value]),
    [...world.providerAnswers].sort(),
  ];
  const view = await world.seatStore.viewRequest({ ...world.bookings[0]!.request, flightId, seats: allSeats });
  parts.push([...view.holders].sort(), view.flight !== undefined);
  for (const { request } of world.bookings) {
    const id = request.bookingId;
    const stores = [world.seatStore, world.paymentStore, world.receiptStore];
    for (const store of stores) parts.push(await store.load(id));
    parts.push([...(oracle.published.get(id)?.keys() ?? [])].sort());
    for (const kind of mailKinds) parts.push(sentMails(world, id, kind), oracle.unrecordedMails(id, kind));
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

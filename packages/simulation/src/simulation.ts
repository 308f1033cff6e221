import { type AirlineEvent, sourceOf } from '@airline/events-schemas/events';
import type { EventEnvelope } from '@airline/events-schemas/parse-event';
import { type Booking, epoch, flight } from './bookings.ts';
import { functionTimeouts, listenersOf, type Service } from './bus.ts';
import { type BusEntry, consumerOf, type Plant } from './consumers.ts';
import type { Fault } from './faults.ts';
import { Oracle, Violation } from './oracle.ts';
import { InjectedFault, type Request, Run } from './run.ts';
import type { Message } from './simulated-queue.ts';
import { World } from './world.ts';

/**
 * Milliseconds for which a request can stay on the wire after its function died, or after its caller gave it up: less than it
 * takes its message to come again. One that stayed longer could claim a seat behind the back of the run that came after it.
 */
export const onTheWire = 5000;
const onTheWireOfTheLiving = 1000;

/** How one event reaches one queue. */
export interface Delivery {
  /** One delay (milliseconds) for each copy. */
  delays: readonly number[];
  /** Goes to the queue's undelivered events instead. */
  undelivered: boolean;
}
const atOnce: Delivery = { delays: [0], undelivered: false };

export interface SimulationOptions {
  bookings: readonly Booking[];
  /** Those that take part; the others hear nothing. @default all */
  services?: readonly Service[];
  deliver?: (service: Service, detailType: string) => Delivery;
  /** Told of everything that is said, whoever hears it. */
  onPublished?: (entry: BusEntry) => void;
  /**
   * A search without a clock: what waits for time alone (a retry, the guard of a dead run) may happen at once. Hold timers do not:
   * they wait for the clock to be set. @default false
   */
  isTimeless?: boolean;
  plant?: Plant | undefined;
}

/** The airline, one step at a time. Whoever drives it decides which step is next, and what goes wrong with it. */
export class Simulation {
  readonly world: World;
  readonly oracle: Oracle;
  readonly options: SimulationOptions;
  #nextRun = 1;

  constructor(options: SimulationOptions) {
    this.options = options;
    this.world = new World(options.bookings);
    this.oracle = new Oracle(this.world);
  }

  async open(): Promise<void> {
    await this.world.seatStore.scheduleFlight(flight, epoch);
  }

  /** Someone outside puts an event on the bus. */
  publish(event: AirlineEvent): void {
    this.world.note(`a producer publishes ${event.type} of ${this.world.nameOf(event.metadata.correlationId)}`);
    this.#deliver(entryOf(event));
  }

  /** A service hears what others said, who do not take part. It may hear it more than once. */
  hear(service: Service, entry: BusEntry, copies: number): void {
    const { world } = this;
    const envelope = envelopeOf(entry);
    this.oracle.onHeard(envelope);
    const { detailType } = entry;
    const { data } = envelope.detail as { data: { bookingId: string } };
    world.note(
      `${service} is sent ${detailType} of ${world.nameOf(data.bookingId)}${copies > 1 ? ` ✗ ${copies} times` : ''}`,
    );
    for (let copy = 0; copy < copies; copy++)
      world.queues[service].add(world.newMessage(JSON.stringify(envelope), detailType, data.bookingId, world.now));
  }

  #deliver(entry: BusEntry): void {
    const { world, options } = this;
    const { detailType } = entry;
    const envelope = envelopeOf(entry);
    this.oracle.onPublished(envelope);
    options.onPublished?.(entry);
    const { data } = envelope.detail as { data: { bookingId: string } };
    for (const service of listenersOf(envelope)) {
      if (options.services && !options.services.includes(service)) continue;
      const { delays, undelivered } = options.deliver?.(service, detailType) ?? atOnce;
      const queue = world.queues[service];
      const body = JSON.stringify(envelope);
      const copies = delays.map((delay) => world.newMessage(body, detailType, data.bookingId, world.now + delay));
      if (undelivered) {
        queue.undelivered.push(...copies);
        world.note(`  ✗ EventBridge cannot deliver ${copies[0]!.label} to ${service}`);
      } else {
        for (const copy of copies) queue.add(copy);
        if (copies.length > 1) world.note(`  ✗ ${copies[0]!.label} reaches ${service} ${copies.length} times`);
      }
    }
  }

  /** A service's function is invoked with messages that it can see. */
  async invoke(service: Service, chosen: readonly Message[], skew = 0): Promise<void> {
    const { world } = this;
    const messages = world.queues[service].receive(chosen);
    if (messages.length === 0) return;
    const run = new Run(this.#nextRun++, service, messages, world.now, skew);
    world.runs.push(run);
    world.note(
      `${run.name} receives ${messages.map(({ label }) => label).join(', ')}${skew ? ` (its clock: ${skew} ms)` : ''}`,
    );
    void this.#work(run);
    await settled();
  }

  async #work(run: Run): Promise<void> {
    const { world, options } = this;
    const bus = (entry: BusEntry): void => this.#deliver(entry);
    const failed = await consumerOf({
      world,
      run,
      bus,
      isTimeless: options.isTimeless ?? false,
      plant: options.plant ?? {},
      oracle: this.oracle,
    });
    await run.request('queue.acknowledge', undefined, () => {
      run.state = 'done';
      this.#leave(run);
      for (const message of run.messages) {
        const retryAt = failed.get(message.id);
        if (retryAt !== undefined) world.queues[run.service].giveBack(message, retryAt);
      }
    });
  }

  /** One request is answered, or meets its fault; then everything that this allows happens, up to the next requests. */
  async answer(request: Request, fault?: Fault): Promise<void> {
    const { world, options } = this;
    const { run, operation } = request;
    run.pending = run.pending.filter((other) => other !== request);
    const subject =
      request.bookingId === undefined
        ? run.messages.map(({ label }) => label).join(', ')
        : world.nameOf(request.bookingId);
    world.note(`${run.name} ${operation} (${subject})${fault ? ` ✗ ${fault.kind}` : ''}`);
    switch (fault?.kind) {
      case undefined:
      case 'partly-refused':
        try {
          return await this.#tell(request, await this.#perform(request, fault?.positions));
        } catch (error) {
          if (error instanceof Violation) throw error;
          request.fail(error as Error);
          return settled();
        }
      case 'own-write-conflicts':
        await this.#perform(request);
        return this.#tell(request, operation === 'paymentStore.save' ? undefined : false);
      case 'refused':
        this.oracle.onReplyLost(request);
        request.fail(new InjectedFault(`${operation}: refused`));
        break;
      case 'reply-lost':
        await this.#perform(request);
        this.oracle.onReplyLost(request);
        request.fail(new InjectedFault(`${operation}: done, but the answer was lost`));
        break;
      case 'crash-before':
        this.crash(run);
        break;
      case 'crash-after':
        await this.#perform(request);
        this.crash(run);
        break;
      case 'crash-in-flight':
        this.letGo([request, ...this.crash(run)], world.now + onTheWire);
        break;
      case 'arrives-late':
        this.letGo([request], world.now + onTheWireOfTheLiving);
        this.oracle.onReplyLost(request);
        request.fail(new InjectedFault(`${operation}: no answer`));
        break;
    }
    if (options.isTimeless) run.history += `|${operation}:${fault.kind}`;
    await settled();
  }

  async #tell(request: Request, result: unknown): Promise<void> {
    if (this.options.isTimeless) request.run.history += `|${request.operation}=${textOf(result)}`;
    request.answer(result);
    await settled();
  }

  async #perform(request: Request, refused?: ReadonlySet<number>): Promise<unknown> {
    const result = await request.effect(refused);
    if (request.operation.startsWith('provider.'))
      this.world.providerAnswers.set(`${request.bookingId} ${request.operation}`, textOf(result));
    await this.oracle.onEffect(request);
    return result;
  }

  /** Nobody waits for these requests any more, but until then they may arrive. */
  letGo(requests: readonly Request[], landsBefore: number): void {
    for (const request of requests) request.landsBefore = landsBefore;
    this.world.orphans.push(...requests);
  }

  /** A request that was let go arrives after all. What it makes of a world that moved on may be a refusal: nobody hears it. */
  async land(orphan: Request): Promise<void> {
    this.world.orphans = this.world.orphans.filter((other) => other !== orphan);
    this.world.note(`${orphan.run.name} let go of ${orphan.operation}, and it arrives`);
    await orphan.effect().catch(() => undefined);
    await this.oracle.onEffect(orphan);
    this.oracle.onReplyLost(orphan);
  }

  /** @returns the requests that were under way */
  crash(run: Run): Request[] {
    const { world, options } = this;
    const underWay = run.crash();
    this.#leave(run);
    const again = options.isTimeless
      ? world.now
      : Math.max(world.now, run.startedAt + 6 * functionTimeouts[run.service]);
    for (const message of run.messages) world.queues[run.service].giveBack(message, again);
    return underWay;
  }

  #leave(run: Run): void {
    this.world.runs = this.world.runs.filter((other) => other !== run);
    this.oracle.onRunOver(run);
  }
}

/** What a producer hands to the bus. */
export function entryOf({ type, metadata, data }: AirlineEvent): BusEntry {
  return { source: sourceOf(type), detailType: type, detail: JSON.stringify({ metadata, data }) };
}

/** The envelope's time is the only part that a repetition changes, and nothing may depend on it. */
export function envelopeOf({ source, detailType, detail }: BusEntry): EventEnvelope {
  return { 'detail-type': detailType, source, time: new Date(epoch).toISOString(), detail: JSON.parse(detail) };
}

/** Resolves when all that can go on without another answer has gone on: promises run dry before the event loop turns. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The flight is always the same, and long. */
function textOf(result: unknown): string {
  const plain = (key: string, value: unknown): unknown => {
    if (key === 'flight') return undefined;
    return value instanceof Map ? [...(value as Map<unknown, unknown>)] : value;
  };
  return JSON.stringify(result, plain) ?? '';
}

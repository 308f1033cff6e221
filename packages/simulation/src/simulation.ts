import { type AirlineEvent, sourceOf } from '@airline/events-schemas/events';
import type { EventEnvelope } from '@airline/events-schemas/parse-event';
import { flightVersionOf } from '@airline/events-schemas/flight-version';
import { type Booking, epoch, flight, flightScheduled } from './bookings.ts';
import { functionTimeouts, type Listeners, listenersOf, type Service } from './bus.ts';
import { type BusEntry, runConsumer, type PlantedBug } from './consumers.ts';
import type { Fault } from './faults.ts';
import { Oracle, Violation } from './oracle.ts';
import { InjectedFault, type Request, Run } from './run.ts';
import type { Message } from './simulated-queue.ts';
import { World } from './world.ts';

/**
 * Milliseconds for which a request can be in flight after its function crashed. This is less than the time until the
 * redelivery of its message. A request that arrived later could claim a seat after the next run has freed it.
 */
export const inFlightAfterCrash = 5000;
/** Milliseconds for which a request can be in flight after its caller got a timeout. */
const inFlightAfterTimeout = 1000;

/** The delivery of one event to one queue. */
export interface Delivery {
  /** One delay (milliseconds) for each copy. */
  delays: readonly number[];
  /** Whether the copies go to the queue's undelivered events. */
  undelivered: boolean;
}
const atOnce: Delivery = { delays: [0], undelivered: false };

export interface SimulationOptions {
  bookings: readonly Booking[];
  /** Whether seats gets the flight only as an event, at any time. @default seats knows it from the start */
  isFlightLate?: boolean;
  /** The services that take part. The others receive no events. @default all */
  services?: readonly Service[];
  /** The rules of the bus. @default those of the services' subscriptions */
  listeners?: Listeners | undefined;
  /** @default one copy at once */
  planDelivery?: (service: Service, detailType: string) => Delivery;
  /** Called for every published event. */
  onPublished?: (entry: BusEntry) => void;
  /**
   * Whether the search has no clock: a retry, and a guard of a crashed run, may happen at once instead of after their
   * time. Hold timers still wait until the clock is set.
   * @default false
   */
  isTimeless?: boolean;
  plant?: PlantedBug | undefined;
}

/** The airline, one step at a time. Its caller chooses each next step and its fault. */
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
    if (this.options.isFlightLate) return;
    await this.world.seatStore.scheduleFlight(flight, flightVersionOf(flightScheduled));
  }

  /** A producer outside the simulated services publishes an event. */
  publish(event: AirlineEvent): void {
    this.world.note(`a producer publishes ${event.type} of ${this.world.nameOf(event.metadata.correlationId)}`);
    this.#route(entryOf(event));
  }

  /** Delivers an event of a service that does not take part in this simulation. */
  deliver(service: Service, entry: BusEntry, copies: number): void {
    const { world } = this;
    const envelope = envelopeOf(entry);
    this.oracle.onExternalEvent(envelope);
    const { detailType } = entry;
    const bookingId = correlationIdIn(envelope);
    world.note(
      `${detailType} of ${world.nameOf(bookingId)} is delivered to ${service}${copies > 1 ? ` ✗ ${copies} times` : ''}`,
    );
    for (let copy = 0; copy < copies; copy++)
      world.queues[service].add(world.newMessage(JSON.stringify(envelope), detailType, bookingId, world.now));
  }

  #route(entry: BusEntry): void {
    const { world, options } = this;
    const { detailType } = entry;
    const envelope = envelopeOf(entry);
    this.oracle.onPublished(envelope);
    options.onPublished?.(entry);
    const bookingId = correlationIdIn(envelope);
    for (const service of (options.listeners ?? listenersOf)(envelope)) {
      if (options.services && !options.services.includes(service)) continue;
      const { delays, undelivered } = options.planDelivery?.(service, detailType) ?? atOnce;
      const queue = world.queues[service];
      const body = JSON.stringify(envelope);
      const copies = delays.map((delay) => world.newMessage(body, detailType, bookingId, world.now + delay));
      if (undelivered) {
        queue.undelivered.push(...copies);
        world.note(`  ✗ EventBridge cannot deliver ${copies[0]!.label} to ${service}`);
      } else {
        for (const copy of copies) queue.add(copy);
        if (copies.length > 1) world.note(`  ✗ ${copies[0]!.label} is delivered to ${service} ${copies.length} times`);
      }
    }
  }

  /** Invokes a service's function with visible messages of its queue. */
  async invoke(service: Service, chosen: readonly Message[], skew = 0): Promise<void> {
    const { world } = this;
    const messages = world.queues[service].receive(chosen);
    if (messages.length === 0) return;
    const run = new Run(this.#nextRun++, service, messages, world.now, skew);
    world.runs.push(run);
    if (!this.options.isTimeless) this.oracle.onReceived(run);
    world.note(
      `${run.name} receives ${messages.map(({ label }) => label).join(', ')}${skew ? ` (its clock: ${skew} ms)` : ''}`,
    );
    void this.#execute(run);
    await settled();
  }

  async #execute(run: Run): Promise<void> {
    const { world, options } = this;
    const bus = (entry: BusEntry): void => this.#route(entry);
    const failed = await runConsumer({
      world,
      run,
      bus,
      isTimeless: options.isTimeless ?? false,
      plant: options.plant ?? {},
      oracle: this.oracle,
    });
    await run.request('queue.acknowledge', undefined, () => {
      run.state = 'done';
      this.#endRun(run);
      for (const message of run.messages) {
        const retryAt = failed.get(message.id);
        if (retryAt !== undefined) world.queues[run.service].requeue(message, retryAt);
      }
    });
  }

  /** Performs a request, or its fault. Returns when the run has made its next requests or has ended. */
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
          return await this.#respond(request, await this.#perform(request, fault?.positions));
        } catch (error) {
          if (error instanceof Violation) throw error;
          request.fail(error as Error);
          return settled();
        }
      case 'own-write-conflicts':
        await this.#perform(request);
        return this.#respond(request, operation === 'paymentStore.save' ? undefined : false);
      case 'refused':
        this.oracle.onReplyLost(request);
        request.fail(new InjectedFault(`${operation}: refused`));
        break;
      case 'reply-lost':
        await this.#perform(request);
        this.oracle.onReplyLost(request);
        request.fail(new InjectedFault(`${operation}: done, but the response was lost`));
        break;
      case 'crash-before':
        this.crash(run);
        break;
      case 'crash-after':
        await this.#perform(request);
        this.crash(run);
        break;
      case 'crash-in-flight':
        this.abandon([request, ...this.crash(run)], world.now + inFlightAfterCrash);
        break;
      case 'arrives-late':
        this.abandon([request], world.now + inFlightAfterTimeout);
        this.oracle.onReplyLost(request);
        request.fail(new InjectedFault(`${operation}: no response`));
        break;
    }
    if (options.isTimeless) run.history += `|${operation}:${fault.kind}`;
    await settled();
  }

  async #respond(request: Request, result: unknown): Promise<void> {
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

  /** No run waits for these requests any more. They may arrive until `arrivesBefore`. */
  abandon(requests: readonly Request[], arrivesBefore: number): void {
    for (const request of requests) request.arrivesBefore = arrivesBefore;
    this.world.orphans.push(...requests);
  }

  /** An abandoned request arrives. When it fails now, no run gets the error. */
  async arrive(orphan: Request): Promise<void> {
    this.world.orphans = this.world.orphans.filter((other) => other !== orphan);
    this.world.note(`${orphan.operation} of ${orphan.run.name} arrives late`);
    await orphan.effect().catch(() => undefined);
    await this.oracle.onEffect(orphan);
    this.oracle.onReplyLost(orphan);
  }

  /** @returns the requests of the run that were pending */
  crash(run: Run): Request[] {
    const { world, options } = this;
    const pending = run.crash();
    this.#endRun(run);
    const visibleAt = options.isTimeless
      ? world.now
      : Math.max(world.now, run.startedAt + 6 * functionTimeouts[run.service]);
    for (const message of run.messages) world.queues[run.service].requeue(message, visibleAt);
    return pending;
  }

  #endRun(run: Run): void {
    this.world.runs = this.world.runs.filter((other) => other !== run);
    this.oracle.onRunEnd(run);
  }
}

/** The bookingId of an event, or the flightId of `FlightScheduled`. */
function correlationIdIn({ detail }: EventEnvelope): string {
  return (detail as { metadata: { correlationId: string } }).metadata.correlationId;
}

/** The PutEvents entry of an event. */
export function entryOf({ type, metadata, data }: AirlineEvent): BusEntry {
  return { source: sourceOf(type), detailType: type, detail: JSON.stringify({ metadata, data }) };
}

/** The envelope of an entry. Its time is constant, so that a repeated event has the same envelope. */
export function envelopeOf({ source, detailType, detail }: BusEntry): EventEnvelope {
  return { 'detail-type': detailType, source, time: new Date(epoch).toISOString(), detail: JSON.parse(detail) };
}

/**
 * Resolves when no run can continue without another response. All promise callbacks run before the event loop calls
 * setImmediate.
 */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A result as text. The content of the flight is left out: it is long and always the same. */
function textOf(result: unknown): string {
  const plain = (key: string, value: unknown): unknown => {
    if (key === 'flight') return value === undefined ? undefined : 'known';
    return value instanceof Map ? [...(value as Map<unknown, unknown>)] : value;
  };
  return JSON.stringify(result, plain) ?? '';
}

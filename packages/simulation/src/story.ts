import type { AirlineEvent } from '@airline/events-schemas/events';
import type { EventEnvelope } from '@airline/events-schemas/parse-event';
import { formatMoney } from '@airline/events-schemas/currency';
import { foldStatus } from '@airline/status/src/domain.ts';
import { allSeats, type Booking, epoch } from './bookings.ts';
import { type Listeners, listenersOf, type Service, services } from './bus.ts';
import type { PlantedBug } from './consumers.ts';
import { Violation } from './oracle.ts';
import type { Request } from './run.ts';
import { Simulation } from './simulation.ts';
import type { Message } from './simulated-queue.ts';
import type { MailKind } from './world.ts';

/** Whoever takes part in a story: a service, or somebody outside. */
export type Participant = Service | 'bookings' | 'Stripe' | 'customer';

/** What happened, in the order in which the real handlers did it. */
export type StoryStep =
  /** A service received an event. `from` is the service that published it. `again`: it had received it before. */
  | { kind: 'event'; from: Participant; to: Service; text: string; again: boolean }
  /** A service asked somebody outside, or sent itself a delayed message. */
  | { kind: 'call'; from: Service; to: Participant; text: string; answer?: string }
  /** A service got a message that it had sent to itself. */
  | { kind: 'timer'; service: Service; text: string }
  /** The state of a service's record changed, or the status did. */
  | { kind: 'state'; service: Service; text: string }
  | { kind: 'failure'; service: Service; text: string }
  /** Something that no service did: time passed, an operator acted. */
  | { kind: 'remark'; text: string };

/** A sequence of steps that the real handlers took, and what came of it. */
export interface Story {
  title: string;
  /** What was done, in plain words. */
  what: string;
  steps: StoryStep[];
  /** One sentence for each booking: its status, seats, money and mails. */
  outcomes: string[];
  /** Whether every booking has a settled status. */
  isSettled: boolean;
}

export interface StoryScript {
  title: string;
  what: string;
  bookings: readonly Booking[];
  play: (teller: Storyteller) => Promise<void>;
}

const minute = 60_000;
const mailNames = { Receipt: 'receipt', Refund: 'refund notice' } satisfies Record<MailKind, string>;

/** Plays a script with the real handlers and records it. The same script gives the same story. */
export async function recordStory(
  { title, what, bookings, play }: StoryScript,
  listeners = listenersOf,
  plant?: PlantedBug,
): Promise<Story> {
  const teller = new Storyteller(bookings, listeners, plant);
  await teller.simulation.open();
  try {
    await play(teller);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    return { title, what, steps: teller.steps, outcomes: [`The simulation stops: ${error.message}`], isSettled: false };
  }
  return { title, what, steps: teller.steps, ...(await teller.outcome()) };
}

/** Drives a simulation without chance: messages are handled one by one, in the order in which they were sent. */
class Storyteller {
  readonly steps: StoryStep[] = [];
  readonly simulation: Simulation;
  readonly #listeners: Listeners;
  readonly #down = new Set<Service>();
  /** The port whose calls fail, e.g. `seatStore.`, while a service handles an event of this type. */
  #broken: { service: Service; type: string; port: string } | undefined;
  readonly #states = new Map<string, string>();
  readonly #received = new Set<string>();
  /** Bookings of before the story. */
  readonly #past = new Set<string>();

  constructor(bookings: readonly Booking[], listeners: Listeners, plant?: PlantedBug) {
    this.#listeners = listeners;
    this.simulation = new Simulation({ bookings, listeners, plant });
  }

  /** A producer publishes an event, and all services handle what follows. */
  async publish(...events: readonly AirlineEvent[]): Promise<void> {
    for (const event of events) this.simulation.publish(event);
    await this.#work();
  }

  /** What came before the story, e.g. a booking that is confirmed. Of its steps only the result is told. */
  async before(...events: readonly AirlineEvent[]): Promise<void> {
    await this.publish(...events);
    this.steps.length = 0;
    for (const { name, request } of this.simulation.world.bookings) {
      const state = this.#states.get(`status ${request.bookingId}`);
      if (state === undefined) continue;
      this.#past.add(request.bookingId);
      const which = this.simulation.world.bookings.length > 1 ? `the ${name} booking` : 'the booking';
      this.remark(`before: ${which} is ${state}`);
    }
  }

  remark(text: string): void {
    this.steps.push({ kind: 'remark', text });
  }

  /** Its function receives nothing until `up`. */
  down(service: Service): void {
    this.#down.add(service);
    this.remark(`${service} is down`);
  }

  async up(service: Service): Promise<void> {
    this.#down.delete(service);
    this.remark(`${service} works again`);
    await this.#work();
  }

  /** From now on a service's table refuses everything that the handling of these events needs. */
  breakTable(service: Service, type: string, port: string): void {
    this.#broken = { service, type, port };
  }

  mendTable(): void {
    this.#broken = undefined;
  }

  /** Time passes. What becomes due meanwhile is handled when it is due. */
  async wait(minutes: number): Promise<void> {
    const { world } = this.simulation;
    const end = world.now + minutes * minute;
    for (;;) {
      const due = this.#available().map(({ message }) => message.visibleAt);
      const next = Math.min(...due.filter((moment) => moment > world.now));
      if (next > end) break;
      if (next - world.now >= minute) this.remark(`${duration(next - epoch)} after the request`);
      world.now = next;
      await this.#work();
    }
    world.now = end;
  }

  /** SQS delivers again what a service has received of these events. */
  async deliverAgain(service: Service, type: string): Promise<void> {
    const { world } = this.simulation;
    const queue = world.queues[service];
    for (const message of [...queue.allMessages.values()].filter(({ label }) => label.startsWith(`${type} of`)))
      queue.add(world.copyOf(message, world.now));
    await this.#work();
  }

  /** An operator redrives a service's dead letters. */
  async redrive(service: Service): Promise<void> {
    const { world } = this.simulation;
    const queue = world.queues[service];
    this.remark(`an operator redrives ${service}`);
    for (const message of queue.deadLetters.splice(0)) queue.add(world.copyOf(message, world.now));
    await this.#work();
  }

  async outcome(): Promise<Pick<Story, 'outcomes' | 'isSettled'>> {
    const { world } = this.simulation;
    const outcomes: string[] = [];
    let isSettled = true;
    for (const { request } of world.bookings) {
      const { bookingId } = request;
      const { status, settled } = foldStatus(await world.factStore.list(bookingId));
      isSettled &&= settled;
      const { holders } = await world.seatStore.viewRequest({ ...world.bookings[0]!.request, seats: allSeats });
      const seats = [...holders].filter(([, holder]) => holder === bookingId).map(([seat]) => seat);
      const { charged, refunded } = world.provider.movedFor(bookingId);
      const mails = world.mails.filter((mail) => mail.bookingId === bookingId).map(({ kind }) => kind);
      const money = [
        charged > 0 ? `${formatMoney(charged, request.payment.currency)} charged` : 'nothing charged',
        ...(refunded > 0 ? [`${formatMoney(refunded, request.payment.currency)} refunded`] : []),
      ];
      const sent = mails.map((kind) => mailNames[kind]);
      outcomes.push(
        `${world.bookings.length > 1 ? `${world.nameOf(bookingId)}: ` : ''}\`${status}\`${settled ? '' : ', not settled'}: ` +
          [
            seats.length > 0 ? `has ${seats.join(', ')}` : 'has no seat',
            ...money,
            sent.length > 0 ? `mailed: ${sent.join(', ')}` : 'no mail',
          ].join('; '),
      );
    }
    return { outcomes, isSettled };
  }

  /** All messages that a service which is up may receive, in the order in which they were sent. */
  #available(): { service: Service; message: Message }[] {
    return services
      .filter((service) => !this.#down.has(service))
      .flatMap((service) => this.simulation.world.queues[service].waiting.map((message) => ({ service, message })))
      .sort((a, b) => a.message.id - b.message.id);
  }

  async #work(): Promise<void> {
    const { world } = this.simulation;
    for (;;) {
      const next = this.#available().find(({ message }) => message.visibleAt <= world.now);
      if (!next) return;
      await this.#handle(next.service, next.message);
    }
  }

  async #handle(service: Service, message: Message): Promise<void> {
    const { simulation } = this;
    const { world } = simulation;
    const type = typeOf(message.label);
    const envelope = JSON.parse(message.body) as EventEnvelope;
    const { metadata, data } = envelope.detail as Detail;
    await simulation.invoke(service, [message]);
    if (message.receiveCount > 5) {
      this.steps.push({ kind: 'failure', service, text: `${type} failed 5 times and is a dead letter` });
      return;
    }
    const text = data.reason === undefined ? type : `${type} (${data.reason})`;
    const isTimer = !this.#listeners(envelope).includes(service);
    if (isTimer) this.steps.push({ kind: 'timer', service, text: type });
    else if (message.receiveCount === 1) {
      const from = envelope.source.replace(/^airline\./, '') as Participant;
      const received = `${service} ${metadata.eventId}`;
      const again = this.#received.has(received);
      this.#received.add(received);
      this.steps.push({ kind: 'event', from, to: service, text: `${this.#prefix(message.bookingId)}${text}`, again });
    }
    let request: Request | undefined;
    while ((request = world.runs.flatMap(({ pending }) => pending)[0])) await this.#answer(request, type);
    await this.#recordStates(service);
  }

  async #answer(request: Request, type: string): Promise<void> {
    const { service } = request.run;
    const { operation } = request;
    const broken = this.#broken;
    if (broken && broken.service === service && broken.type === type && operation.startsWith(broken.port)) {
      this.steps.push({ kind: 'failure', service, text: `${type} fails: the table refuses` });
      return this.simulation.answer(request, { kind: 'refused' });
    }
    await this.simulation.answer(request);
    const call = this.#callOf(request);
    if (call) this.steps.push(call);
  }

  /** An answered request to somebody outside. Those to the service's own table are not shown. */
  #callOf({ run: { service }, operation, bookingId }: Request): StoryStep | undefined {
    const { world } = this.simulation;
    const [port, method = ''] = operation.split('.');
    if (port === 'provider') {
      const { kind } = JSON.parse(world.providerAnswers.get(`${bookingId} ${operation}`) || '{}') as { kind?: string };
      return { kind: 'call', from: service, to: 'Stripe', text: method, ...(kind !== undefined && { answer: kind }) };
    }
    if (port === 'mailer')
      return { kind: 'call', from: service, to: 'customer', text: `mail: ${mailNames[world.mails.at(-1)!.kind]}` };
    if (operation !== 'queue.sendToSelf') return undefined;
    const { label, visibleAt } = world.queues[service].waiting.at(-1)!;
    const text = `timer: ${typeOf(label)} in ${duration(visibleAt - world.now)}`;
    return { kind: 'call', from: service, to: service, text };
  }

  async #recordStates(service: Service): Promise<void> {
    const { world } = this.simulation;
    for (const { request } of world.bookings) {
      const { bookingId } = request;
      const state = await this.#stateOf(service, bookingId);
      const key = `${service} ${bookingId}`;
      if (state === undefined || this.#states.get(key) === state) continue;
      this.#states.set(key, state);
      this.steps.push({ kind: 'state', service, text: `${this.#prefix(bookingId)}${state}` });
    }
  }

  async #stateOf(service: Service, bookingId: string): Promise<string | undefined> {
    const { seatStore, paymentStore, factStore } = this.simulation.world;
    switch (service) {
      case 'seats':
        return (await seatStore.load(bookingId))?.record.state;
      case 'payments':
        return (await paymentStore.load(bookingId))?.record.state;
      case 'status': {
        const facts = await factStore.list(bookingId);
        if (facts.length === 0) return undefined;
        const { status, settled } = foldStatus(facts);
        return settled ? `${status}, settled` : status;
      }
      case 'receipts':
        return undefined;
    }
  }

  /** The name of a booking, where a story has several, or it is one of before. */
  #prefix(bookingId: string): string {
    const { world } = this.simulation;
    const present = world.bookings.filter(({ request }) => !this.#past.has(request.bookingId));
    return world.bookings.length > 1 && (present.length > 1 || this.#past.has(bookingId))
      ? `${world.nameOf(bookingId)}: `
      : '';
  }
}

interface Detail {
  metadata: { eventId: string };
  data: { reason?: string };
}

/** The detail-type in the label of a message. */
function typeOf(label: string): string {
  return label.slice(0, label.indexOf(' '));
}

/** `10 min` or `10 min 30 s`. */
function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const rest = seconds % 60;
  return [`${Math.floor(seconds / 60)} min`, ...(rest > 0 ? [`${rest} s`] : [])].join(' ');
}

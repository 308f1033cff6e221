import { type EventType, isEventType } from '@airline/events-schemas/events';
import { type EventEnvelope, findEventMistakes } from '@airline/events-schemas/parse-event';
import { AlreadyInProgressError } from '@airline/messaging/once';
import { PublishError } from '@airline/messaging/publish';
import { foldStatus } from '@airline/status/src/domain.ts';
import { allSeats, flightId } from './bookings.ts';
import { InjectedFault, type Request, type Run } from './run.ts';
import type { MailKind, SentMail, World } from './world.ts';

/** What must hold after every step. */
export type StepInvariant =
  | 'one-live-holder'
  | 'money-is-bounded'
  | 'charge-is-named-first'
  | 'refund-is-marked-first'
  | 'failed-payment-never-charged'
  | 'one-answer'
  | 'says-what-is-true'
  | 'event-is-valid'
  | 'event-is-caused'
  | 'event-is-the-same-each-time'
  | 'settled-stays-settled'
  | 'nothing-impossible'
  | 'failures-are-explained';

/** What must hold once faults have stopped, dead letters are redriven and all is quiet. */
export type FinalInvariant =
  | 'everything-settles'
  | 'hold-ends'
  | 'status-is-the-fold'
  | 'confirmed-is-sold'
  | 'confirmed-is-paid'
  | 'confirmed-has-one-receipt'
  | 'failed-holds-nothing'
  | 'failed-costs-nothing'
  | 'mails-are-sent-once'
  | 'refund-is-told'
  | 'duplicates-change-nothing';

export class Violation extends Error {
  override readonly name = 'Violation';
  readonly invariant: StepInvariant | FinalInvariant;

  constructor(invariant: StepInvariant | FinalInvariant, message: string) {
    super(`${invariant}: ${message}`);
    this.invariant = invariant;
  }
}

interface Said {
  type: EventType;
  eventId: string;
  detail: string;
  times: number;
}

interface Detail {
  metadata: { eventId: string; correlationId: string; causationId?: string };
  data: { bookingId: string };
}

const answers: Partial<Record<EventType, EventType>> = {
  SeatBooked: 'SeatUnavailable',
  SeatUnavailable: 'SeatBooked',
  PaymentOk: 'PaymentFailed',
  PaymentFailed: 'PaymentOk',
};

/** Watches every effect and every event. It reads the stores and the provider, and believes nobody's words. */
export class Oracle {
  readonly #world: World;
  /** bookingId → detail-type → what was said. */
  readonly said = new Map<string, Map<EventType, Said>>();
  /** Seats by booking, of those whose record says that they are theirs. */
  readonly #live = new Map<string, readonly string[]>();
  /** Mails that a run sent and has not yet remembered. */
  readonly #unremembered = new Map<Run, SentMail[]>();
  /** Mails whose sender was cut off between sending and remembering: nobody knows of them. */
  readonly #forgottenMails: SentMail[] = [];
  readonly #settled = new Set<string>();
  #impossible = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** While a known path is walked again, nothing is checked twice. */
  isAsleep = false;

  async onEffect({ run, operation, bookingId }: Request): Promise<void> {
    const [port, method] = operation.split('.');
    const bookingIds = bookingId === undefined ? run.messages.map((message) => message.bookingId) : [bookingId];
    if (operation === 'factStore.keep' && !this.isAsleep) await this.#checkStatus(bookingIds);
    if (port === 'seatStore' && (method === 'save' || method === 'claimSeat' || method === 'freeSeats'))
      await this.#checkSeats(bookingIds);
    if (!this.isAsleep && port === 'provider' && (method === 'confirm' || method === 'refund'))
      await this.#checkMoney(bookingIds);
    if (!this.isAsleep && operation === 'paymentStore.save') await this.#checkMoney(bookingIds);
    if (operation === 'mailer.send')
      this.#unremembered.set(run, [...(this.#unremembered.get(run) ?? []), this.#world.mails.at(-1)!]);
    if (operation === 'once.complete')
      this.#unremembered.set(run, this.#unremembered.get(run)?.filter((mail) => mail.bookingId !== bookingId) ?? []);
    const { impossible, defects } = this.#world;
    if (defects[0] !== undefined) throw new Violation('failures-are-explained', defects[0]);
    if (impossible.length > this.#impossible) throw new Violation('nothing-impossible', impossible[this.#impossible]!);
  }

  /** Its caller does not know that it happened: a mail, if it was one, is forgotten. */
  onReplyLost({ run, operation }: Request): void {
    if (operation === 'mailer.send' || operation === 'once.complete') this.#forget(run);
  }

  /** A run that ended well has no excuse for a mail that it did not remember. */
  onRunOver(run: Run): void {
    if (run.state === 'dead') this.#forget(run);
    this.#unremembered.delete(run);
  }

  #forget(run: Run): void {
    this.#forgottenMails.push(...(this.#unremembered.get(run) ?? []));
    this.#unremembered.delete(run);
  }

  /** How many mails of a kind were sent of which nobody knows: so many may come again. */
  forgottenMails(bookingId: string, kind: MailKind): number {
    return this.#forgottenMails.filter((mail) => mail.bookingId === bookingId && mail.kind === kind).length;
  }

  onFailure(run: Run, error: Error): void {
    const isExplained =
      error instanceof InjectedFault ||
      error instanceof AlreadyInProgressError ||
      (error instanceof PublishError && !error.message.includes('breaks its schema'));
    if (!isExplained) this.#world.defects.push(`${run.name} failed without a fault: ${error.stack ?? error.message}`);
  }

  async #checkSeats(bookingIds: Iterable<string>): Promise<void> {
    const { seatStore, bookings } = this.#world;
    const { holders } = await seatStore.viewRequest({ ...bookings[0]!.request, flightId, seats: allSeats });
    for (const bookingId of bookingIds) {
      const record = (await seatStore.load(bookingId))?.record;
      if (record?.state === 'HELD' || record?.state === 'SOLD') this.#live.set(bookingId, record.seats);
      else this.#live.delete(bookingId);
    }
    for (const [bookingId, seats] of this.#live) {
      for (const seat of seats) {
        const holder = holders.get(seat);
        if (holder === bookingId) continue;
        const whose = holder === undefined ? 'free' : `${this.#world.nameOf(holder)}'s`;
        throw new Violation(
          'one-live-holder',
          `${this.#world.nameOf(bookingId)} holds seat ${seat} by its record, but the seat is ${whose}`,
        );
      }
    }
  }

  async #checkMoney(bookingIds: Iterable<string>): Promise<void> {
    const { provider, paymentStore, bookings } = this.#world;
    for (const bookingId of bookingIds) {
      const { charged, refunded } = provider.movedFor(bookingId);
      if (charged === 0) continue;
      const { name, request } = bookings.find((booking) => booking.request.bookingId === bookingId)!;
      const { amountMinor } = request.payment;
      if (charged > amountMinor || refunded > charged) {
        throw new Violation(
          'money-is-bounded',
          `${name}: asked ${amountMinor}, charged ${charged}, refunded ${refunded}`,
        );
      }
      const record = (await paymentStore.load(bookingId))?.record;
      if (record?.state === 'DECLINED')
        throw new Violation('failed-payment-never-charged', `${name} is DECLINED, and ${charged} were charged`);
      if (!record || record.state === 'VOID' || (record.state === 'CHARGING' && record.intentId === undefined)) {
        throw new Violation(
          'charge-is-named-first',
          `${name} was charged ${charged} and its record (${record?.state ?? 'none'}) does not name the charge`,
        );
      }
      if (refunded > 0 && record.refund === undefined) {
        throw new Violation(
          'refund-is-marked-first',
          `${name} was refunded ${refunded} and its record (${record.state}) bears no mark`,
        );
      }
    }
  }

  async #checkStatus(bookingIds: Iterable<string>): Promise<void> {
    for (const bookingId of bookingIds) {
      const facts = await this.#world.factStore.list(bookingId);
      const { settled } = foldStatus(facts);
      if (settled) this.#settled.add(bookingId);
      if (settled || !this.#settled.has(bookingId)) continue;
      const isReopened = facts.some(
        ({ type, data }) =>
          type === 'BookingCancelled' ||
          ('reason' in data && (data.reason === 'hold-expired' || data.reason === 'cancelled')),
      );
      if (!isReopened)
        throw new Violation(
          'settled-stays-settled',
          `${this.#world.nameOf(bookingId)} was settled and is not any more`,
        );
    }
  }

  /** Said by someone who does not take part: true, whatever it says. */
  onHeard(envelope: EventEnvelope): void {
    const { metadata, data } = envelope.detail as Detail;
    const saidOfIt = this.#saidOf(data.bookingId);
    const type = envelope['detail-type'] as EventType;
    if (!saidOfIt.has(type))
      saidOfIt.set(type, { type, eventId: metadata.eventId, detail: JSON.stringify(envelope.detail), times: 1 });
  }

  #saidOf(bookingId: string): Map<EventType, Said> {
    const saidOfIt = this.said.get(bookingId) ?? new Map<EventType, Said>();
    this.said.set(bookingId, saidOfIt);
    return saidOfIt;
  }

  onPublished(envelope: EventEnvelope): void {
    const type = envelope['detail-type'];
    const detail = envelope.detail as Detail;
    const mistakes = this.isAsleep
      ? []
      : isEventType(type)
        ? findEventMistakes(type, detail)
        : [{ path: '', message: 'no such event' }];
    if (mistakes.length > 0)
      throw new Violation(
        'event-is-valid',
        `${type}: ${mistakes.map(({ path, message }) => `${path} ${message}`).join('; ')}`,
      );
    const { eventId, causationId } = detail.metadata;
    const { bookingId } = detail.data;
    const name = this.#world.nameOf(bookingId);

    const saidOfIt = this.#saidOf(bookingId);
    if (causationId !== undefined && ![...saidOfIt.values()].some((other) => other.eventId === causationId)) {
      throw new Violation('event-is-caused', `${type} of ${name} names ${causationId} as its cause, which nobody said`);
    }
    if (causationId === undefined && type !== 'BookingRequested' && type !== 'BookingCancelled') {
      throw new Violation('event-is-caused', `${type} of ${name} names no cause`);
    }
    const text = JSON.stringify(detail);
    const known = saidOfIt.get(type as EventType);
    if (!known) saidOfIt.set(type as EventType, { type: type as EventType, eventId, detail: text, times: 1 });
    else if (known.detail === text) known.times += 1;
    else
      throw new Violation('event-is-the-same-each-time', `${type} of ${name} was ${known.detail} and is now ${text}`);

    const contrary = answers[type as EventType];
    if (contrary && saidOfIt.has(contrary))
      throw new Violation('one-answer', `${name} was answered by ${contrary} and by ${type}`);
    this.#checkTruth(type as EventType, bookingId);
  }

  /** What an event says about money must be so when it is said. */
  #checkTruth(type: EventType, bookingId: string): void {
    const { provider } = this.#world;
    const { charged, refunded } = provider.movedFor(bookingId);
    const isTrue =
      type === 'PaymentOk'
        ? charged > 0
        : type === 'PaymentFailed'
          ? charged === 0
          : type === 'PaymentRefunded'
            ? refunded === charged && refunded > 0
            : true;
    if (!isTrue)
      throw new Violation(
        'says-what-is-true',
        `${type} of ${this.#world.nameOf(bookingId)} is said with ${charged} charged, ${refunded} refunded`,
      );
  }
}

import { type EventType, isEventType } from '@airline/events-schemas/events';
import { findFirstMistake } from '@airline/events-schemas/find-first-mistake';
import type { EventEnvelope } from '@airline/events-schemas/parse-event';
import { AlreadyInProgressError } from '@airline/messaging/once';
import { PublishError } from '@airline/messaging/publish';
import { foldStatus } from '@airline/status/src/domain.ts';
import { allSeats, flightId } from './bookings.ts';
import { InjectedFault, type Request, type Run } from './run.ts';
import type { MailKind, SentMail, World } from './world.ts';

/** Invariants that hold after every step. */
export type StepInvariant =
  | 'one-live-holder'
  | 'money-is-bounded'
  | 'charge-is-named-first'
  | 'refund-is-marked-first'
  | 'failed-payment-never-charged'
  | 'one-answer'
  | 'says-what-is-true'
  | 'early-is-no-answer'
  | 'yeses-name-one-amount'
  | 'event-is-valid'
  | 'event-is-caused'
  | 'event-is-the-same-each-time'
  | 'settled-stays-settled'
  | 'nothing-impossible'
  | 'failures-are-explained';

/** Invariants that hold at the end: faults have stopped, dead letters are redriven, nothing is left to do. */
export type FinalInvariant =
  | 'everything-settles'
  | 'hold-ends'
  | 'status-is-the-fold'
  | 'sold-is-paid'
  | 'confirmed-is-sold'
  | 'shows-what-was-sold'
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

interface Publication {
  type: EventType;
  eventId: string;
  detail: string;
  times: number;
}

interface Detail {
  metadata: { eventId: string; correlationId: string; causationId?: string };
  data: { reason?: string; amountMinor?: number; currency?: string };
}

/** The detail-types that producers outside publish. They have no cause, and a producer may make a mistake. */
const fromOutside: readonly string[] = ['FlightScheduled', 'BookingRequested', 'BookingCancelled'];

/** Milliseconds that the tries for an unknown flight take at least: the first two pauses of the retry backoff. */
const triesForFlight = 8000;

/** The opposite answer to a booking request. A service publishes at most one of the two. */
const oppositeAnswers: Partial<Record<EventType, EventType>> = {
  SeatBooked: 'SeatUnavailable',
  SeatUnavailable: 'SeatBooked',
  PaymentOk: 'PaymentFailed',
  PaymentFailed: 'PaymentOk',
};

/** Checks the invariants after every effect and every event. It reads the stores and the provider directly. */
export class Oracle {
  readonly #world: World;
  /** The published events, by bookingId and detail-type. */
  readonly published = new Map<string, Map<EventType, Publication>>();
  /** Seats by booking, for bookings with a record that is HELD or SOLD. */
  readonly #heldSeats = new Map<string, readonly string[]>();
  /** Mails that a run has sent and not yet recorded as sent. */
  readonly #pendingMails = new Map<Run, SentMail[]>();
  /** Mails that were sent and never recorded, since their run crashed in between or did not get the response. */
  readonly #unrecordedMails: SentMail[] = [];
  readonly #settled = new Set<string>();
  /** When seats first received a request of each booking. */
  readonly #requestReceivedAt = new Map<string, number>();
  #impossible = 0;

  constructor(world: World) {
    this.#world = world;
  }

  onReceived({ service, messages }: Run): void {
    if (service !== 'seats') return;
    for (const { bookingId, label } of messages) {
      if (label.startsWith('BookingRequested ') && !this.#requestReceivedAt.has(bookingId))
        this.#requestReceivedAt.set(bookingId, this.#world.now);
    }
  }

  /** Whether known steps are repeated. Then the oracle updates its state and skips most checks. */
  isReplaying = false;

  async onEffect({ run, operation, bookingId }: Request): Promise<void> {
    const [port, method] = operation.split('.');
    const bookingIds = bookingId === undefined ? run.messages.map((message) => message.bookingId) : [bookingId];
    if (operation === 'factStore.keep' && !this.isReplaying) await this.#checkStatus(bookingIds);
    if (port === 'seatStore' && (method === 'save' || method === 'claimSeat' || method === 'freeSeats'))
      await this.#checkSeats(bookingIds);
    if (!this.isReplaying && port === 'provider' && (method === 'confirm' || method === 'refund'))
      await this.#checkMoney(bookingIds);
    if (!this.isReplaying && operation === 'paymentStore.save') await this.#checkMoney(bookingIds);
    if (operation === 'mailer.send') {
      const mail = this.#world.mails.at(-1)!;
      this.#pendingMails.set(run, [...(this.#pendingMails.get(run) ?? []), mail]);
      if (mail.kind === 'Receipt') this.#requireOneAmount(mail.bookingId, 'gets a receipt');
    }
    if (operation === 'once.complete')
      this.#pendingMails.set(run, this.#pendingMails.get(run)?.filter((mail) => mail.bookingId !== bookingId) ?? []);
    const { impossible, defects } = this.#world;
    if (defects[0] !== undefined) throw new Violation('failures-are-explained', defects[0]);
    if (impossible.length > this.#impossible) throw new Violation('nothing-impossible', impossible[this.#impossible]!);
  }

  /** The caller does not know whether the request had its effect. A mail that it sent is unrecorded. */
  onReplyLost({ run, operation }: Request): void {
    if (operation === 'mailer.send' || operation === 'once.complete') this.#markUnrecorded(run);
  }

  /** A crash excuses unrecorded mails. A run that completed has no excuse. */
  onRunEnd(run: Run): void {
    if (run.state === 'dead') this.#markUnrecorded(run);
    this.#pendingMails.delete(run);
  }

  #markUnrecorded(run: Run): void {
    this.#unrecordedMails.push(...(this.#pendingMails.get(run) ?? []));
    this.#pendingMails.delete(run);
  }

  /** The number of unrecorded mails. As many may be sent again. */
  unrecordedMails(bookingId: string, kind: MailKind): number {
    return this.#unrecordedMails.filter((mail) => mail.bookingId === bookingId && mail.kind === kind).length;
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
      if (record?.state === 'HELD' || record?.state === 'SOLD') this.#heldSeats.set(bookingId, record.seats);
      else this.#heldSeats.delete(bookingId);
    }
    for (const [bookingId, seats] of this.#heldSeats) {
      for (const seat of seats) {
        const holder = holders.get(seat);
        if (holder === bookingId) continue;
        const actual = holder === undefined ? 'is free' : `belongs to ${this.#world.nameOf(holder)}`;
        throw new Violation(
          'one-live-holder',
          `by its record ${this.#world.nameOf(bookingId)} holds seat ${seat}, but the seat ${actual}`,
        );
      }
    }
  }

  async #checkMoney(bookingIds: Iterable<string>): Promise<void> {
    const { provider, paymentStore, bookings } = this.#world;
    for (const bookingId of bookingIds) {
      const { charged, refunded } = provider.movedFor(bookingId);
      if (charged === 0) continue;
      const { name, requests } = bookings.find((booking) => booking.request.bookingId === bookingId)!;
      const amountMinor = Math.max(...requests.map(({ payment }) => payment.amountMinor));
      if (charged > amountMinor || refunded > charged) {
        throw new Violation(
          'money-is-bounded',
          `${name}: requested ${amountMinor}, charged ${charged}, refunded ${refunded}`,
        );
      }
      const record = (await paymentStore.load(bookingId))?.record;
      if (record?.state === 'DECLINED')
        throw new Violation('failed-payment-never-charged', `${name} is DECLINED, and ${charged} was charged`);
      if (!record || record.state === 'VOID' || (record.state === 'CHARGING' && record.intentId === undefined)) {
        throw new Violation(
          'charge-is-named-first',
          `${name} was charged ${charged}, and its record (${record?.state ?? 'none'}) does not have the id of the charge`,
        );
      }
      if (refunded > 0 && record.refund === undefined) {
        throw new Violation(
          'refund-is-marked-first',
          `${name} was refunded ${refunded}, and its record (${record.state}) has no mark of a refund`,
        );
      }
    }
  }

  async #checkStatus(bookingIds: Iterable<string>): Promise<void> {
    for (const bookingId of bookingIds) {
      const facts = await this.#world.factStore.list(bookingId);
      const { settled, status } = foldStatus(facts);
      if (status === 'CONFIRMED') this.#requireOneAmount(bookingId, 'is confirmed');
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
          `${this.#world.nameOf(bookingId)} was settled and is not settled any more`,
        );
    }
  }

  /** An event of a service that does not take part in this simulation. It is not checked. */
  onExternalEvent(envelope: EventEnvelope): void {
    const { metadata } = envelope.detail as Detail;
    const published = this.#publishedOf(metadata.correlationId);
    const type = envelope['detail-type'] as EventType;
    if (!published.has(type))
      published.set(type, { type, eventId: metadata.eventId, detail: JSON.stringify(envelope.detail), times: 1 });
  }

  #publishedOf(bookingId: string): Map<EventType, Publication> {
    const published = this.published.get(bookingId) ?? new Map<EventType, Publication>();
    this.published.set(bookingId, published);
    return published;
  }

  onPublished(envelope: EventEnvelope): void {
    const type = envelope['detail-type'];
    const detail = envelope.detail as Detail;
    const mistake = this.isReplaying
      ? undefined
      : isEventType(type)
        ? findFirstMistake(type, detail)
        : { path: '', message: 'no such event' };
    if (mistake) throw new Violation('event-is-valid', `${type}: ${mistake.path} ${mistake.message}`);
    const { eventId, causationId, correlationId: bookingId } = detail.metadata;
    const name = this.#world.nameOf(bookingId);

    const published = this.#publishedOf(bookingId);
    if (causationId !== undefined && ![...published.values()].some((other) => other.eventId === causationId)) {
      throw new Violation(
        'event-is-caused',
        `the cause of ${type} of ${name} is ${causationId}, which was never published`,
      );
    }
    if (causationId === undefined && !fromOutside.includes(type)) {
      throw new Violation('event-is-caused', `${type} of ${name} has no causationId`);
    }
    const text = JSON.stringify(detail);
    const known = published.get(type as EventType);
    if (!known) published.set(type as EventType, { type: type as EventType, eventId, detail: text, times: 1 });
    else if (known.detail === text) known.times += 1;
    else if (!fromOutside.includes(type))
      throw new Violation('event-is-the-same-each-time', `${type} of ${name} was ${known.detail} and is now ${text}`);

    const opposite = oppositeAnswers[type as EventType];
    if (opposite && published.has(opposite))
      throw new Violation('one-answer', `${opposite} and ${type} were published for ${name}`);
    this.#checkPaymentEvent(type as EventType, bookingId);
    const receivedAt = this.#requestReceivedAt.get(bookingId) ?? -Infinity;
    if (detail.data.reason === 'unknown-flight' && this.#world.now < receivedAt + triesForFlight)
      throw new Violation('early-is-no-answer', `${name} is refused before its flight had time to arrive`);
  }

  /** Whether seats and payments published a yes, and both for the same money. */
  namesOneAmount(bookingId: string): boolean {
    const moneyIn = (type: EventType): string | undefined => {
      const publication = this.published.get(bookingId)?.get(type);
      if (!publication) return undefined;
      const { amountMinor, currency } = (JSON.parse(publication.detail) as Detail).data;
      return `${amountMinor} ${currency}`;
    };
    const sold = moneyIn('SeatBooked');
    return sold !== undefined && sold === moneyIn('PaymentOk');
  }

  #requireOneAmount(bookingId: string, event: string): void {
    if (this.isReplaying || this.namesOneAmount(bookingId)) return;
    const message = `${this.#world.nameOf(bookingId)} ${event}, and SeatBooked and PaymentOk name different money`;
    throw new Violation('yeses-name-one-amount', message);
  }

  /** An event about a payment must be true when it is published. */
  #checkPaymentEvent(type: EventType, bookingId: string): void {
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
        `${type} of ${this.#world.nameOf(bookingId)} is published with ${charged} charged, ${refunded} refunded`,
      );
  }
}

import { causeOf, newEvent, type AirlineEvent, type Cause } from '@airline/events-schemas/events';
import type { Delivery, HandlersOf } from '@airline/events-schemas/reads';
import { UnprocessableEventError } from '@airline/messaging/consume';
import type { Once } from '@airline/messaging/once';
import {
  accept,
  asksTheSame,
  decideOnNo,
  decline,
  reasonForSeatReleased,
  reasonForSeatUnavailable,
  reasonNotToCharge,
  settleCharge,
  settleRefund,
  type ChargeOutcome,
  type InState,
  type NoFromElsewhere,
  type PaymentRecord,
} from './domain.ts';
import type { IntentReference, PaymentProvider, Until } from './payment-provider.ts';
import type { PaymentStore, Stored } from './payment-store.ts';
import type { Heard, reads } from './reads.ts';

/**
 * Between the end of the last request to the provider and the handler's deadline, in milliseconds: to write the record
 * and release the guard. Otherwise the next delivery would find the guard taken.
 */
export const recordingMilliseconds = 1000;

export interface Dependencies {
  store: PaymentStore;
  provider: PaymentProvider;
  /** Lets one run at a time call the provider for a charge or a refund. */
  once: Once;
  now: () => Date;
  /** Called once for each new event, by the run whose write recorded it. @default no metrics */
  onRecorded?: (event: AirlineEvent) => void;
}

/** The handlers of payments. Each cell of its table in the protocol is one path through one of them. */
export function createHandlers({ store, provider, once, now, onRecorded }: Dependencies) {
  const time = (): string => now().toISOString();

  /** Writes a record and counts its new event. Only its last event is new; the ones before it were recorded earlier. */
  async function saveAnswer(
    bookingId: string,
    next: PaymentRecord,
    read: Stored | undefined,
  ): Promise<Stored | undefined> {
    const saved = await store.save(bookingId, next, read);
    if (saved) for (const event of answerOf(bookingId, next).slice(-1)) onRecorded?.(event);
    return saved;
  }

  /**
   * Charges an intent, or cancels it if it must not be charged. It returns only the provider's final answer, so `once`
   * may keep the result. It does not write the record: a run that is given the kept result must still write it.
   */
  async function charge(
    intent: IntentReference,
    { mayCharge, isNew, until }: { mayCharge: boolean; isNew: boolean; until: Until },
  ): Promise<ChargeOutcome> {
    // An earlier run may have charged it so long ago that the provider has forgotten the idempotency key.
    const found = isNew ? ({ kind: 'unconfirmed' } as const) : await provider.findIntent(intent.intentId, until);
    if (found.kind !== 'unconfirmed') return found;
    return mayCharge ? provider.confirm(intent, until) : provider.cancel(intent, until);
  }

  /** The next record of a charge: with the id of its intent, or with its outcome. */
  async function advanceCharge(
    bookingId: string,
    record: InState<'CHARGING'>,
    isNew: boolean,
    until: Until,
  ): Promise<PaymentRecord> {
    const refusal = reasonNotToCharge(record, time());
    const { payment, intentId } = record;
    if (intentId === undefined) {
      if (refusal) return decline(record, { reason: refusal }, time());
      const created = await provider.createIntent(bookingId, payment, until);
      if (created.kind === 'refused')
        return decline(record, { reason: 'declined', declineCode: created.declineCode }, time());
      return { ...record, intentId: created.intentId };
    }
    const intent = { bookingId, intentId, amountMinor: payment.amountMinor };
    const outcome = await once(bookingId, 'charge', () => charge(intent, { mayCharge: !refusal, isNew, until }));
    return settleCharge(record, intentId, outcome, time());
  }

  /** The next record of a settled charge: refunded if it has a mark, otherwise the same record. */
  async function refundIfMarked(bookingId: string, record: InState<'CHARGED'>, until: Until): Promise<PaymentRecord> {
    const mark = record.refund;
    if (!mark) return record;
    const intent = { bookingId, intentId: record.paymentId, amountMinor: record.payment.amountMinor };
    const refund = await once(
      bookingId,
      'refund',
      async () => (await provider.findRefund(intent, until)) ?? provider.refund(intent, until),
    );
    return settleRefund(record, mark, refund.refundId, time());
  }

  /** Repeats until nothing is left to do: one step at the provider, then the write of its result. */
  async function settle(bookingId: string, stored: Stored, delivery: Delivery | undefined): Promise<PaymentRecord> {
    const until = delivery?.deadline === undefined ? undefined : delivery.deadline - recordingMilliseconds;
    let isNew = false;
    for (;;) {
      const { record } = stored;
      let next: PaymentRecord = record;
      if (record.state === 'CHARGING') next = await advanceCharge(bookingId, record, isNew, until);
      if (record.state === 'CHARGED') next = await refundIfMarked(bookingId, record, until);
      if (next === record) return record;

      const saved = await saveAnswer(bookingId, next, stored);
      // Still CHARGING means that this write recorded a new intent. No earlier run can have confirmed it.
      isNew = saved?.record.state === 'CHARGING';
      // Another run wrote the record first (a no from elsewhere, another delivery). Continue from what it wrote.
      stored = saved ?? (await reload(bookingId));
    }
  }

  async function reload(bookingId: string): Promise<Stored> {
    const stored = await store.load(bookingId);
    if (!stored) throw new Error(`The record of booking ${bookingId} is gone; records are never deleted.`);
    return stored;
  }

  async function onBookingRequested(event: Heard<'BookingRequested'>, delivery?: Delivery): Promise<AirlineEvent[]> {
    const request = event.data;
    const { bookingId } = request;
    for (;;) {
      let stored = await store.load(bookingId);
      const found = stored?.record;
      if (found && !asksTheSame(found, request)) {
        const message = `Booking ${bookingId} was requested with another payment before; the first request stands.`;
        throw new UnprocessableEventError('conflicting-request', message);
      }
      if (found === undefined || found.state === 'VOID') {
        stored = await saveAnswer(bookingId, accept(found, request, time(), causeOf(event)), stored);
      }
      if (stored) return answerOf(bookingId, await settle(bookingId, stored, delivery));
    }
  }

  async function onNo(
    event: Cause,
    bookingId: string,
    reason: NoFromElsewhere,
    delivery?: Delivery,
  ): Promise<AirlineEvent[]> {
    for (;;) {
      let stored = await store.load(bookingId);
      const decision = decideOnNo(stored?.record, { reason, causedBy: causeOf(event) });
      if (decision.kind === 'nothing') return [];
      if (decision.kind === 'write') stored = await store.save(bookingId, decision.record, stored);
      if (!stored) continue;
      // The run that makes the charge will find the mark and refund. The request is not answered yet.
      if (stored.record.state === 'VOID' || stored.record.state === 'CHARGING') return [];
      return answerOf(bookingId, await settle(bookingId, stored, delivery)).slice(-1);
    }
  }

  return {
    BookingRequested: onBookingRequested,

    SeatUnavailable(event, delivery?) {
      return onNo(event, event.data.bookingId, reasonForSeatUnavailable(event.data.reason), delivery);
    },

    SeatReleased(event, delivery?) {
      return onNo(event, event.data.bookingId, reasonForSeatReleased(event.data.reason), delivery);
    },

    BookingCancelled(event, delivery?) {
      return onNo(event, event.data.bookingId, 'cancelled', delivery);
    },
  } satisfies HandlersOf<typeof reads>;
}

/** All events that payments publishes about a booking, oldest first. They are the same each time. */
function answerOf(bookingId: string, record: PaymentRecord): AirlineEvent[] {
  switch (record.state) {
    case 'VOID':
    case 'CHARGING':
      return [];
    case 'DECLINED': {
      const { reason, declineCode, at, causedBy } = record;
      const data = { bookingId, reason, ...(declineCode !== undefined && { declineCode }) };
      return [newEvent('PaymentFailed', data, { occurredAt: at, causedBy })];
    }
    case 'CHARGED':
    case 'REFUNDED': {
      const { paymentId, paidAt, at, causedBy } = record;
      const { amountMinor, currency } = record.payment;
      const paid = newEvent(
        'PaymentOk',
        { bookingId, paymentId, amountMinor, currency, paidAt },
        { occurredAt: at, causedBy },
      );
      if (record.state === 'CHARGED') return [paid];
      const { refundId, reason, at: refundedAt, causedBy: refundedBecause } = record.refund;
      const refunded = { bookingId, paymentId, refundId, amountMinor, currency, reason };
      return [paid, newEvent('PaymentRefunded', refunded, { occurredAt: refundedAt, causedBy: refundedBecause })];
    }
  }
}

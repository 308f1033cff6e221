import { causeOf, newEvent, type AirlineEvent, type Cause } from '@airline/events-schemas/events';
import type { HandlersOf } from '@airline/events-schemas/reads';
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
import type { IntentOf, PaymentProvider } from './payment-provider.ts';
import type { PaymentStore, Stored } from './payment-store.ts';
import type { Heard, reads } from './reads.ts';

export interface Dependencies {
  store: PaymentStore;
  provider: PaymentProvider;
  /** Keeps two runs from talking to the provider about the same charge at once. */
  once: Once;
  now: () => Date;
  /** Told each answer of payments when it comes true, by the run whose write made it so. @default nobody counts */
  onRecorded?: (event: AirlineEvent) => void;
}

/** Payments' side of the choreography: every cell of its table is one path through one of these. */
export function createHandlers({ store, provider, once, now, onRecorded }: Dependencies) {
  const time = (): string => now().toISOString();

  /** Writes a record that answers anew; the last thing that it says is what the write made true. */
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
   * Charges an intent, or makes sure that it never is. Nothing but the provider's final word is returned, and that is why it may
   * be remembered under a key: the record is written outside, on the condition of what it was read as.
   */
  async function charge(intent: IntentOf, mayCharge: boolean, isNew: boolean): Promise<ChargeOutcome> {
    // A run before this one may have charged it, longer ago than the provider remembers idempotency keys.
    const found = isNew ? ({ kind: 'unconfirmed' } as const) : await provider.findIntent(intent.intentId);
    if (found.kind !== 'unconfirmed') return found;
    return mayCharge ? provider.confirm(intent) : provider.cancel(intent);
  }

  async function whileCharging(bookingId: string, record: InState<'CHARGING'>, isNew: boolean): Promise<PaymentRecord> {
    const refusal = reasonNotToCharge(record, time());
    const { payment, intentId } = record;
    if (intentId === undefined) {
      if (refusal) return decline(record, { reason: refusal }, time());
      const created = await provider.createIntent(bookingId, payment);
      if (created.kind === 'refused')
        return decline(record, { reason: 'declined', declineCode: created.declineCode }, time());
      return { ...record, intentId: created.intentId };
    }
    const intent = { bookingId, intentId, amountMinor: payment.amountMinor };
    const outcome = await once(bookingId, 'charge', () => charge(intent, !refusal, isNew));
    return settleCharge(record, intentId, outcome, time());
  }

  async function whileCharged(bookingId: string, record: InState<'CHARGED'>): Promise<PaymentRecord> {
    const mark = record.refund;
    if (!mark) return record;
    const intent = { bookingId, intentId: record.paymentId, amountMinor: record.payment.amountMinor };
    const refund = await once(
      bookingId,
      'refund',
      async () => (await provider.findRefund(intent)) ?? provider.refund(intent),
    );
    return settleRefund(record, mark, refund.refundId, time());
  }

  /** Goes on from wherever the record stands until there is nothing left to do: one thing at the provider, then its record. */
  async function settle(bookingId: string, stored: Stored): Promise<PaymentRecord> {
    let isNew = false;
    for (;;) {
      const { record } = stored;
      let next: PaymentRecord = record;
      if (record.state === 'CHARGING') next = await whileCharging(bookingId, record, isNew);
      if (record.state === 'CHARGED') next = await whileCharged(bookingId, record);
      if (next === record) return record;

      const saved = await saveAnswer(bookingId, next, stored);
      // Still charging: what was just written is the id of an intent that nobody can have confirmed before.
      isNew = saved?.record.state === 'CHARGING';
      // Someone else wrote (a no from elsewhere, another delivery): what they wrote decides what is still to do.
      stored = saved ?? (await reload(bookingId));
    }
  }

  async function reload(bookingId: string): Promise<Stored> {
    const stored = await store.load(bookingId);
    if (!stored) throw new Error(`The record of booking ${bookingId} is gone; records are never deleted.`);
    return stored;
  }

  async function onBookingRequested(event: Heard<'BookingRequested'>): Promise<AirlineEvent[]> {
    const request = event.data;
    const { bookingId } = request;
    for (;;) {
      let stored = await store.load(bookingId);
      const found = stored?.record;
      if (found && !asksTheSame(found, request)) {
        const message = `Booking ${bookingId} was answered for another payment; the first one stands.`;
        throw new UnprocessableEventError('conflicting-request', message);
      }
      if (found === undefined || found.state === 'VOID') {
        stored = await saveAnswer(bookingId, accept(found, request, time(), causeOf(event)), stored);
      }
      if (stored) return answerOf(bookingId, await settle(bookingId, stored));
    }
  }

  async function onNo(event: Cause, bookingId: string, reason: NoFromElsewhere): Promise<AirlineEvent[]> {
    for (;;) {
      let stored = await store.load(bookingId);
      const decision = decideOnNo(stored?.record, { reason, causedBy: causeOf(event) });
      if (decision.kind === 'nothing') return [];
      if (decision.kind === 'write') stored = await store.save(bookingId, decision.record, stored);
      if (!stored) continue;
      // A charge under way belongs to the run that makes it: that run meets the mark, and the request is not answered yet.
      if (stored.record.state === 'VOID' || stored.record.state === 'CHARGING') return [];
      return answerOf(bookingId, await settle(bookingId, stored)).slice(-1);
    }
  }

  return {
    BookingRequested: onBookingRequested,

    SeatUnavailable(event) {
      return onNo(event, event.data.bookingId, reasonForSeatUnavailable(event.data.reason));
    },

    SeatReleased(event) {
      return onNo(event, event.data.bookingId, reasonForSeatReleased(event.data.reason));
    },

    BookingCancelled(event) {
      return onNo(event, event.data.bookingId, 'cancelled');
    },
  } satisfies HandlersOf<typeof reads>;
}

/** What payments says about a booking, the same words every time: its yes or no, and after it that the yes was taken back. */
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

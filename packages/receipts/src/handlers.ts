import { causeOf, newEvent, type AirlineEvent } from '@airline/events-schemas/events';
import { type Handlers, UnprocessableEventError } from '@airline/messaging/consume';
import {
  addFact,
  asksTheSame,
  forgetAt,
  isOpen,
  isTakenBack,
  receiptOf,
  type FactType,
  type Receipt,
  type ReceiptsRecord,
} from './domain.ts';
import { type Mailer, MailRejectedError } from './mailer.ts';
import type { Once } from './once.ts';
import { receiptMail } from './receipt-mail.ts';
import { receiptNumberOf } from './receipt-number.ts';
import type { ReceiptStore } from './receipt-store.ts';

export interface Dependencies {
  store: ReceiptStore;
  mailer: Mailer;
  /** Guards the mail: no condition on a record can. */
  once: Once;
  now: () => Date;
}

/** What became of a receipt that was due. */
type Outcome = { kind: 'sent'; issuedAt: string; messageId: string } | { kind: 'withheld' };

/** Receipts joins the facts of a booking, mails its receipt when they are complete, and says so. */
export function createHandlers({ store, mailer, once, now }: Dependencies) {
  async function hear(event: AirlineEvent<FactType>): Promise<AirlineEvent[]> {
    const { bookingId } = event.data;
    const record = await remember(bookingId, event);
    return answerOf(bookingId, isOpen(record) ? await issue(bookingId, record) : record);
  }

  async function remember(bookingId: string, event: AirlineEvent<FactType>): Promise<ReceiptsRecord> {
    for (;;) {
      const stored = await store.load(bookingId);
      if (stored && event.type === 'BookingRequested' && !asksTheSame(stored.record, event)) {
        throw new UnprocessableEventError(
          'conflicting-request',
          `Booking ${bookingId} was requested with other content before; the first request stands.`,
        );
      }
      const next = addFact(stored?.record, event, causeOf(event));
      if (!next) return stored!.record;
      if (await store.save(bookingId, next, stored, forgetAt(next, now()))) return next;
    }
  }

  /** Sends the receipt, or finds that it was sent before, and remembers it. */
  async function issue(bookingId: string, record: ReceiptsRecord): Promise<ReceiptsRecord> {
    const number = receiptNumberOf(bookingId);
    const outcome = await once(bookingId, 'receipt', async (): Promise<Outcome> => {
      // Asked for as well when a yes was taken back: a run that crashed after sending may not have got to remember it.
      if (isTakenBack(record)) return { kind: 'withheld' };
      const issuedAt = now().toISOString();
      return { kind: 'sent', issuedAt, messageId: await send(receiptOf(bookingId, record, number, issuedAt)) };
    });
    if (outcome.kind === 'withheld') return record;

    const { issuedAt, messageId } = outcome;
    for (;;) {
      const stored = (await store.load(bookingId))!;
      if (stored.record.receipt) return stored.record;
      // A yes taken back in the meantime changes nothing here: the mail is out.
      const next: ReceiptsRecord = { ...stored.record, receipt: { number, issuedAt, messageId } };
      if (await store.save(bookingId, next, stored, forgetAt(next, now()))) return next;
    }
  }

  async function send(receipt: Receipt): Promise<string> {
    try {
      return (await mailer.send(receiptMail(receipt))).messageId;
    } catch (error) {
      if (error instanceof MailRejectedError) throw new UnprocessableEventError('mail-rejected', error.message);
      throw error;
    }
  }

  return {
    BookingRequested: hear,
    SeatBooked: hear,
    SeatReleased: hear,
    PaymentOk: hear,
    PaymentRefunded: hear,
  } satisfies Handlers;
}

/** What receipts says about a booking, the same words every time. */
function answerOf(bookingId: string, { receipt, dueBecause }: ReceiptsRecord): AirlineEvent[] {
  if (!receipt) return [];
  const { number: receiptNumber, issuedAt } = receipt;
  return [newEvent('ReceiptIssued', { bookingId, receiptNumber, issuedAt }, { occurredAt: issuedAt, causedBy: dueBecause })];
}

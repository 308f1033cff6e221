import { causeOf, newEvent, type AirlineEvent } from '@airline/events-schemas/events';
import type { HandlersOf } from '@airline/events-schemas/reads';
import { UnprocessableEventError } from '@airline/messaging/consume';
import type { Once } from '@airline/messaging/once';
import {
  addFact,
  asksTheSame,
  forgetAt,
  isOpen,
  isTakenBack,
  owesRefundNotice,
  receiptOf,
  refundNoticeOf,
  type ReceiptsRecord,
} from './domain.ts';
import { type Mail, type Mailer, MailRejectedError } from './mailer.ts';
import type { Heard, reads } from './reads.ts';
import { receiptMail } from './receipt-mail.ts';
import { receiptNumberOf } from './receipt-number.ts';
import type { ReceiptStore } from './receipt-store.ts';
import { refundNoticeMail } from './refund-notice-mail.ts';

export interface Dependencies {
  store: ReceiptStore;
  mailer: Mailer;
  /** Guards each mail: no condition on a record can. */
  once: Once;
  now: () => Date;
  /** Told of each mail once, by the run that remembered it first. @default nobody counts */
  sent?: (mail: 'ReceiptIssued' | 'RefundNoticeSent') => void;
}

/** What became of a receipt that was due. */
type Outcome = { kind: 'sent'; issuedAt: string; messageId: string } | { kind: 'withheld' };

/** Receipts joins the facts of a booking, mails its receipt when they are complete, and a notice when the payment is refunded. */
export function createHandlers({ store, mailer, once, now, sent: tell }: Dependencies) {
  async function hear(event: Heard): Promise<AirlineEvent[]> {
    const { bookingId } = event.data;
    let record = await remember(bookingId, event);
    if (isOpen(record)) record = await issue(bookingId, record);
    if (owesRefundNotice(record)) record = await notifyOfRefund(bookingId, record);
    return answerOf(bookingId, record);
  }

  async function remember(bookingId: string, event: Heard): Promise<ReceiptsRecord> {
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
      return {
        kind: 'sent',
        issuedAt,
        messageId: await send(receiptMail(receiptOf(bookingId, record, number, issuedAt))),
      };
    });
    if (outcome.kind === 'withheld') return record;

    const { issuedAt, messageId } = outcome;
    // A yes taken back in the meantime changes nothing here: the mail is out.
    return note(bookingId, 'receipt', { number, issuedAt, messageId });
  }

  /** Tells of the refund, or finds that it was told before, and remembers it. No event is said: the refund itself was one. */
  async function notifyOfRefund(bookingId: string, record: ReceiptsRecord): Promise<ReceiptsRecord> {
    const sent = await once(bookingId, 'refund-notice', async () => {
      const issuedAt = now().toISOString();
      return { issuedAt, messageId: await send(refundNoticeMail(refundNoticeOf(bookingId, record, issuedAt))) };
    });
    return note(bookingId, 'refundNotice', sent);
  }

  /** Remembers a mail that was sent. What is there already stands. */
  async function note<K extends 'receipt' | 'refundNotice'>(
    bookingId: string,
    mail: K,
    sent: NonNullable<ReceiptsRecord[K]>,
  ): Promise<ReceiptsRecord> {
    for (;;) {
      const stored = (await store.load(bookingId))!;
      if (stored.record[mail]) return stored.record;
      const next: ReceiptsRecord = { ...stored.record, [mail]: sent };
      if (await store.save(bookingId, next, stored, forgetAt(next, now()))) {
        tell?.(mail === 'receipt' ? 'ReceiptIssued' : 'RefundNoticeSent');
        return next;
      }
    }
  }

  async function send(mail: Mail): Promise<string> {
    try {
      return (await mailer.send(mail)).messageId;
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
    BookingCancelled: hear,
  } satisfies HandlersOf<typeof reads>;
}

/** What receipts says about a booking, the same words every time. */
function answerOf(bookingId: string, { receipt, dueBecause }: ReceiptsRecord): AirlineEvent[] {
  if (!receipt) return [];
  const { number: receiptNumber, issuedAt } = receipt;
  return [
    newEvent('ReceiptIssued', { bookingId, receiptNumber, issuedAt }, { occurredAt: issuedAt, causedBy: dueBecause }),
  ];
}

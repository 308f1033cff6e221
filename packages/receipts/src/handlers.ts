import { causeOf, newEvent, type AirlineEvent } from '@airline/events-schemas/events';
import type { HandlersOf } from '@airline/events-schemas/reads';
import { UnprocessableEventError } from '@airline/messaging/consume';
import type { Once } from '@airline/messaging/once';
import { PostponeError } from '@airline/messaging/postpone';
import {
  addFact,
  asksTheSame,
  expiryOf,
  isOpen,
  isTakenBack,
  owesRefundNotice,
  receiptOf,
  refundNoticeOf,
  type ReceiptsRecord,
} from './domain.ts';
import { type Mail, type Mailer, MailRejectedError, MailUnavailableError } from './mailer.ts';
import type { Heard, reads } from './reads.ts';
import { receiptMail } from './receipt-mail.ts';
import { receiptNumberOf } from './receipt-number.ts';
import type { ReceiptStore } from './receipt-store.ts';
import { refundNoticeMail } from './refund-notice-mail.ts';

export interface Dependencies {
  store: ReceiptStore;
  mailer: Mailer;
  /** Lets one run at a time send a mail, and keeps the result. A conditional write cannot guard a mail. */
  once: Once;
  now: () => Date;
  /** Called once for each mail, by the run that recorded it as sent. @default no metrics */
  onMailSent?: (mail: 'ReceiptIssued' | 'RefundNoticeSent') => void;
}

/** The outcome for a due receipt. */
type Outcome = { kind: 'sent'; issuedAt: string; messageId: string } | { kind: 'withheld' };

/** The handlers of receipts. All events have the same one: it records the fact, and sends the mails that are due. */
export function createHandlers({ store, mailer, once, now, onMailSent }: Dependencies) {
  async function onFact(event: Heard): Promise<AirlineEvent[]> {
    const { bookingId } = event.data;
    let record = await recordFact(bookingId, event);
    if (isOpen(record)) record = await issueReceipt(bookingId, record);
    if (owesRefundNotice(record)) record = await sendRefundNotice(bookingId, record);
    return answerOf(bookingId, record);
  }

  async function recordFact(bookingId: string, event: Heard): Promise<ReceiptsRecord> {
    for (;;) {
      const stored = await store.load(bookingId);
      if (stored && event.type === 'BookingRequested' && !asksTheSame(stored.record, event)) {
        throw new UnprocessableEventError(
          'conflicting-request',
          `Booking ${bookingId} was requested or sold with other content before; that content stands.`,
        );
      }
      const next = addFact(stored?.record, event, causeOf(event));
      if (!next) return stored!.record;
      if (await store.save(bookingId, next, stored, expiryOf(next, now()))) return next;
    }
  }

  /** Sends the receipt, unless an earlier run sent it, and records it as sent. */
  async function issueReceipt(bookingId: string, record: ReceiptsRecord): Promise<ReceiptsRecord> {
    const number = receiptNumberOf(bookingId);
    const outcome = await once(bookingId, 'receipt', async (): Promise<Outcome> => {
      // `once` is called even after a yes was taken back: an earlier run may have sent the mail and crashed.
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
    // The mail is sent, so a yes that was taken back in the meantime changes nothing.
    return recordMail(bookingId, 'receipt', { number, issuedAt, messageId });
  }

  /** Sends the refund notice, unless an earlier run sent it, and records it as sent. */
  async function sendRefundNotice(bookingId: string, record: ReceiptsRecord): Promise<ReceiptsRecord> {
    const sent = await once(bookingId, 'refund-notice', async () => {
      const issuedAt = now().toISOString();
      return { issuedAt, messageId: await send(refundNoticeMail(refundNoticeOf(bookingId, record, issuedAt))) };
    });
    return recordMail(bookingId, 'refundNotice', sent);
  }

  /** Records a mail as sent. A mail that is recorded already stays. */
  async function recordMail<K extends 'receipt' | 'refundNotice'>(
    bookingId: string,
    mail: K,
    sent: NonNullable<ReceiptsRecord[K]>,
  ): Promise<ReceiptsRecord> {
    for (;;) {
      const stored = (await store.load(bookingId))!;
      if (stored.record[mail]) return stored.record;
      const next: ReceiptsRecord = { ...stored.record, [mail]: sent };
      if (await store.save(bookingId, next, stored, expiryOf(next, now()))) {
        onMailSent?.(mail === 'receipt' ? 'ReceiptIssued' : 'RefundNoticeSent');
        return next;
      }
    }
  }

  async function send(mail: Mail): Promise<string> {
    try {
      return (await mailer.send(mail)).messageId;
    } catch (error) {
      if (error instanceof MailRejectedError) throw new UnprocessableEventError('mail-rejected', error.message);
      // A receipt is worth sending a day later: the record is written, and only the mail waits.
      if (error instanceof MailUnavailableError) throw new PostponeError(error.message);
      throw error;
    }
  }

  return {
    BookingRequested: onFact,
    SeatBooked: onFact,
    SeatReleased: onFact,
    PaymentOk: onFact,
    PaymentRefunded: onFact,
    BookingCancelled: onFact,
  } satisfies HandlersOf<typeof reads>;
}

/** The events that receipts publishes about a booking. They are the same each time. */
function answerOf(bookingId: string, { receipt, dueBecause }: ReceiptsRecord): AirlineEvent[] {
  if (!receipt) return [];
  const { number: receiptNumber, issuedAt } = receipt;
  return [
    newEvent('ReceiptIssued', { bookingId, receiptNumber, issuedAt }, { occurredAt: issuedAt, causedBy: dueBecause }),
  ];
}

import { createInMemoryPaymentProvider } from '@airline/payments/src/in-memory-payment-provider.ts';
import { createInMemoryPaymentStore } from '@airline/payments/src/in-memory-payment-store.ts';
import { createInMemoryReceiptStore } from '@airline/receipts/src/in-memory-receipt-store.ts';
import { createInMemorySeatStore } from '@airline/seats/src/in-memory-seat-store.ts';
import { createInMemoryFactStore } from '@airline/status/src/in-memory-fact-store.ts';
import { type Booking, epoch } from './bookings.ts';
import { services, type Service } from './bus.ts';
import type { Request, Run } from './run.ts';
import type { OnceItem } from './simulated-once.ts';
import { type Message, SimulatedQueue } from './simulated-queue.ts';

/** The kind of a mail is the first word of its subject. A `Refund` is the notice that a receipt was refunded. */
export const mailKinds = ['Receipt', 'Refund'] as const;
export type MailKind = (typeof mailKinds)[number];

export interface SentMail {
  bookingId: string;
  kind: MailKind;
  /** The address. */
  to: string;
}

export interface Note {
  /** Milliseconds since the epoch. */
  now: number;
  text: string;
}

/** All state outside the runs: tables, queues, the payment provider, sent mails, the clock. */
export class World {
  now = epoch;
  readonly bookings: readonly Booking[];
  readonly seatStore = createInMemorySeatStore();
  readonly paymentStore = createInMemoryPaymentStore();
  readonly receiptStore = createInMemoryReceiptStore();
  readonly factStore = createInMemoryFactStore();
  readonly provider = createInMemoryPaymentProvider({ now: () => new Date(this.now) });
  readonly onceItems = { payments: new Map<string, OnceItem>(), receipts: new Map<string, OnceItem>() };
  readonly queues = Object.fromEntries(services.map((service) => [service, new SimulatedQueue()])) as Record<
    Service,
    SimulatedQueue
  >;
  readonly mails: SentMail[] = [];
  /** The provider's last response for each booking and operation. */
  readonly providerAnswers = new Map<string, string>();
  /** Facts that services reported as impossible. */
  readonly impossible: string[] = [];
  /** Failures of runs that no fault explains. */
  readonly defects: string[] = [];
  /** The state of planted bugs. */
  readonly bugState = new Map<string, unknown>();
  runs: Run[] = [];
  /** Requests in flight whose run has crashed or got a timeout. */
  orphans: Request[] = [];
  /** The trace, one note for each step. */
  readonly notes: Note[] = [];
  lastMessageId = 0;

  constructor(bookings: readonly Booking[]) {
    this.bookings = bookings;
  }

  note(text: string): void {
    this.notes.push({ now: this.now, text });
  }

  bookingOf(bookingId: string): Booking | undefined {
    return this.bookings.find(({ request }) => request.bookingId === bookingId);
  }

  /** Whether a message is a request that contradicts another one, and can stay in a dead-letter queue for good. */
  isConflict({ bookingId, reason }: Message): boolean {
    return reason === 'conflicting-request' && (this.bookingOf(bookingId)?.requests.length ?? 0) > 1;
  }

  /** A short name for a booking in traces. */
  nameOf(bookingId: string): string {
    return this.bookingOf(bookingId)?.name ?? bookingId;
  }

  /**
   * @param detailType for its label: `SeatBooked of b3`
   * @param bookingId the flightId for a `FlightScheduled`; an empty string for a poison message, which has no booking
   */
  newMessage(body: string, detailType: string, bookingId: string, visibleAt: number): Message {
    const label = bookingId === '' ? detailType : `${detailType} of ${this.nameOf(bookingId)}`;
    return { id: ++this.lastMessageId, body, bookingId, label, receiveCount: 0, visibleAt };
  }

  copyOf(message: Message, visibleAt: number): Message {
    return {
      id: ++this.lastMessageId,
      body: message.body,
      bookingId: message.bookingId,
      label: message.label,
      receiveCount: 0,
      visibleAt,
    };
  }
}

export function sentMails({ mails }: World, bookingId: string, kind: MailKind): number {
  return mails.filter((mail) => mail.bookingId === bookingId && mail.kind === kind).length;
}

/** One line for each note. */
export function traceOf(notes: readonly Note[]): string[] {
  return notes.map(({ now, text }, index) => `${String(index + 1).padStart(5)} ${clockText(now)}  ${text}`);
}

function clockText(now: number): string {
  const seconds = (now - epoch) / 1000;
  return `${String(Math.floor(seconds / 60)).padStart(3)}:${(seconds % 60).toFixed(3).padStart(6, '0')}`;
}

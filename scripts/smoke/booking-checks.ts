/** The checks that book: a booking that is confirmed and cancelled, one that is declined, one whose hold expires. */
import { randomUUID } from 'node:crypto';
import { type EventType, sourceOf } from '@airline/events-schemas/events';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { BookingStatus } from '../../packages/status/src/domain.ts';
import type { Flight } from '../airline/schedule.ts';
import { jsonOf, type Target } from '../airline/target.ts';
import { ago, money } from '../cli/format.ts';
import type { SubscriptionsOfServices } from '../protocol/subscriptions.ts';
import { type Check, Interrupted, readUntil, Skipped, Unmet } from './check.ts';
import { type Customer, recordedStatus, requestOf } from './customer.ts';
import { smokeSeats } from './smoke-flight.ts';
import { seatsRecord } from './tables.ts';

/** What the booking checks of one run share. */
export interface Booker {
  target: Target;
  flight: Flight;
  customer: Customer;
  /** Of the passenger. */
  email: string;
  subscriptions: SubscriptionsOfServices;
  /** Whether the provider's key moves real money, so that test cards do not pay. */
  isLive: boolean;
  signal: AbortSignal;
  /** Gets the id of every booking, as soon as it is requested. */
  onBooked: (bookingId: string) => void;
}

/** How long a check waits for an answer of the services, in seconds. A cold start takes a few. */
const patienceSeconds = 60;
const pollMilliseconds = 300;
/** How long the request of the hold is valid, in seconds. It must reach seats in this time. */
const requestSeconds = 15;
/** The others hear of the request so many seconds after the hold's end. */
const lateSeconds = 10;
/** A hold that lasts longer is not waited for, so that the test takes less than three minutes. In seconds. */
const longestHoldSeconds = 100;

const deadLetters = 'runbook, "A dead-letter queue is not empty"';
const why = { live: 'the key of the payment provider is a live one, and test cards do not pay with it' };

/** A paid booking: seat, payment, receipt and status. Sets `paid.bookingId`. */
export function checkBooking(booker: Booker, paid: { bookingId?: string }): Check {
  return {
    name: 'books',
    expected: 'a booking is CONFIRMED and settled, with its seat sold and a receipt',
    next: `\`pnpm dlq list\`; ${deadLetters}`,
    async run() {
      const { target, flight, customer, isLive, signal } = booker;
      if (isLive) throw new Skipped(why.live);
      const started = Date.now();
      const bookingId = await book(booker, smokeSeats.paid, 'pm_card_visa');
      const status = await settled(booker, bookingId, ['BookingRequested', 'SeatBooked', 'PaymentOk', 'ReceiptIssued']);
      if (status.status !== 'CONFIRMED') throw new Unmet(`${inWords(bookingId, status)}`);
      paid.bookingId = bookingId;
      const { answer: seat, isAwaited } = await readUntil(
        () => seatState(target, flight, smokeSeats.paid),
        (state) => state === 'sold',
        { atMost: patienceSeconds, signal, pause: pollMilliseconds },
      );
      if (!isAwaited) throw new Unmet(`${bookingId} is CONFIRMED, but its seat is ${seat}`, whatTo(bookingId, 'seats'));
      const took = ago(Date.now() - started);
      return `over ${customer.way}: CONFIRMED in ${took}, ${money(status.amount!)}, receipt ${status.receiptNumber}`;
    },
  };
}

/** The same booking, cancelled: its seat is free, and its payment is refunded. */
export function checkCancellation(booker: Booker, paid: { bookingId?: string }): Check {
  return {
    name: 'cancels',
    expected: 'a cancelled booking is CANCELLED and settled, its seat is free and its payment refunded',
    next: `\`pnpm dlq list\`; ${deadLetters}`,
    async run() {
      const { target, flight, customer, isLive, signal } = booker;
      if (isLive) throw new Skipped(why.live);
      const { bookingId } = paid;
      if (bookingId === undefined) throw new Skipped('there is no confirmed booking to cancel');
      await customer.cancel(bookingId);
      const types: EventType[] = ['BookingCancelled', 'SeatReleased', 'PaymentRefunded'];
      const status = await settled(booker, bookingId, types, ({ status }) => status === 'CANCELLED');
      const refunded = status.timeline.some(({ event }) => event === 'PaymentRefunded');
      if (!refunded) throw new Unmet(`${inWords(bookingId, status)}, without a refund`, whatTo(bookingId, 'payments'));
      const { answer: seat, isAwaited } = await readUntil(
        () => seatState(target, flight, smokeSeats.paid),
        (state) => state === 'free',
        { atMost: patienceSeconds, signal, pause: pollMilliseconds },
      );
      if (!isAwaited) throw new Unmet(`${bookingId} is CANCELLED, but its seat is ${seat}`, whatTo(bookingId, 'seats'));
      return `CANCELLED, refunded, seat free again`;
    },
  };
}

/** A declined card. With a live key the provider declines the test card itself. */
export function checkDecline(booker: Booker): Check {
  return {
    name: 'declined',
    expected: 'a booking with a declined card is PAYMENT_FAILED and settled',
    next: `\`pnpm dlq list\`; ${deadLetters}`,
    async run() {
      const bookingId = await book(booker, smokeSeats.declined, 'pm_card_visa_chargeDeclined');
      const status = await settled(booker, bookingId, ['BookingRequested', 'PaymentFailed', 'SeatReleased']);
      if (status.status !== 'PAYMENT_FAILED') throw new Unmet(inWords(bookingId, status));
      return `PAYMENT_FAILED (${status.declineCode ?? status.reason}), no seat`;
    },
  };
}

/**
 * A hold that nobody pays. Payments always answers, so only seats gets the request, and the others get it as a delayed
 * message after the hold's end. The delay is set as soon as the hold is known: whatever happens to this process then,
 * the booking settles as EXPIRED.
 * @param onHeld is called when seats has answered
 */
export function checkExpiry(booker: Booker, onHeld: () => void): Check {
  return {
    name: 'expires',
    expected: 'a hold that is not paid ends by its timer, and the booking is EXPIRED and settled',
    next: `\`pnpm dlq show seats\`; runbook, "The oldest message of a queue is old"`,
    async run() {
      const { target, flight, email, subscriptions, signal, onBooked } = booker;
      const bookingId = randomUUID();
      const expiresAt = new Date(Date.now() + requestSeconds * 1000).toISOString();
      const { metadata, data } = requestOf(flight, {
        bookingId,
        seat: smokeSeats.expired,
        method: 'pm_card_visa',
        email,
        expiresAt,
      });
      const MessageBody = JSON.stringify({
        version: '0',
        id: randomUUID(),
        'detail-type': 'BookingRequested',
        source: sourceOf('BookingRequested'),
        time: metadata.occurredAt,
        detail: { metadata, data },
      });
      const parameters = await target.parameters();
      const send = (service: string, DelaySeconds: number) =>
        target.sqs.send(
          new SendMessageCommand({ QueueUrl: parameters.get(`${service}/queue-url`)!, MessageBody, DelaySeconds }),
        );
      onBooked(bookingId);
      await send('seats', 0);
      const hearers = Object.entries(subscriptions)
        .filter(([, rules]) =>
          Object.values(rules).some(({ detailTypes }) =>
            (detailTypes as readonly EventType[]).includes('BookingRequested'),
          ),
        )
        .map(([service]) => service)
        .filter((service) => service !== 'seats');
      let holdSeconds = 0;
      try {
        const record = await holdOf(booker, bookingId);
        holdSeconds = (Date.parse(record) - Date.now()) / 1000;
      } finally {
        onHeld();
        const delay =
          signal.aborted || holdSeconds > longestHoldSeconds ? 0 : Math.max(0, Math.ceil(holdSeconds + lateSeconds));
        for (const service of hearers) await send(service, delay);
      }
      if (holdSeconds > longestHoldSeconds) {
        throw new Skipped(
          `a hold lasts ${ago(holdSeconds * 1000)} here (-c holdGraceSeconds), and this test waits for ${longestHoldSeconds} s`,
        );
      }
      const types: EventType[] = ['SeatBooked', 'SeatReleased', 'BookingRequested', 'PaymentFailed'];
      const { answer: status, isAwaited } = await readUntil(
        () => recordedStatus(target, bookingId),
        (seen) => seen?.settled === true,
        { atMost: holdSeconds + lateSeconds + patienceSeconds, signal, pause: pollMilliseconds },
      ).catch(async (error: unknown) => {
        // So that the cleanup need not wait for the delayed message.
        for (const service of hearers) await send(service, 0);
        throw error;
      });
      if (!status || !isAwaited) throw unsettled(bookingId, status, types);
      if (status.status !== 'EXPIRED' || status.reason !== 'hold-expired') throw new Unmet(inWords(bookingId, status));
      return `held for ${ago(holdSeconds * 1000)} without a payment, then EXPIRED (hold-expired)`;
    },
  };
}

async function book({ customer, onBooked, signal }: Booker, seat: string, method: string): Promise<string> {
  if (signal.aborted) throw new Interrupted();
  const bookingId = await customer.book(seat, method);
  onBooked(bookingId);
  return bookingId;
}

/** When the hold ends (RFC 3339 UTC), as the record of seats says. */
async function holdOf({ target, signal }: Booker, bookingId: string): Promise<string> {
  const { answer, isAwaited } = await readUntil(
    () => seatsRecord(target, bookingId),
    (record) => record !== undefined,
    { atMost: patienceSeconds, signal, pause: pollMilliseconds },
  );
  if (!isAwaited)
    throw new Unmet(`seats did not answer ${bookingId} in ${patienceSeconds} s`, whatTo(bookingId, 'seats'));
  if (answer!.state !== 'HELD') throw new Unmet(`the record of seats is ${answer!.state}`, whatTo(bookingId, 'seats'));
  return answer!.holdExpiresAt;
}

/** Waits until the booking is settled. @param types the events that settle it */
async function settled(
  { customer, signal }: Booker,
  bookingId: string,
  types: readonly EventType[],
  isOver: (status: BookingStatus) => boolean = () => true,
): Promise<BookingStatus> {
  const { answer: status, isAwaited } = await readUntil(
    () => customer.status(bookingId),
    (seen) => seen?.settled === true && isOver(seen),
    { atMost: patienceSeconds, signal, pause: pollMilliseconds },
  );
  if (status && isAwaited) return status;
  throw unsettled(bookingId, status, types);
}

/** Names the first event that is missing, and the service that owes it. */
function unsettled(bookingId: string, status: BookingStatus | undefined, types: readonly EventType[]): Unmet {
  const missing = types.find((type) => !status?.timeline.some(({ event }) => event === type));
  const owner = missing === undefined ? 'status' : sourceOf(missing).split('.')[1]!;
  // A request that status does not know is on its way to status, or was not published.
  const service = missing === 'BookingRequested' || missing === 'BookingCancelled' ? 'status' : owner;
  const what = status ? `${status.status}, not settled` : 'unknown to status';
  return new Unmet(
    `${bookingId} is ${what}${missing === undefined ? '' : `: no ${missing}`}`,
    whatTo(bookingId, service),
  );
}

function whatTo(bookingId: string, service: string): string {
  return `\`pnpm dlq show ${service} --booking ${bookingId}\`; ${deadLetters}`;
}

function inWords(bookingId: string, { status, reason, declineCode }: BookingStatus): string {
  const because = [reason, declineCode].filter(Boolean).join(', ');
  return `${bookingId} is ${status}${because === '' ? '' : ` (${because})`}`;
}

async function seatState(target: Target, { flightId }: Flight, seat: string): Promise<string> {
  const response = await target.fetchAnonymously(`/flights/${flightId}/seats`);
  const { seats } = await jsonOf<{ seats: { seat: string; state: string }[] }>(response);
  return seats.find((each) => each.seat === seat)!.state;
}

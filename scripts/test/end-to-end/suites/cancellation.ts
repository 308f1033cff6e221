import { beforeAll, describe, expect, test } from '@jest/globals';
import { newEvent, sourceOf } from '@airline/events-schemas/events';
import type { BookingStatus } from '../../../airline/follow-booking.ts';
import type { Flight } from '../../../airline/schedule.ts';
import type { Mail } from '../support/airline-place.ts';
import { type BookingRequest, type Customer, type RunningAirline, until } from '../support/running-airline.ts';
import { sharedAirline } from '../support/shared-airline.ts';

let airline: RunningAirline;
let customer: Customer;
let flight: Flight;

beforeAll(async () => {
  airline = await sharedAirline();
  customer = await airline.customer('KL1003');
  flight = customer.flight;
});

const request = (overrides: Partial<BookingRequest> = {}): BookingRequest => customer.request(overrides);

const emailOf = (bookingId: string): string => `${bookingId}@example.com`;
const events = ({ timeline }: BookingStatus): string[] => timeline.map(({ event }) => event).sort();
const cancel = (bookingId: string): Promise<Response> => airline.fetch(`/bookings/${bookingId}`, { method: 'DELETE' });

/** A booking that was settled before may need a moment until it is known to be cancelled. */
async function cancelled(bookingId: string): Promise<BookingStatus> {
  let status: BookingStatus | undefined;
  await until(`${bookingId} is cancelled`, async () => {
    status = await airline.get<BookingStatus>(`/bookings/${bookingId}`);
    return status.status === 'CANCELLED' && status.settled;
  });
  return status!;
}

/** Subjects of a passenger's mails by what they begin with, once there are as many. */
async function mailsOf(bookingId: string, count: number): Promise<string[]> {
  let mails: Mail[] = [];
  await until(
    `${bookingId} got ${count} mails`,
    async () => (mails = await airline.mailsTo(emailOf(bookingId))).length >= count,
  );
  return mails.map(({ subject }) => subject.split(' ')[0]!).sort();
}

describe('a cancelled booking', () => {
  test('that was confirmed gives everything back, and the passenger is told of the refund', async () => {
    const asked = request();
    await airline.publish('BookingRequested', asked);
    expect(await airline.settled(asked.bookingId)).toMatchObject({ status: 'CONFIRMED' });
    expect(await mailsOf(asked.bookingId, 1)).toEqual(['Receipt']);

    const { code, stdout } = await airline.command('cancel', asked.bookingId, '--watch', '--json');
    expect(code).toBe(0);
    const status = JSON.parse(stdout) as BookingStatus;
    expect(status).toMatchObject({
      status: 'CANCELLED',
      settled: true,
      reason: 'cancelled',
      cancelledAt: expect.any(String),
    });
    expect(events(status)).toEqual([
      'BookingCancelled',
      'BookingRequested',
      'PaymentOk',
      'PaymentRefunded',
      'ReceiptIssued',
      'SeatBooked',
      'SeatReleased',
    ]);
    expect(await airline.seat(flight.flightId, asked.seats[0]!)).toBe('free');
    expect(await airline.charged(asked.bookingId)).toEqual({ net: 0, charges: 1 });
    expect(await mailsOf(asked.bookingId, 2)).toEqual(['Receipt', 'Refund']);
  });

  test('whose request is still on its way is never made', async () => {
    const asked = request();
    const early = await airline.command('cancel', asked.bookingId);
    expect([early.code, early.stderr]).toEqual([0, expect.stringContaining('No service knows this booking yet')]);
    await until(
      'its cancellation is heard',
      async () => (await airline.get<Partial<BookingStatus>>(`/bookings/${asked.bookingId}`)).status === 'CANCELLED',
    );
    // Status and the others hear on queues of their own: the request may overtake the cancellation at one of them.
    await airline.publish('BookingRequested', asked);
    await cancelled(asked.bookingId);
    expect((await airline.charged(asked.bookingId)).net).toBe(0);
    expect(await airline.seat(flight.flightId, asked.seats[0]!)).toBe('free');
  });

  test('at any moment of its flow holds nothing, costs nothing, and the seats can be booked by another', async () => {
    const bookings = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const asked = request();
        await airline.publish('BookingRequested', asked);
        await new Promise((resolve) => setTimeout(resolve, 20 * index));
        expect((await cancel(asked.bookingId)).status).toBe(202);
        return asked;
      }),
    );
    for (const { bookingId, seats } of bookings) {
      await cancelled(bookingId);
      expect((await airline.charged(bookingId)).net).toBe(0);
      expect(await airline.seat(flight.flightId, seats[0]!)).toBe('free');
    }
    const next = request({ seats: bookings[0]!.seats });
    await airline.publish('BookingRequested', next);
    expect(await airline.settled(next.bookingId)).toMatchObject({ status: 'CONFIRMED' });
    for (const { bookingId } of bookings) {
      const { timeline } = await airline.get<BookingStatus>(`/bookings/${bookingId}`);
      const hasReceipt = timeline.some(({ event }) => event === 'ReceiptIssued');
      expect(await mailsOf(bookingId, hasReceipt ? 2 : 0)).toEqual(hasReceipt ? ['Receipt', 'Refund'] : []);
    }
  });

  test('is cancelled once, however often it is asked', async () => {
    const asked = request({ payment: { method: 'pm_card_visa_chargeDeclined', ...customer.fare } });
    await airline.publish('BookingRequested', asked);
    await airline.settled(asked.bookingId);
    const answers = await Promise.all(Array.from({ length: 5 }, async () => (await cancel(asked.bookingId)).json()));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await cancelled(asked.bookingId)).toMatchObject({
      cancelledAt: (answers[0] as { cancelledAt: string }).cancelledAt,
    });
  });

  test('must have an id that a booking can have', async () => {
    const refused = await cancel('KL1003-12A');
    expect([refused.status, refused.headers.get('content-type')]).toEqual([400, 'application/problem+json']);
    const { code, stderr } = await airline.command('cancel', 'KL1003-12A');
    expect([code, stderr]).toEqual([1, expect.stringContaining('UUID of version 4')]);
  });
});

/** Past the bus, so that payments does not hear of it, as if it were down. @returns the event's metadata */
async function askSeatsAlone(asked: BookingRequest): Promise<unknown> {
  const { type, metadata, data } = newEvent('BookingRequested', asked, { occurredAt: new Date().toISOString() });
  await airline.send(
    'seats',
    JSON.stringify({
      'detail-type': type,
      source: sourceOf(type),
      time: metadata.occurredAt,
      detail: { metadata, data },
    }),
  );
  return metadata;
}

/**
 * Runs a scenario with a hold that ends soon. A busy machine may handle the request only after it has expired, or look
 * at the seat only after the hold has ended. Then the scenario runs again with twice the time.
 * @param scenario returns whether this machine was fast enough for it
 */
async function withShortHold(scenario: (lifetimeSeconds: number) => Promise<boolean>): Promise<void> {
  let lifetimeSeconds = 2;
  while (!(await scenario(lifetimeSeconds))) lifetimeSeconds *= 2;
}

const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1000).toISOString();

/** Waits until a booking has expired. @returns its status, and the states in which its seat was seen until then */
async function expired({ bookingId, seats }: BookingRequest): Promise<{ status: BookingStatus; seen: Set<string> }> {
  const seen = new Set<string>();
  let status: Partial<BookingStatus> = {};
  await until(`${bookingId} has expired`, async () => {
    seen.add(await airline.seat(flight.flightId, seats[0]!));
    status = await airline.get(`/bookings/${bookingId}`);
    return status.status === 'EXPIRED';
  });
  return { status: status as BookingStatus, seen };
}

describe('a hold', () => {
  test('that nobody paid ends: the seats are free again, and a request that reaches payments later is refused', () =>
    withShortHold(async (lifetimeSeconds) => {
      const asked = request({ expiresAt: inSeconds(lifetimeSeconds) });
      const metadata = await askSeatsAlone(asked);
      const { seen } = await expired(asked);
      if (!seen.has('held')) return false;
      expect(await airline.seat(flight.flightId, asked.seats[0]!)).toBe('free');

      await airline.publish('BookingRequested', asked, metadata);
      const status = await airline.settled(asked.bookingId);
      expect(status).toMatchObject({ status: 'EXPIRED', settled: true });
      expect(events(status)).toEqual(['BookingRequested', 'PaymentFailed', 'SeatBooked', 'SeatReleased']);
      expect(await airline.charged(asked.bookingId)).toEqual({ net: 0, charges: 0 });
      return true;
    }));

  test('of a booking that is paid in time outlives its timer', () =>
    withShortHold(async (lifetimeSeconds) => {
      const seat = customer.freeSeat();
      const where = ['--flight', flight.flightNumber, '--seat', seat];
      const options = ['--expires-in', String(lifetimeSeconds), '--watch', '--json'];
      const { code, stdout } = await airline.command('book', ...where, ...options);
      const { bookingId, status: outcome } = JSON.parse(stdout) as BookingStatus;
      if (outcome === 'EXPIRED') return false;
      expect([outcome, code]).toEqual(['CONFIRMED', 0]);
      const other = request({ expiresAt: inSeconds(lifetimeSeconds) });
      await askSeatsAlone(other);
      // The other hold's timer rings later than the booking's.
      const { status } = await expired(other);
      if (!events(status).includes('SeatReleased')) return false;
      expect(await airline.seat(flight.flightId, seat)).toBe('sold');
      expect(await airline.get<BookingStatus>(`/bookings/${bookingId}`)).toMatchObject({
        status: 'CONFIRMED',
        settled: true,
      });
      return true;
    }));
});

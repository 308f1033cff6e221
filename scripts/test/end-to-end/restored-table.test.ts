/**
 * A service's table is lost and restored, as the runbook says ("Restore a table"). A copy of its items plays the
 * recovery to a point in time, which no emulator has.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { BookingStatus } from '../../airline/follow-booking.ts';
import {
  type BookingRequest,
  type Customer,
  RunningAirline,
  runsOnEmulator,
  until,
} from './support/running-airline.ts';

const declined = 'pm_card_visa_chargeDeclined';
/** Of a request, in milliseconds. Every restore takes longer than a request is valid, so requests must have expired. */
const validFor = 6000;

let airline: RunningAirline;
let customer: Customer;

beforeAll(async () => {
  if (runsOnEmulator) return;
  airline = await RunningAirline.start();
  customer = await airline.customer('KL1002');
});
afterAll(async () => {
  await airline?.stop();
});

async function quiet(): Promise<void> {
  await until('all is handled', async () => (await airline.unhandled()) === 0);
}

/** One confirmed, one declined and one cancelled booking, whose requests have expired. */
async function bookings(): Promise<[confirmed: BookingRequest, declined: BookingRequest, cancelled: BookingRequest]> {
  const expiresAt = new Date(Date.now() + validFor).toISOString();
  const confirmed = customer.request({ expiresAt });
  const refused = customer.request({ expiresAt, payment: { ...customer.fare, method: declined } });
  const cancelled = customer.request({ expiresAt });
  for (const request of [confirmed, refused, cancelled]) await airline.publish('BookingRequested', request);
  for (const { bookingId } of [confirmed, refused, cancelled]) await airline.settled(bookingId);
  await airline.publish('BookingCancelled', { bookingId: cancelled.bookingId, cancelledAt: new Date().toISOString() });
  await until('it is cancelled', async () => (await airline.settled(cancelled.bookingId)).status === 'CANCELLED');
  await quiet();
  await until('the requests have expired', () => Promise.resolve(Date.now() > Date.parse(expiresAt)));
  return [confirmed, refused, cancelled];
}

interface Outcome {
  status: string;
  receiptNumber: string | undefined;
  charged: { net: number; charges: number };
  seat: string;
}

async function outcomeOf({ bookingId, flightId, seats }: BookingRequest): Promise<Outcome> {
  const { status, receiptNumber } = await airline.get<BookingStatus>(`/bookings/${bookingId}`);
  const [charged, seat] = [await airline.charged(bookingId), await airline.seat(flightId, seats[0]!)];
  return { status, receiptNumber, charged, seat };
}

async function outcomes(requests: readonly BookingRequest[]): Promise<Outcome[]> {
  return Promise.all(requests.map(outcomeOf));
}

async function lose(service: string, restored: Awaited<ReturnType<RunningAirline['itemsOf']>> = []): Promise<void> {
  await airline.setConsumer(service, false);
  await airline.restoreTable(service, restored);
  await airline.setConsumer(service, true);
}

async function replay(from: string, ...rules: string[]): Promise<void> {
  const ruleOptions = rules.flatMap((rule) => ['--rule', rule]);
  const { stdout, stderr } = await airline.command('replay', '--from', from, ...ruleOptions, '--confirm', '--json');
  expect([stderr, JSON.parse(stdout)]).toMatchObject(['', { state: 'COMPLETED' }]);
  await quiet();
}

/** What `pnpm reconcile` finds, by booking. */
async function findings(): Promise<{ bookingId?: string; rule: string }[]> {
  const { report } = await airline.reconcile();
  return report.findings.map(({ bookingId, rule }) => ({ bookingId: bookingId!, rule }));
}

const testHere = runsOnEmulator ? test.skip : test;

describe('after its table was lost', () => {
  testHere('status is rebuilt by a replay of all its rules, with the same answers', async () => {
    const asked = await bookings();
    const before = await outcomes(asked);
    await lose('status');
    expect((await airline.fetch(`/bookings/${asked[0].bookingId}`)).status).toBe(404);
    await replay('1d');
    expect(await outcomes(asked)).toEqual(before);
    expect(await findings()).toEqual([]);
  });

  testHere('receipts is rebuilt by a replay, and passengers get their mails again', async () => {
    const asked = await bookings();
    const before = await outcomes(asked);
    const [{ passenger }] = asked;
    expect(await airline.mailsTo(passenger.email)).toHaveLength(1);
    await lose('receipts');
    await replay('1d', 'airline-receipts-bookings', 'airline-receipts-seats', 'airline-receipts-payments');
    expect(await outcomes(asked)).toEqual(before);
    expect(await airline.mailsTo(passenger.email)).toHaveLength(2);
    expect(await findings()).toEqual([]);
  });

  testHere('bookings gets its flights from a replay, so the front door accepts requests again', async () => {
    await lose('bookings');
    const { bookingId, flightId, seats, passenger } = customer.request();
    const book = async (): Promise<number> => {
      const body = JSON.stringify({ flightId, seats, passenger, payment: { method: 'pm_card_visa' } });
      const headers = { 'content-type': 'application/json', 'idempotency-key': bookingId };
      return (await airline.fetch('/bookings', { method: 'POST', headers, body })).status;
    };
    expect(await book()).toBe(422);
    await replay('1d', 'airline-bookings-flights');
    expect(await book()).toBe(202);
    await quiet();
  });

  testHere('seats keeps what is sold if the payments are replayed before the requests', async () => {
    const older = await bookings();
    const restored = await airline.itemsOf('seats');
    const restoredTo = new Date().toISOString();
    const newer = await bookings();
    const before = await outcomes([...older, ...newer]);
    await lose('seats', restored);
    await replay(restoredTo, 'airline-seats-flights');
    await replay(restoredTo, 'airline-seats-payments');
    await replay(restoredTo, 'airline-seats-bookings');
    expect(await outcomes([...older, ...newer])).toEqual(before);
    // Seats forgot that it had held the failed ones. They have neither seat nor money.
    const failed = [newer[1].bookingId, newer[2].bookingId];
    for (const { bookingId, rule } of await findings()) {
      expect(failed).toContain(bookingId);
      expect(['SeatBooked-not-remembered', 'SeatReleased-not-remembered']).toContain(rule);
    }
  });

  testHere('seats refuses what was sold if the requests are replayed first: passengers lose their seats', async () => {
    const restored = await airline.itemsOf('seats');
    const restoredTo = new Date().toISOString();
    const [confirmed] = await bookings();
    expect(await outcomeOf(confirmed)).toMatchObject({ status: 'CONFIRMED', seat: 'sold' });
    await lose('seats', restored);
    await replay(restoredTo, 'airline-seats-bookings');
    expect(await outcomeOf(confirmed)).toMatchObject({ charged: { net: 0 }, seat: 'free' });
  });

  testHere('payments is restored without a replay, and reconcile names the bookings in between', async () => {
    const restored = await airline.itemsOf('payments');
    const known = new Set((await findings()).map(({ bookingId }) => bookingId));
    const [confirmed, refused, cancelled] = await bookings();
    await lose('payments', restored);
    const found = (await findings()).filter(({ bookingId }) => !known.has(bookingId));
    expect([...new Set(found.map(({ bookingId }) => bookingId))].sort()).toEqual(
      [confirmed, refused, cancelled].map(({ bookingId }) => bookingId).sort(),
    );
    expect(await outcomeOf(confirmed)).toMatchObject({ status: 'CONFIRMED', charged: { charges: 1 }, seat: 'sold' });
  });

  testHere('payments says no to what it has charged if the requests are replayed: never do it', async () => {
    const restored = await airline.itemsOf('payments');
    const restoredTo = new Date().toISOString();
    const [confirmed] = await bookings();
    await lose('payments', restored);
    await replay(restoredTo, 'airline-payments-bookings');
    const { charged, status } = await outcomeOf(confirmed);
    expect([charged.net > 0, status]).toEqual([true, 'EXPIRED']);
  });
});

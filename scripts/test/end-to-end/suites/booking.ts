import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type AirlineEvent, newEvent, sourceOf } from '@airline/events-schemas/events';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { BookingStatus } from '../../../airline/follow-booking.ts';
import type { Flight } from '../../../airline/schedule.ts';
import {
  type BookingRequest,
  type Customer,
  type RunningAirline,
  testExceptOnEmulator,
  until,
} from '../support/running-airline.ts';
import { sharedAirline } from '../support/shared-airline.ts';

let airline: RunningAirline;
let customer: Customer;
let flight: Flight;

beforeAll(async () => {
  airline = await sharedAirline();
  customer = await airline.customer('KL1002');
  flight = customer.flight;
});

const request = (overrides: Partial<BookingRequest> = {}): BookingRequest => customer.request(overrides);

const events = ({ timeline }: BookingStatus): string[] => timeline.map(({ event }) => event).sort();

describe('a booking', () => {
  test('of a free seat is confirmed: one charge, one mail, the seat sold', async () => {
    const seat = customer.freeSeat();
    const email = `${randomUUID()}@example.com`;
    const { code, stdout } = await airline.command(
      'book',
      '--flight',
      'KL1002',
      '--seat',
      seat,
      '--email',
      email,
      '--watch',
      '--json',
    );
    const status = JSON.parse(stdout) as BookingStatus;
    expect(status).toMatchObject({ status: 'CONFIRMED', settled: true, seats: [seat], amount: customer.fare });
    expect(code).toBe(0);
    expect(events(status)).toEqual(['BookingRequested', 'PaymentOk', 'ReceiptIssued', 'SeatBooked']);
    expect(await airline.seat(flight.flightId, seat)).toBe('sold');
    expect(await airline.charged(status.bookingId)).toEqual({ net: customer.fare.amountMinor, charges: 1 });
    const mails = await airline.mailsTo(email);
    expect(mails).toHaveLength(1);
    expect(mails[0]!.text).toContain(status.receiptNumber);
    expect(mails[0]!.html).toContain(seat);
    // Nothing that the status API says is personal.
    expect(stdout).not.toContain(email);
  });

  test('of a seat that is sold fails, and its charge is given back', async () => {
    const first = request();
    await airline.publish('BookingRequested', first);
    expect((await airline.settled(first.bookingId)).status).toBe('CONFIRMED');
    const second = request({ seats: first.seats });
    await airline.publish('BookingRequested', second);
    expect(await airline.settled(second.bookingId)).toMatchObject({
      status: 'SEAT_UNAVAILABLE',
      reason: 'taken',
      unavailableSeats: first.seats,
    });
    expect((await airline.charged(second.bookingId)).net).toBe(0);
    expect(await airline.mailsTo(second.passenger.email)).toEqual([]);
    expect(await airline.seat(flight.flightId, first.seats[0]!)).toBe('sold');
  });

  test('whose card is declined fails, and its seat is free again', async () => {
    const seat = customer.freeSeat();
    const { code, stdout } = await airline.command(
      'book',
      '--flight',
      flight.flightId,
      '--seat',
      seat,
      '--payment-method',
      'pm_card_visa_chargeDeclined',
      '--watch',
      '--json',
    );
    const status = JSON.parse(stdout) as BookingStatus;
    expect(status).toMatchObject({ status: 'PAYMENT_FAILED', settled: true, reason: 'declined' });
    expect(code).toBe(2);
    expect(await airline.seat(flight.flightId, seat)).toBe('free');
    expect((await airline.charged(status.bookingId)).net).toBe(0);
  });

  test('published five times is one booking: one charge, one mail, one seat', async () => {
    const asked = request();
    await Promise.all(Array.from({ length: 5 }, () => airline.publish('BookingRequested', asked)));
    expect((await airline.settled(asked.bookingId)).status).toBe('CONFIRMED');
    await airline.publish('BookingRequested', asked);
    // A later booking that settles has passed every queue after the repetitions.
    const later = request();
    await airline.publish('BookingRequested', later);
    await airline.settled(later.bookingId);
    expect(await airline.charged(asked.bookingId)).toEqual({ net: asked.payment.amountMinor, charges: 1 });
    expect(await airline.mailsTo(asked.passenger.email)).toHaveLength(1);
    expect(await airline.seat(flight.flightId, asked.seats[0]!)).toBe('sold');
    expect(events(await airline.settled(asked.bookingId))).toEqual([
      'BookingRequested',
      'PaymentOk',
      'ReceiptIssued',
      'SeatBooked',
    ]);
  });

  test('is one of fifty for the same seat: exactly one gets it, and the others pay nothing', async () => {
    const seats = [customer.freeSeat()];
    const asked = Array.from({ length: 50 }, () => request({ seats }));
    await Promise.all(asked.map((each) => airline.publish('BookingRequested', each)));
    const answers: BookingStatus[] = [];
    // One after another: a question that waits for its answer keeps a function busy.
    for (const { bookingId } of asked) answers.push(await airline.settled(bookingId));
    expect(answers.filter(({ status }) => status === 'CONFIRMED')).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 'SEAT_UNAVAILABLE')).toHaveLength(49);
    const winner = answers.find(({ status }) => status === 'CONFIRMED')!.bookingId;
    for (const { bookingId, payment } of asked) {
      expect((await airline.charged(bookingId)).net).toBe(bookingId === winner ? payment.amountMinor : 0);
    }
  });

  test('over the front door: the same Idempotency-Key is the same booking', async () => {
    const seat = customer.freeSeat();
    const email = `${randomUUID()}@example.com`;
    const post = (body: object) =>
      airline.fetch('/bookings', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': email },
        body: JSON.stringify(body),
      });
    const body = {
      flightId: flight.flightId,
      seats: [seat],
      passenger: { name: 'Ada', email },
      payment: { method: 'pm_card_visa' },
    };
    const [first, second] = [await post(body), await post(body)];
    expect([first.status, second.status]).toEqual([202, 202]);
    const { bookingId } = (await first.json()) as { bookingId: string };
    expect(((await second.json()) as { bookingId: string }).bookingId).toBe(bookingId);
    expect(first.headers.get('location')).toBe(`/bookings/${bookingId}`);
    expect(await airline.settled(bookingId)).toMatchObject({ status: 'CONFIRMED', amount: customer.fare });
    expect(await airline.mailsTo(email)).toHaveLength(1);
    expect((await post({ ...body, seats: ['10A', '10C'] })).status).toBe(422);
  });

  test('that is nonsense is refused at the front door, field by field', async () => {
    const response = await airline.fetch('/bookings', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        flightId: flight.flightId,
        seats: ['12A', '12A'],
        passenger: { name: 'Ada', email: 'nobody' },
        payment: { method: 'pm_card_visa' },
        upgrade: true,
      }),
    });
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    const { errors } = (await response.json()) as { errors: { field: string }[] };
    expect(errors.map(({ field }) => field).sort()).toEqual(['/passenger/email', '/seats/0', '/seats/1', '/upgrade']);
  });
});

describe('the order in which facts reach status', () => {
  test('does not matter: all 24 orders of a confirmed booking give the same answer', async () => {
    const facts = (bookingId: string): AirlineEvent[] => {
      const at = (second: number): string => `2026-12-01T09:30:0${second}.000Z`;
      const money = { amountMinor: 8_100, currency: 'EUR' };
      const seats = { bookingId, flightId: 'KL1001-20261218', seats: ['12A'] };
      const requested = newEvent(
        'BookingRequested',
        {
          ...seats,
          passenger: { name: 'Ada', email: 'ada@example.com' },
          payment: { method: 'pm_card_visa', ...money },
        },
        { occurredAt: at(0) },
      );
      const paid = newEvent(
        'PaymentOk',
        { bookingId, paymentId: 'pi_1', ...money, paidAt: at(2) },
        { occurredAt: at(2), causedBy: requested },
      );
      return [
        requested,
        newEvent('SeatBooked', { ...seats, ...money }, { occurredAt: at(1), causedBy: requested }),
        paid,
        newEvent(
          'ReceiptIssued',
          { bookingId, receiptNumber: 'R-1', issuedAt: at(3) },
          { occurredAt: at(3), causedBy: paid },
        ),
      ];
    };
    const answers = await Promise.all(
      permutations([0, 1, 2, 3]).map(async (order) => {
        const bookingId = randomUUID();
        const all = facts(bookingId);
        for (const [heard, index] of order.entries()) {
          const { type, metadata, data } = all[index]!;
          await airline.send(
            'status',
            JSON.stringify({
              'detail-type': type,
              source: sourceOf(type),
              time: metadata.occurredAt,
              detail: { metadata, data },
            }),
          );
          await until(
            `${type} is heard`,
            async () =>
              ((await airline.get<Partial<BookingStatus>>(`/bookings/${bookingId}`)).timeline?.length ?? 0) > heard,
          );
        }
        const answer = await airline.get<BookingStatus>(`/bookings/${bookingId}`);
        for (const entry of answer.timeline) entry.heardAt = '';
        return JSON.stringify(answer).replaceAll(bookingId, 'ID');
      }),
    );
    expect(answers).toHaveLength(24);
    expect(new Set(answers).size).toBe(1);
    expect(JSON.parse(answers[0]!)).toMatchObject({ status: 'CONFIRMED', settled: true, receiptNumber: 'R-1' });
  });
});

describe('a message that nobody can handle', () => {
  test('is in the dead-letter queue with its reason, masked when shown, and the bookings around it are unaffected', async () => {
    const secret = `${randomUUID()}@example.com`;
    const violated = {
      'detail-type': 'BookingRequested',
      source: 'airline.bookings',
      time: '2026-12-01T09:30:00Z',
      detail: { data: { ...request(), bookingId: 'no', passenger: { name: 'Ada', email: secret } } },
    };
    const before = request();
    const after = request();
    await airline.publish('BookingRequested', before);
    await airline.send('seats', 'this is not JSON');
    await airline.send('seats', JSON.stringify(violated));
    await airline.publish('BookingRequested', after);
    for (const { bookingId } of [before, after]) expect((await airline.settled(bookingId)).status).toBe('CONFIRMED');

    const shown = async (): Promise<{ reason: string; error: string; receiveCount: number }[]> =>
      JSON.parse((await airline.command('dlq', 'show', 'seats', '--json')).stdout) as {
        reason: string;
        error: string;
        receiveCount: number;
      }[];
    await until('both are dead letters', async () => (await airline.messagesIn('seats-dead-letters')) === 2);
    const letters = await shown();
    expect(letters.map(({ reason }) => reason).sort()).toEqual(['not-json', 'schema-violation']);
    expect(letters.map(({ receiveCount }) => receiveCount)).toEqual([1, 1]);
    expect(letters.find(({ reason }) => reason === 'schema-violation')!.error).toContain('/data/bookingId');
    expect(JSON.stringify(letters)).not.toContain(secret);

    const { stdout, code } = await airline.command('dlq', 'list');
    expect(code).toBe(0);
    // An airline on AWS has no column of lost events.
    expect(stdout).toMatch(/^seats +2 +0( +0)?$/m);
    expect(stdout).toMatch(/^[0-9a-f]{6} {2}schema-violation: detail of \w+: \/data\/bookingId /m);
    expect((await airline.command('dlq', 'show', 'seats')).stdout).toContain('schema-violation');
  });

  test('nor a second request for another seat under the same booking id: the first stands', async () => {
    const asked = request();
    await airline.publish('BookingRequested', asked);
    expect((await airline.settled(asked.bookingId)).status).toBe('CONFIRMED');
    const lettersBefore = await airline.messagesIn('seats-dead-letters');
    const other = { ...asked, seats: [customer.freeSeat()] };
    await airline.publish('BookingRequested', other);
    await until(
      'it is a dead letter',
      async () => (await airline.messagesIn('seats-dead-letters')) === lettersBefore + 1,
    );
    expect((await airline.command('dlq', 'show', 'seats', '--json')).stdout).toContain('conflicting-request');
    expect(await airline.seat(flight.flightId, other.seats[0]!)).toBe('free');
    expect((await airline.settled(asked.bookingId)).seats).toEqual(asked.seats);
  });
});

describe('the commands', () => {
  test.each([
    ['an unknown flight', ['book', '--flight', 'KL9999', '--seat', '12A'], 'No flight KL9999 is on sale'],
    ['a seat that the flight lacks', ['book', '--flight', 'KL1002', '--seat', '99Z'], 'has no seat 99Z'],
    [
      'a seat twice',
      ['book', '--flight', 'KL1002', '--seat', '12A', '--seat', '12A'],
      '--seat must not name anything twice',
    ],
    [
      'a bad email',
      ['book', '--flight', 'KL1002', '--seat', '12A', '--email', 'nobody'],
      '--email must be an email address',
    ],
    ['an unknown booking', ['status', randomUUID()], 'No booking'],
    ['an unknown service', ['dlq', 'show', 'catering'], 'No service is called catering'],
    ['an unknown option', ['dlq', 'list', '--window'], "unknown option '--window'"],
    ['a file that is not there', ['flights', 'load', 'nowhere.json'], 'there is no such file'],
  ])('%s is an error that says what to do', async (_, parameters, message) => {
    const [name, ...rest] = parameters;
    const { code, stdout, stderr } = await airline.command(name!, ...rest);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
    expect([code, stdout]).toEqual([1, '']);
  });

  test('the pages of the list of flights are the whole list, by day and by route', async () => {
    const sample = JSON.parse((await airline.command('flights', 'list', '--json')).stdout) as Flight[];
    const date = new Date(sample[0]!.departureTime).toISOString().slice(0, 10);
    for (const filters of ['limit=40', `limit=40&date=${date}`, 'limit=1&origin=ams&destination=lhr']) {
      const found: Flight[] = [];
      for (let link: string | undefined = `/flights?${filters}`; link !== undefined;) {
        const response: Response = await airline.fetch(link);
        found.push(...((await response.json()) as { flights: Flight[] }).flights);
        const [, next] = /<.*(\/flights\?[^>]*)>; rel="next"/.exec(response.headers.get('link') ?? '') ?? [];
        link = next;
      }
      expect(found).toEqual(
        filters.includes('lhr') ? sample.filter(({ destination }) => destination.iata === 'LHR') : sample,
      );
      expect(found).not.toHaveLength(0);
    }
  });

  test('another schedule can be loaded, and one with a mistake is refused whole', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'airline-'));
    try {
      const other: Flight = {
        ...flight,
        flightId: 'XY77-20300101',
        carrier: 'XY',
        flightNumber: 'XY77',
        departureTime: '2030-01-01T10:00:00Z',
        aircraft: 'Airbus A220',
      };
      const file = path.join(folder, 'flights.json');
      const broken = {
        ...other,
        flightId: 'XY78-20300101',
        flightNumber: 'XY78',
        cabins: [{ ...other.cabins[0]!, rows: { first: 9, last: 1 } }],
      };
      await writeFile(file, JSON.stringify([other, broken]));
      const refused = await airline.command('flights', 'load', file);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain('[1].cabins[0].rows');
      expect((await airline.get<{ flights: unknown[] }>('/flights?flightNumber=XY77')).flights).toEqual([]);

      await writeFile(file, JSON.stringify([other]));
      const loaded = await airline.command('flights', 'load', file, '--first-day', '2031-05-01', '--json');
      expect(JSON.parse(loaded.stdout)).toMatchObject({ flights: 1, departed: 0 });
      expect((await airline.get<{ flights: Flight[] }>('/flights?flightNumber=XY77')).flights[0]!.flightId).toBe(
        'XY77-20310501',
      );
      expect(JSON.parse((await airline.command('flights', 'list', '--json')).stdout)).toHaveLength(96);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('stopping', () => {
  testExceptOnEmulator('how it stops is its own business')(
    'a signal ends it with exit code 0 and nobody answers any more',
    async () => {
      expect(await airline.stop()).toBe(0);
      await expect(airline.fetch('/_local/health')).rejects.toThrow();
      const { code, stderr } = await airline.command('flights', 'list');
      expect(code).toBe(1);
      expect(stderr).toContain('No local cloud answers');
    },
  );
});

function permutations<T>(items: T[]): T[][] {
  if (items.length <= 1) return [items];
  return items.flatMap((item, index) =>
    permutations([...items.slice(0, index), ...items.slice(index + 1)]).map((rest) => [item, ...rest]),
  );
}

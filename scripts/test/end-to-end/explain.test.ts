/**
 * The ways in which a booking can be stuck, each made on a local cloud: what `pnpm explain` says of it, and that typing
 * what it says mends it. The table in docs/runbook.md lists them.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { newEvent } from '@airline/events-schemas/events';
import type { StandingFault } from '@airline/local-cloud/chaos/chaos';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { BookingStatus } from '../../airline/follow-booking.ts';
import type { Evidence } from '../../explain/evidence.ts';
import type { Explanation } from '../../explain/explain-booking.ts';
import type { Report } from '../../reconcile/reconcile-bookings.ts';
import type { TracesData } from '../../trace/otlp.ts';
import type { Trace, TracedEvent } from '../../trace/trace-booking.ts';
import { type BookingRequest, type Customer, RunningAirline, until } from './support/running-airline.ts';

interface Answer {
  code: number | null;
  sentence: string;
  advice?: string;
  type?: string;
  explanation: Explanation;
  evidence: Evidence;
}

let airline: RunningAirline;
let customer: Customer;

beforeAll(async () => {
  airline = await RunningAirline.startWithFaults({ holdGraceSeconds: 1 });
  customer = await airline.customer('KL1001');
});
afterAll(() => airline?.stop());

async function explain(bookingId: string): Promise<Answer> {
  const { code, stdout, stderr } = await airline.command('explain', bookingId, '--json');
  if (stdout === '') throw new Error(stderr);
  return { code, ...(JSON.parse(stdout) as Omit<Answer, 'code'>) };
}

/** Asks until the sentence is as expected. The last answer is compared, so a failure shows it. */
async function explained(bookingId: string, sentence: RegExp): Promise<Answer> {
  const end = Date.now() + 60_000;
  let answer = await explain(bookingId);
  while (!sentence.test(answer.sentence) && Date.now() < end) answer = await explain(bookingId);
  expect(answer.sentence).toMatch(sentence);
  return answer;
}

/** Types the command that an answer names. */
async function typed({ type }: Answer): Promise<void> {
  const [pnpm, command, ...parameters] = type!.split(' ');
  expect(pnpm).toBe('pnpm');
  expect(await airline.command(command!, ...parameters)).toMatchObject({ code: 0 });
}

async function requested(overrides: Partial<BookingRequest> = {}): Promise<string> {
  const request = customer.request(overrides);
  await airline.publish('BookingRequested', request);
  return request.bookingId;
}

async function hasHeard(bookingId: string, ...events: string[]): Promise<void> {
  await until(`status has heard ${events.join(', ')}`, async () => {
    const { timeline = [] } = await airline.get<Partial<BookingStatus>>(`/bookings/${bookingId}`);
    return events.every((event) => timeline.some((entry) => entry.event === event));
  });
}

const closed = (service: string): StandingFault => ({ family: 'receive', kind: 'outage', party: `airline-${service}` });
const refusing = (service: string): StandingFault => ({
  family: 'delivery',
  kind: 'not-allowed',
  party: `airline-${service}`,
});
const providerIs = (kind: 'outage' | 'hangs'): StandingFault => ({ family: 'provider-request', kind });

/** Settled, and nothing about it waits anywhere. */
async function mended(bookingId: string, status: BookingStatus['status']): Promise<Answer> {
  expect((await airline.settled(bookingId)).status).toBe(status);
  const answer = await explained(bookingId, /^(Confirmed|Failed|Expired|Cancelled)/);
  expect(answer).toMatchObject({ code: 0, explanation: { state: 'settled' } });
  return answer;
}

interface Stuck {
  way: string;
  /** Makes the booking. @returns its id */
  make: () => Promise<string>;
  says: RegExp;
  /** The command that it says to type. */
  type: RegExp;
  /** Ends the cause, before the command is typed. */
  end?: () => Promise<void>;
  status?: BookingStatus['status'];
}

const waitingForSeats = /^It waits for seats to say SeatBooked or SeatUnavailable since \d+ s: /;

const ways: Stuck[] = [
  {
    way: 'its request waits in the queue of a service that does not run',
    make: async () => {
      await airline.faults(closed('seats'));
      return requested();
    },
    says: /waits for seats to say SeatBooked or SeatUnavailable since \d+ s: its BookingRequested waits in the queue of seats, where \d+ messages? waits? to be received\.$/,
    type: /^pnpm status ID --watch$/,
  },
  {
    way: 'the same while its seats are held: the hold has an end',
    make: async () => {
      await airline.faults(closed('payments'));
      return requested();
    },
    says: /waits for payments to say PaymentOk or PaymentFailed .*: its BookingRequested waits in the queue of payments.* Its seats are held until \d\d:\d\d:\d\d\.\d{3} UTC \(for \d+ min\), and released then\.$/,
    type: /^pnpm status ID --watch$/,
  },
  {
    way: 'a service is handling it, and slow',
    make: async () => {
      await airline.faults(providerIs('hangs'));
      return requested();
    },
    says: /waits for payments .*: payments is handling BookingRequested right now, since \d+ s \(try 1\)\. The payment provider does not answer/,
    type: /^pnpm status ID --watch$/,
  },
  {
    way: 'the payment provider is down, and payments tries again',
    make: async () => {
      await airline.faults(providerIs('outage'));
      return requested();
    },
    says: /waits for payments .*: payments failed to handle BookingRequested \(try [2-4] of 5: UndecidedPaymentError: .*\), and SQS delivers it again at \d\d:\d\d:\d\d\.\d{3} UTC\. The payment provider does not answer \(.*\)\./,
    type: /^pnpm status ID --watch$/,
  },
  {
    way: 'a service has decided and cannot publish',
    make: async () => {
      const party = 'airline-seats-consumer';
      await airline.faults({ family: 'aws-request', kind: 'failed', party, operation: 'EventBridge PutEvents' });
      return requested();
    },
    says: /: seats failed to handle BookingRequested \(try \d of 5: PublishError: .*\), and SQS delivers it again at /,
    type: /^pnpm status ID --watch$/,
  },
  {
    way: 'its flight is not scheduled yet',
    make: () => requested({ flightId: `ZZ9-${customer.flight.flightId.slice(-8)}` }),
    says: /waits for seats .*: seats failed to handle BookingRequested \(try \d of 5: Flight ZZ9-\d+ of booking .* is not scheduled yet\.\), and SQS/,
    type: /^pnpm status ID --watch$/,
    status: 'SEAT_UNAVAILABLE',
  },
  {
    way: 'a service failed in all its tries: a dead letter',
    make: async () => {
      await setTries('payments', 1);
      await airline.faults(providerIs('outage'));
      return requested();
    },
    says: /waits for payments .*: its BookingRequested is a dead letter of payments since \d+ s, because payments failed to handle it in all its tries \(UndecidedPaymentError: .*\)\. The payment provider does not answer/,
    type: /^pnpm dlq redrive payments --booking ID --confirm$/,
    end: () => setTries('payments', 5),
  },
  {
    way: 'the policy of a queue does not admit the rules: undelivered',
    make: async () => {
      await airline.faults(refusing('receipts'));
      return requested();
    },
    says: /^It waits for receipts to say ReceiptIssued since \d+ s: its \w+ is a dead letter of receipts since \d+ s, because EventBridge could not deliver it \(NO_PERMISSIONS, .*\)\.$/,
    type: /^pnpm dlq redrive receipts --booking ID --confirm$/,
  },
  {
    way: 'neither the queue nor its dead-letter queue took an event: lost',
    make: async () => {
      await airline.faults(closed('payments'), refusing('seats'));
      await withoutQueue('seats-undelivered', async () => {
        lostBooking = await requested();
        await until('EventBridge lost it', async () => (await explain(lostBooking)).evidence.lost.length > 0);
      });
      return lostBooking;
    },
    says: /^It waits for seats .*: EventBridge lost BookingRequested on its way to seats \(NO_PERMISSIONS: .*\), and only the archive has it\.$/,
    type: /^pnpm replay --from \S+Z (--to \S+Z )?--rule airline-seats-bookings --confirm$/,
  },
  {
    way: 'an operator dropped its dead letter: the service never got the event',
    make: async () => {
      await airline.faults(refusing('receipts'));
      const id = await requested();
      await hasHeard(id, 'PaymentOk', 'SeatBooked');
      await until('they are dead', async () => (await airline.messagesIn('receipts-undelivered')) >= 3);
      await dropAll('receipts');
      return id;
    },
    says: /^It waits for receipts to say ReceiptIssued .*: receipts never got \w+: no queue has it, and the log of receipts has no line about it\.$/,
    type: /^pnpm replay --from \S+Z (--to \S+Z )?--rule airline-receipts-\w+ --confirm$/,
  },
  {
    way: 'events come in another order: the payment is made, and seats has not got the request',
    make: async () => {
      await airline.faults(closed('payments'), refusing('seats'));
      const id = await requested();
      await until('it is dead', async () => (await airline.messagesIn('seats-undelivered')) === 1);
      await airline.faults();
      await hasHeard(id, 'PaymentOk');
      return id;
    },
    says: /^It waits for seats .*: its BookingRequested is a dead letter of seats since \d+ s, because EventBridge could not deliver it/,
    type: /^pnpm dlq redrive seats --booking ID --confirm$/,
  },
  {
    way: 'it is confirmed, and seats has not heard of the payment: the hold goes on',
    make: async () => {
      await airline.faults(closed('payments'));
      const id = await requested();
      await hasHeard(id, 'SeatBooked');
      await airline.faults(refusing('seats'));
      await hasHeard(id, 'ReceiptIssued');
      return id;
    },
    says: /^The passenger has a receipt, but seats has not sold the seats since \d+ s: its PaymentOk is a dead letter of seats .* Act before \d\d:\d\d:\d\d\.\d{3} UTC \(in \d+ min\)/,
    type: /^pnpm dlq redrive seats --booking ID --confirm$/,
  },
  {
    way: 'it was cancelled after its receipt, and the refund is owed',
    make: async () => {
      const id = await requested();
      await airline.settled(id);
      await airline.faults(providerIs('outage'));
      await airline.publish('BookingCancelled', { bookingId: id, cancelledAt: new Date().toISOString() });
      return id;
    },
    says: /^It waits for payments to say PaymentRefunded since \d+ s: payments failed to handle \w+ \(try [2-4] of 5: .*The payment provider does not answer/,
    type: /^pnpm status ID --watch$/,
    status: 'CANCELLED',
  },
  {
    way: 'status lags behind',
    make: async () => {
      await airline.faults(closed('status'));
      return requested();
    },
    says: /^All services did their part, but status has not heard (?=.*BookingRequested)(?=.*SeatBooked)(?=.*PaymentOk)(?=.*ReceiptIssued)[\w, ]+ since \d+ s: its \w+ waits in the queue of status, where \d+ messages wait to be received\.$/,
    type: /^pnpm status ID --watch$/,
  },
  {
    way: 'the worker of a service is killed each time',
    make: async () => {
      await airline.faults({ family: 'invocation', kind: 'killed-during', party: 'airline-seats-consumer' });
      return requested();
    },
    says: new RegExp(`${waitingForSeats.source}seats has received BookingRequested or is about to, and has not said`),
    type: /^pnpm status ID --watch$/,
  },
];

let lostBooking = '';

describe('a booking that is stuck, because', () => {
  test.each(ways)('$way', async ({ make, says, type, end, status = 'CONFIRMED' }) => {
    const id = await make();
    const answer = await explained(id, says);
    expect(answer).toMatchObject({ code: 3, explanation: { state: 'waiting' } });
    expect(answer.type!.replaceAll(id, 'ID')).toMatch(type);
    await airline.faults();
    await end?.();
    // A replay of one rule may not be all: the next answer says what else is missing.
    for (let next = answer; next.code === 3 && !next.type!.includes('--watch'); next = await settledOrNext(id))
      await typed(next);
    await mended(id, status);
  });

  test('payments charged other money, and only the hold can end it', async () => {
    await airline.faults(closed('payments'));
    const id = await requested({ expiresAt: new Date(Date.now() + 30_000).toISOString() });
    await hasHeard(id, 'SeatBooked');
    const paidAt = new Date().toISOString();
    const { amountMinor, currency } = customer.fare;
    const paid = { bookingId: id, paymentId: 'pi_other', amountMinor: amountMinor + 1, currency, paidAt };
    await airline.publish('PaymentOk', paid, newEvent('PaymentOk', paid, { occurredAt: paidAt }).metadata);
    await hasHeard(id, 'PaymentOk');
    const answer = await explained(id, /^Payments charged other money than the fare of the seats/);
    expect(answer).toMatchObject({
      code: 3,
      sentence: expect.stringMatching(/It ends with the hold of its seats at /),
    });
    await hasHeard(id, 'SeatReleased');
    await airline.faults();
    await mended(id, 'EXPIRED');
  });

  test('it is on the bus and nowhere else: no service can ever handle its request', async () => {
    const id = randomUUID();
    await airline.publish('BookingRequested', { ...customer.request(), bookingId: id, seats: [] });
    const answer = await explained(id, /dead letter of payments, receipts, seats, status\.$/);
    expect(answer).toMatchObject({
      code: 3,
      sentence: expect.stringContaining('its BookingRequested can never be handled (schema-violation: '),
      advice: expect.stringContaining('Its producer must publish a corrected event.'),
    });
    await typed(answer);
    for (const service of ['payments', 'receipts', 'seats', 'status']) await dropAll(service);
    expect(await explained(id, /^No table, no dead-letter queue/)).toMatchObject({ code: 1 });
  });

  test('it waits unread in every queue, so nothing knows it yet', async () => {
    await airline.faults(...['payments', 'receipts', 'seats', 'status'].map(closed));
    const id = await requested();
    const answer = await explained(id, /^Nothing knows this booking yet\./);
    expect(answer).toMatchObject({ code: 1, explanation: { state: 'unknown' } });
    expect(answer.sentence).toMatch(/: 1 in that of payments, 1 in that of receipts, 1 in that of seats, 1 in that of/);
    await airline.faults();
    await mended(id, 'CONFIRMED');
  });
});

describe('a booking that is settled: what happened, and why', () => {
  test('confirmed', async () => {
    const [seat] = [customer.freeSeat()];
    const id = await requested({ seats: [seat] });
    const { sentence } = await mended(id, 'CONFIRMED');
    expect(sentence).toMatch(
      new RegExp(
        `^Confirmed: seat ${seat} of ${customer.flight.flightId} is sold, EUR [\\d.]+ is charged, and receipt R-`,
      ),
    );
    const rival = await requested({ seats: [seat] });
    expect((await mended(rival, 'SEAT_UNAVAILABLE')).sentence).toMatch(
      new RegExp(
        `^Failed, because another booking has seat ${seat} of .* No seat was taken, and (nothing was charged|the charge of .* is refunded)\\.$`,
      ),
    );
  });

  test('declined, and cancelled before it was requested', async () => {
    const declined = await requested({ payment: { method: 'pm_card_visa_chargeDeclined', ...customer.fare } });
    expect((await mended(declined, 'PAYMENT_FAILED')).sentence).toMatch(
      /^Failed, because the card was declined \(generic_decline\)\. .*, and nothing was charged\.$/,
    );
    const id = randomUUID();
    await airline.publish('BookingCancelled', { bookingId: id, cancelledAt: new Date().toISOString() });
    expect(await explained(id, /^It was cancelled and never requested/)).toMatchObject({ code: 0 });
  });
});

test('trace shows each try with its calls, duplicates apart, and ends with what explain says', async () => {
  await airline.faults(providerIs('outage'));
  const request = customer.request();
  const { bookingId: id } = request;
  const metadata = newEvent('BookingRequested', request, { occurredAt: new Date().toISOString() }).metadata;
  await airline.publish('BookingRequested', request, metadata);
  await airline.publish('BookingRequested', request, metadata);
  await explained(id, /payments failed to handle BookingRequested \(try [2-4] of 5: /);
  await airline.faults();
  await mended(id, 'CONFIRMED');

  const { code, stdout } = await airline.command('trace', id, '--json');
  expect(code).toBe(0);
  expect(stdout).not.toMatch(/Ada|Lovelace|@example/);
  const { events, unread } = JSON.parse(stdout) as Trace;
  expect(unread).toEqual([]);
  const event = (type: string): TracedEvent => events.find((each) => each.type === type)!;
  const at = (type: string, service: string) =>
    event(type).deliveries.filter((delivery) => delivery.service === service);
  expect(at('BookingRequested', 'seats')).toMatchObject([{ isDuplicate: false }, { isDuplicate: true }]);
  const tries = at('BookingRequested', 'payments').flatMap(({ tries }) => tries);
  const failed = tries.filter(({ outcome }) => outcome === 'failed');
  expect(failed.length).toBeGreaterThan(1);
  expect(failed[0]!.calls.find(({ name }) => name.startsWith('payment provider'))).toMatchObject({ failed: true });
  const charging = tries.filter(({ said }) => said.includes('PaymentOk')).flatMap(({ calls }) => calls);
  expect(charging.map(({ name }) => name)).toContain('payment provider confirm');
  const mails = at('PaymentOk', 'receipts').flatMap(({ tries }) => tries.flatMap(({ calls }) => calls));
  expect(mails.map(({ name }) => name)).toContain('mail send');
  expect(event('ReceiptIssued')).toMatchObject({ by: 'receipts', causedBy: event('PaymentOk').eventId });

  const shown = await airline.command('trace', id);
  expect(shown.stdout).toMatch(/^ +payments \(try 2\) .*█/m);
  expect(shown.stdout).toMatch(/^ +seats \(duplicate\) /m);
  expect(shown.stdout.trimEnd()).toMatch(/^Confirmed: .*$(?![\s\S])/m);
  const { resourceSpans } = JSON.parse((await airline.command('trace', id, '--format', 'otlp')).stdout) as TracesData;
  expect(resourceSpans.map(({ resource }) => resource.attributes[0]!.value)).toContainEqual({
    stringValue: 'payments',
  });
  expect(await airline.command('trace', id, '--json', '--format', 'otlp')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('cannot be used with'),
  });
  expect(await airline.command('trace', randomUUID())).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Nothing is known of booking'),
  });
});

test('waiting --watch prints what changes, and reconcile --since looks only at what waits', async () => {
  await airline.settled(await requested());
  await airline.faults(closed('payments'));
  const id = await requested();
  await hasHeard(id, 'SeatBooked');
  const watch = airline.start('waiting', '--watch', '--older-than', '0s');
  let printed = '';
  watch.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  await until('the booking is printed', () => Promise.resolve(printed.includes(`pnpm explain ${id}`)));

  const reconcile = async (...options: string[]): Promise<Report> => {
    const { stdout } = await airline.command('reconcile', '--json', '--in-flight', '0s', ...options);
    return JSON.parse(stdout) as Report;
  };
  const { bookings, findings } = await reconcile('--since', '1h');
  expect({ bookings, found: findings.map(({ bookingId }) => bookingId) }).toEqual({ bookings: 1, found: [id] });
  expect((await reconcile()).bookings).toBeGreaterThan(1);
  expect(await reconcile('--since', '0s')).toMatchObject({ bookings: 0, findings: [] });

  await airline.faults();
  await mended(id, 'CONFIRMED');
  await until('the end is printed', () => Promise.resolve(printed.trimEnd().endsWith('all are settled.')));
  // It ends when it prints and its reader is gone, as in `pnpm waiting --watch | head`. Its exit code: bookings wait.
  const ended = once(watch, 'exit');
  watch.stdout.destroy();
  await airline.faults(closed('payments'));
  const last = await requested();
  await hasHeard(last, 'SeatBooked');
  expect(await ended).toEqual([3, null]);
  await airline.faults();
  await mended(last, 'CONFIRMED');
});

test('shows no name and no address, and needs an id', async () => {
  const id = await requested();
  await airline.settled(id);
  const { stdout } = await airline.command('explain', id, '--json');
  expect(stdout).not.toMatch(/Ada|Lovelace|@example/);
  expect(await airline.command('explain', 'KL1001')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('It must be a booking id'),
  });
});

/** Waits until the booking is settled or its answer is another one that names a command to type. */
async function settledOrNext(bookingId: string): Promise<Answer> {
  for (;;) {
    const answer = await explain(bookingId);
    const isActing = answer.explanation.state === 'waiting' && !answer.type!.startsWith('pnpm explain');
    if (answer.code === 0 || (isActing && !answer.type!.includes('--watch'))) return answer;
    const { settled } = await airline.get<BookingStatus>(`/bookings/${bookingId}?wait=2`);
    if (settled && answer.code === 0) return answer;
  }
}

async function setTries(service: string, maxReceiveCount: number): Promise<void> {
  const QueueUrl = await airline.queueUrl(service);
  const { Attributes = {} } = await airline.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['RedrivePolicy'] }),
  );
  const policy = JSON.parse(Attributes.RedrivePolicy!) as object;
  const RedrivePolicy = JSON.stringify({ ...policy, maxReceiveCount });
  await airline.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { RedrivePolicy } }));
}

async function withoutQueue(name: string, act: () => Promise<void>): Promise<void> {
  await airline.sqs.send(new DeleteQueueCommand({ QueueUrl: await airline.queueUrl(name) }));
  try {
    await act();
  } finally {
    await airline.sqs.send(new CreateQueueCommand({ QueueName: `airline-${name}` }));
  }
}

/** Exports the dead letters of a service, and drops them. */
async function dropAll(service: string): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'explain-'));
  try {
    const file = path.join(folder, 'letters.jsonl');
    expect(await airline.command('dlq', 'export', service, file)).toMatchObject({ code: 0 });
    expect(await airline.command('dlq', 'drop', service, file, '--confirm')).toMatchObject({ code: 0 });
  } finally {
    await rm(folder, { recursive: true });
  }
}

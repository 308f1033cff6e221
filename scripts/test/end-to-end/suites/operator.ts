import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { DisableRuleCommand, EnableRuleCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  type QueueAttributeName,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { BookingStatus } from '../../../airline/follow-booking.ts';
import { workspaceRoot } from '../../../cli/workspace.ts';
import type { Operations } from '../../../operations/read-operations.ts';
import {
  type Customer,
  type RunningAirline,
  runsOnEmulator,
  testExceptOnEmulator,
  until,
} from '../support/running-airline.ts';
import { sharedAirline } from '../support/shared-airline.ts';

let airline: RunningAirline;
let customer: Customer;

beforeAll(async () => {
  airline = await sharedAirline();
  customer = await airline.customer('KL1001');
});

describe('an operator', () => {
  testExceptOnEmulator(
    'MiniStack 1.5.33 gives no dead-letter queue to the targets of rules, and forgets what it cannot deliver',
  )('finds a booking that is stuck because a queue was gone, repairs it, and all parties agree', async () => {
    const queue = await takeAway('receipts');
    const asked = customer.request();
    const trace = 'Root=1-6a1b2c3d-4e5f60718293a4b5c6d7e8f9;Parent=00f067aa0ba902b7;Sampled=1';
    await airline.publish('BookingRequested', asked, undefined, trace);
    await until(
      'EventBridge gave up on all three facts',
      async () => (await airline.messagesIn('receipts-undelivered')) === 3,
    );
    // What seats and payments said about it went on in its trace, past the bus and beside the events.
    expect(await tracesOf('receipts-undelivered')).toEqual([trace, trace, trace]);
    await queue.bringBack();
    await until(
      'status has both yeses',
      async () => (await airline.get<BookingStatus>(`/bookings/${asked.bookingId}`)).status === 'CONFIRMED',
    );

    const { code, report } = await airline.reconcile();
    const finding = report.findings.find(({ bookingId }) => bookingId === asked.bookingId)!;
    expect(code).toBe(1);
    expect(finding).toMatchObject({ invariant: 'settles', rule: 'stuck', waitsFor: ['receipts'] });
    expect(finding.deadLetters!.map(({ service, kind, detailType }) => [service, kind, detailType]).sort()).toEqual(
      ['BookingRequested', 'PaymentOk', 'SeatBooked'].map((type) => ['receipts', 'undelivered', type]),
    );
    const shown = await airline.command('dlq', 'show', 'receipts', '--booking', asked.bookingId);
    expect(shown.stdout).toContain('NO_RESOURCE');

    // Twice: a redrive of nothing is harmless.
    for (const redriven of [3, 0]) {
      const { stdout } = await airline.command(
        'dlq',
        'redrive',
        'receipts',
        '--booking',
        asked.bookingId,
        '--confirm',
        '--json',
      );
      expect(JSON.parse(stdout)).toMatchObject({ redriven, failed: [], doubled: [] });
    }
    expect((await airline.settled(asked.bookingId)).status).toBe('CONFIRMED');
    expect(await airline.mailsTo(asked.passenger.email)).toHaveLength(1);
    await until('all is handled', async () => (await airline.unhandled()) === 0);
    expect(await airline.reconcile()).toMatchObject({ code: 0, report: { inFlight: 0, findings: [] } });
  });

  const testWithArchive = testExceptOnEmulator('MiniStack 1.5.33 has no archive');
  testWithArchive(
    'who replays everything that ever happened changes nothing: no second mail, no charge, no other answer',
    async () => {
      const asked = [
        customer.request(),
        customer.request({ payment: { ...customer.fare, method: 'pm_card_visa_chargeDeclined' } }),
      ];
      for (const request of asked) await airline.publish('BookingRequested', request);
      const outcomes = () =>
        Promise.all(
          asked.map(async ({ bookingId, passenger }) => ({
            status: await airline.settled(bookingId),
            charged: await airline.charged(bookingId),
            mails: (await airline.mailsTo(passenger.email)).length,
          })),
        );
      const before = await outcomes();
      expect(before.map(({ status, mails }) => [status.status, mails])).toEqual([
        ['CONFIRMED', 1],
        ['PAYMENT_FAILED', 0],
      ]);

      const planned = await airline.command('replay', '--from', '1h', '--json');
      expect(JSON.parse(planned.stdout)).toMatchObject({
        confirmed: false,
        rules: expect.arrayContaining(['airline-seats-bookings']),
      });
      const replayed = await airline.command('replay', '--from', '1h', '--confirm', '--json');
      expect(JSON.parse(replayed.stdout)).toMatchObject({ confirmed: true, state: 'COMPLETED' });
      await until('all is handled', async () => (await airline.unhandled()) === 0);

      expect(await outcomes()).toEqual(before);
      const { operations } = await recorded();
      const [replay] = operations.filter(({ command }) => command === 'replay');
      expect(replay).toMatchObject({ filter: { from: expect.any(String) }, end: { outcome: 'done' } });
      expect(replay!.replay).toBe((JSON.parse(replayed.stdout) as { replay: string }).replay);
      expect(await airline.reconcile()).toMatchObject({ code: 0, report: { findings: [] } });
    },
  );

  // Without an archive there is nothing to ask for.
  (runsOnEmulator ? test.skip : test).each([
    [
      ['--from', '1h', '--rule', 'airline-nobody'],
      'The bus airline has no rule airline-nobody. It has airline-bookings-flights,',
    ],
    [['--from', '1h', '--to', '2h'], 'must be before --to'],
    [['--from', '1h', '--to', '2999-01-01T00:00:00Z'], 'is still to come'],
    [['--from', 'yesterday'], 'It must be a time with its zone'],
  ])('who asks for a replay %j is told why not', async (parameters, why) => {
    const { code, stdout, stderr } = await airline.command('replay', ...parameters);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(why);
  });

  test('who looks at the flow sees what is deployed, and that somebody disabled a rule', async () => {
    const svg = await airline.command('flow', '--format', 'svg');
    const picture = await readFile(path.join(workspaceRoot, 'docs', 'flow.svg'), 'utf8');
    expect(svg).toEqual({ code: 0, stdout: picture, stderr: '' });

    const rule = { Name: 'airline-status-receipts', EventBusName: 'airline' };
    await airline.eventBridge.send(new DisableRuleCommand(rule));
    try {
      const { code, stdout, stderr } = await airline.command('flow', '--check');
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain(
        'The rule airline-status-receipts is disabled. ' +
          'Enable it: aws events enable-rule --name airline-status-receipts --event-bus-name airline',
      );
      expect(stderr).toMatch(/only here: +status hears .*status-receipts/);
      expect(stderr).toContain('ReceiptIssued of airline.receipts has no listener');
    } finally {
      await airline.eventBridge.send(new EnableRuleCommand(rule));
    }
    expect(await airline.command('flow', '--check')).toMatchObject({ code: 0, stderr: '' });
  });

  test('who redrives poison is told that it comes back, and puts it away instead', async () => {
    await airline.send('seats', 'this is not JSON');
    await until('it is dead', async () => (await airline.messagesIn('seats-dead-letters')) === 1);
    expect((await airline.command('dlq', 'redrive', 'seats')).stdout).toContain('will come back');
    const shown = await airline.command('dlq', 'show', 'seats');
    expect(shown.stdout).toMatch(/^ {2}try 1 +[\d:.]+ +put into the dead-letter queue as not-json · waited /m);
    expect((await airline.command('dlq', 'redrive', 'seats', '--confirm')).code).toBe(0);
    await until('it is dead again', async () => (await airline.messagesIn('seats-dead-letters')) === 1);

    const folder = await mkdtemp(path.join(os.tmpdir(), 'operator-'));
    try {
      const file = path.join(folder, 'seats.jsonl');
      expect(await airline.command('dlq', 'export', 'seats', file)).toMatchObject({ code: 0 });
      const dropped = await airline.command('dlq', 'drop', 'seats', file, '--confirm', '--json');
      expect(JSON.parse(dropped.stdout)).toMatchObject({ inFile: 1, dropped: 1, kept: 0 });
      expect((await recorded()).operations.slice(0, 2)).toMatchObject([
        { command: 'dlq drop', filter: { service: 'seats', file: 'seats.jsonl' }, end: { counts: { dropped: 1 } } },
        { command: 'dlq redrive', filter: { service: 'seats' }, end: { outcome: 'done', counts: { redriven: 1 } } },
      ]);
      expect(await airline.messagesIn('seats-dead-letters')).toBe(0);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

async function recorded(): Promise<Operations> {
  return JSON.parse((await airline.command('operations', '--json')).stdout) as Operations;
}

/** The trace headers of the messages in a queue, which stay there. */
async function tracesOf(queue: string): Promise<(string | undefined)[]> {
  const QueueUrl = await airline.queueUrl(queue);
  const { Messages = [] } = await airline.sqs.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: 0,
      MessageSystemAttributeNames: ['AWSTraceHeader'],
    }),
  );
  return Messages.map(({ Attributes }) => Attributes?.AWSTraceHeader);
}

/** Deletes a service's queue, as a mistaken deployment does, and makes it anew. */
async function takeAway(service: string): Promise<{ bringBack: () => Promise<void> }> {
  const name = `airline-${service}`;
  const QueueUrl = await airline.queueUrl(service);
  const AttributeNames: QueueAttributeName[] = ['VisibilityTimeout', 'RedrivePolicy', 'MessageRetentionPeriod'];
  const { Attributes } = await airline.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
  await airline.sqs.send(new DeleteQueueCommand({ QueueUrl }));
  return {
    bringBack: async () => void (await airline.sqs.send(new CreateQueueCommand({ QueueName: name, Attributes }))),
  };
}

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text as consume } from 'node:stream/consumers';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { logLine } from '@airline/messaging/log-lines';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Target } from '../../../airline/target.ts';
import { type CommandResult, runCommand } from '../../../cli/run-command.ts';
import { commandArguments } from '../../../cli/workspace.ts';
import { countMessages, type DeadLetter, type DeadLetterQueue, peek } from '../../../dead-letters/dead-letters.ts';
import type { LetterGroup } from '../../../dead-letters/groups.ts';
import { describeLostEvent, type LostEvent, lostEvents } from '../../../dead-letters/lost-events.ts';
import type { DeadLetters } from '../../../dead-letters/read-dead-letters.ts';
import type { RecordedOperation } from '../../../operations/operation.ts';
import type { Operations } from '../../../operations/read-operations.ts';
import { findLostEvents } from '../../../reconcile/reconcile-bookings.ts';
import { plainEnvironment } from '../../end-to-end/support/airline-place.ts';
import { runWithoutReader, type WithoutReader } from '../../support/closed-pipe.ts';
import { drain, envelope, gaveUp, poison, put, RunningQueues, text } from '../../support/running-queues.ts';

let running: RunningQueues;
let target: Target;
let unhandled: DeadLetterQueue;
let undelivered: DeadLetterQueue;

beforeAll(async () => {
  running = await RunningQueues.start();
});
afterAll(async () => {
  await running?.stop();
});
beforeEach(async () => {
  ({ target, unhandled, undelivered } = await running.emptied());
});

const environment = (): NodeJS.ProcessEnv => ({ ...plainEnvironment(), LOCAL_AWS_PORT: String(running.port) });
const dlq = (...parameters: string[]): Promise<CommandResult> => runCommand(environment(), 'dlq', ...parameters);

test('redrive stops at Ctrl-C, reports what it moved, and leaves the other messages', async () => {
  await put(target, unhandled, gaveUp(200));
  const child = spawn(process.execPath, commandArguments('dlq', 'redrive', 'seats', '--confirm', '--rate', '10'), {
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = consume(child.stdout);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  while ((await countMessages(target, { ...unhandled, url: unhandled.sourceUrl })) === 0)
    await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGINT');
  const redriven = Number(/Stopped\. (\d+) message/.exec(await output)?.[1]);
  expect([await ended, redriven > 0 && redriven < 200]).toEqual([1, true]);
  expect(await drain(target, unhandled.sourceUrl)).toHaveLength(redriven);
  expect(await peek(target, unhandled, 1000)).toHaveLength(200 - redriven);
});

describe('letters of one cause', () => {
  const schemaError = (seats: number) => ({
    MessageBody: envelope('BookingRequested', `b-${seats}`),
    MessageAttributes: { reason: text('schema-violation'), error: text(`/data/seats/${seats} must be a string`) },
  });

  async function listed(): Promise<DeadLetters> {
    const { code, stdout } = await dlq('list', '--json');
    expect(code).toBe(0);
    return JSON.parse(stdout) as DeadLetters;
  }

  test('are one group, by which they are shown, exported and redriven, and no others', async () => {
    await put(target, unhandled, [...gaveUp(2), poison('x'), ...[1, 2, 3, 4].map(schemaError)]);
    await put(target, undelivered, gaveUp(1, 'SeatBooked'));
    const { queues, groups } = await listed();
    expect(queues.map(({ kind, messages, seen, hidden }) => [kind, messages, seen, hidden])).toEqual([
      ['unhandled', 7, 7, 0],
      ['undelivered', 1, 1, 0],
    ]);
    expect(groups.map(({ reason, messages, kinds }) => [reason, messages, kinds])).toEqual([
      ['schema-violation', 4, ['unhandled']],
      ['gave-up', 3, ['undelivered', 'unhandled']],
      ['not-json', 1, ['unhandled']],
    ]);
    const [{ key }] = groups as [LetterGroup];
    const { stdout } = await dlq('list');
    expect(stdout).toMatch(/^seats +7 +1 +0$/m);
    expect(stdout).toContain(`${key}  schema-violation: /data/seats/# must be a string`);
    expect(stdout).toContain(`pnpm dlq show --group ${key}`);

    const shown = JSON.parse((await dlq('show', '--group', key, '--json')).stdout) as DeadLetter[];
    expect(shown.map(({ reason }) => reason)).toEqual(Array(4).fill('schema-violation'));
    const folder = mkdtempSync(path.join(os.tmpdir(), 'airline-group-'));
    try {
      const file = path.join(folder, 'group.jsonl');
      expect((await dlq('export', 'seats', file, '--group', key)).stdout).toContain('4 messages of seats are in');
      expect((await dlq('drop', 'seats', file)).stdout).toContain('4 of them would be deleted, 4 others stay');
    } finally {
      rmSync(folder, { recursive: true });
    }
    const redriven = await dlq('redrive', '--group', key, '--confirm', '--json');
    expect(JSON.parse(redriven.stdout)).toMatchObject({ redriven: 4, left: 4, failed: [] });
    expect((await listed()).groups.map(({ messages }) => messages)).toEqual([3, 1]);
    const gone = await dlq('show', '--group', key);
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining(`No dead letter is in the group ${key}.`)]);
  });

  test('that SQS moved are grouped by the error in the log, and shown with their tries', async () => {
    await put(target, unhandled, gaveUp(3));
    const letters = await peek(target, unhandled, 10);
    const line = (index: number, fields: object): object => ({
      timestamp: new Date().toISOString(),
      message: logLine.failed,
      messageId: letters[index]!.messageId,
      detailType: 'PaymentOk',
      ...fields,
    });
    const failure = (port: number) => ({ name: 'Error', message: `ada@example.com refused 10.0.0.1:${port}` });
    await running.tell({
      logged: [
        line(0, { receiveCount: 1, error: failure(1), queueWaitMs: 12, durationMs: 340 }),
        line(0, { receiveCount: 2, error: failure(2), nextTryAt: '2026-12-01T09:30:00.000Z' }),
        line(1, { receiveCount: 1, error: failure(3) }),
        { message: 'Message of nobody' },
      ],
    });
    const { groups, unreadLogs } = await listed();
    expect(unreadLogs).toEqual([]);
    expect(groups.map(({ error, messages }) => [error, messages])).toEqual([
      ['Error: # refused #', 2],
      [undefined, 1],
    ]);
    const { stdout } = await dlq('show', '--group', groups[0]!.key);
    expect(stdout).toContain('Error: *** refused 10.0.0.1:2');
    expect(stdout).toMatch(
      /^ {2}try 1 {2}[\d:.]+ {2}failed · Error: \*\*\* refused 10\.0\.0\.1:1 · waited 12 ms · ran 340 ms$/m,
    );
    expect(stdout).toMatch(/^ {2}try 2 {2}[\d:.]+ {2}failed · .*next try 09:30:00\.000$/m);
    const json = JSON.parse((await dlq('show', 'seats', '--json')).stdout) as { tries: object[] }[];
    expect(json.map(({ tries }) => tries.length).sort()).toEqual([0, 1, 2]);
    expect(JSON.stringify(json)).not.toContain('ada@');
  });

  test('are shown all the same when the log cannot be read, and that is said', async () => {
    await put(target, unhandled, gaveUp(1));
    await running.tell({ failAfter: { FilterLogEvents: 0 } });
    const why = 'The log of seats was not read to its end, so errors and tries may be missing';
    for (const line of ['list', 'show seats', 'redrive seats']) {
      const { code, stdout } = await dlq(...line.split(' '));
      expect([line, code, stdout]).toEqual([line, 0, expect.stringMatching(`gave-up[^]*${why}`)]);
    }
    const json = await dlq('show', 'seats', '--json');
    expect([json.stderr, JSON.parse(json.stdout)]).toEqual([expect.stringContaining(why), [expect.anything()]]);
    await running.tell({});
  });

  test('that another command has received are counted, and said to be hidden', async () => {
    await put(target, unhandled, gaveUp(12));
    const receive = { QueueUrl: unhandled.url, MaxNumberOfMessages: 10, VisibilityTimeout: 60 };
    const { Messages = [] } = await target.sqs.send(new ReceiveMessageCommand(receive));
    const part = `seats (unhandled): ${12 - Messages.length} of about 12 messages looked at; the rest is hidden`;
    for (const line of ['list', 'show seats']) expect((await dlq(...line.split(' '))).stdout).toContain(part);
  });

  test.each([['show'], ['redrive']])('%s needs a service or a group', async (command) => {
    const { code, stderr } = await dlq(command);
    expect([code, stderr]).toEqual([1, expect.stringContaining('Name a service, e.g. seats, or a group')]);
  });
});

describe('a change is recorded', () => {
  const operations = async (...parameters: string[]) => runCommand(environment(), 'operations', ...parameters);
  async function newest(): Promise<RecordedOperation> {
    return (JSON.parse((await operations('--json')).stdout) as Operations).operations[0]!;
  }

  test('a redrive with its filter and counts; a dry run is not', async () => {
    const before = await newest();
    await put(target, unhandled, [...gaveUp(3), poison('x')]);
    await dlq('redrive', 'seats');
    expect(await newest()).toEqual(before);
    await dlq('redrive', 'seats', '--detail-type', 'PaymentOk', '--confirm');
    expect(await newest()).toMatchObject({
      command: 'dlq redrive',
      filter: { service: 'seats', detailType: 'PaymentOk' },
      end: { outcome: 'done', counts: { redriven: 3, left: 1, failed: 0 } },
    });
    expect((await operations('--since', '1h')).stdout).toContain('pnpm dlq redrive seats --detail-type PaymentOk');
  });

  test('a redrive that was killed is unfinished', async () => {
    await put(target, unhandled, gaveUp(200));
    const child = spawn(process.execPath, commandArguments('dlq', 'redrive', 'seats', '--confirm', '--rate', '5'), {
      env: environment(),
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    while ((await countMessages(target, { ...unhandled, url: unhandled.sourceUrl })) === 0)
      await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGKILL');
    await ended;
    const operation = await newest();
    expect(operation).toMatchObject({ filter: { service: 'seats', rate: 5 } });
    expect(operation).not.toHaveProperty('end');
    expect((await operations()).stdout).toMatch(
      /UNFINISHED {2}pnpm dlq redrive seats --rate 5\n.*it still runs, or was killed/,
    );
  });

  test('without a record nothing moves, unless someone types --unrecorded', async () => {
    await put(target, unhandled, gaveUp(2));
    await running.tell({ failAfter: { PutLogEvents: 0 } });
    const { code, stdout, stderr } = await dlq('redrive', 'seats', '--confirm');
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringContaining('Nothing was changed, because no record')]);
    expect(await countMessages(target, unhandled)).toBe(2);
    const redriven = await dlq('redrive', 'seats', '--confirm', '--unrecorded', '--json');
    await running.tell({});
    expect([redriven.code, JSON.parse(redriven.stdout)]).toEqual([0, expect.objectContaining({ redriven: 2 })]);
  });

  test('a record that cannot be read is an error', async () => {
    await running.tell({ failAfter: { FilterLogEvents: 0 } });
    const { code, stdout } = await operations();
    await running.tell({});
    expect([code, stdout]).toEqual([1, expect.stringContaining('The record was not read to its end: ')]);
  });
});

test('redrive moves nothing without --confirm, and shows which messages will come back', async () => {
  await put(target, unhandled, [poison('x'), ...gaveUp(3)]);
  const { code, stdout } = await dlq('redrive', 'seats');
  expect([code, stdout]).toEqual([0, expect.stringContaining('will come back')]);
  expect(stdout).toContain('Nothing was moved');
  expect(await countMessages(target, unhandled)).toBe(4);
  const json = await dlq('redrive', 'seats', '--json', '--detail-type', 'PaymentOk', '--confirm');
  expect(JSON.parse(json.stdout)).toMatchObject({ confirmed: true, redriven: 3, left: 1 });
  expect(await drain(target, unhandled.sourceUrl)).toHaveLength(3);
});

test('show prints personal data only with --reveal', async () => {
  const request = {
    'detail-type': 'BookingRequested',
    detail: { data: { bookingId: 'b', passenger: { name: 'Ada', email: 'ada@example.com' } } },
  };
  const quoted = { reason: text('not-json'), error: text('Unexpected token: "ada@example.com" is not valid JSON') };
  const refused = { reason: text('mail-rejected'), error: text('Address ada@example.com is not verified') };
  await put(target, unhandled, [
    { MessageBody: JSON.stringify(request), MessageAttributes: refused },
    { MessageBody: 'ada@example.com', MessageAttributes: quoted },
  ]);
  for (const parameters of [['--body'], ['--json']]) {
    const { stdout } = await dlq('show', 'seats', ...parameters);
    expect(stdout).toContain('mail-rejected');
    expect(stdout).toContain('***');
    expect(stdout).not.toContain('ada@');
  }
  // An attribute may have been set by anybody.
  await put(target, unhandled, [{ MessageBody: '{}', MessageAttributes: { reason: text('ada@example.com') } }]);
  for (const parameters of [[], ['--json']]) {
    const { stdout } = await dlq('redrive', 'seats', ...parameters);
    // `#` stands for what differs between the letters of a group.
    expect([/(^|\s|")#/.test(stdout), stdout.includes('ada@')]).toEqual([true, false]);
  }
  expect((await dlq('show', 'seats', '--reveal')).stdout.match(/ada@example\.com/g)).toHaveLength(5);
  expect((await dlq('show', 'seats', '--reveal', '--json')).stdout.match(/ada@example\.com/g)).toHaveLength(5);
});

/** All that a terminal obeys or that nobody sees, but line feeds, which are ours. Ours has no colours in a pipe. */
const acting = /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/u;
const hostile = '\u001b]52;c;cm0=\u0007\u009b2J\u202e\u2066\u2028\u200d\r\nmoney';

test('nothing in a letter acts on the terminal: not its type, its ids, its body, nor its attributes', async () => {
  const body = JSON.stringify({
    'detail-type': `Type ${hostile}`,
    source: hostile,
    detail: { data: { bookingId: hostile, seats: [hostile], [hostile]: hostile } },
  });
  // SQS refuses ESC in an attribute, but not these.
  const attribute = text(hostile.replaceAll(/[\u001b\u0007]/g, ''));
  const attributes = { reason: attribute, error: attribute, firstReceivedAt: attribute };
  await put(target, unhandled, [
    { MessageBody: body, MessageAttributes: attributes },
    { MessageBody: hostile.replaceAll(/[\u001b\u0007]/g, ''), MessageAttributes: attributes },
  ]);
  for (const line of ['show seats', 'show seats --body', 'show seats --reveal', 'redrive seats']) {
    const shown = await dlq(...line.split(' '));
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(shown.stdout).toContain('\\u{9b}2J\\u{202e}');
    expect(acting.exec(shown.stdout)).toBeNull();
    const { stdout } = await dlq(...line.split(' '), '--json');
    expect(acting.exec(stdout)).toBeNull();
    expect(stdout).toContain('\\u202e');
    expect(JSON.parse(stdout)).toBeDefined();
  }
  const revealed = await dlq('show', 'seats', '--reveal', '--json');
  expect((JSON.parse(revealed.stdout) as { body: string }[]).map((letter) => letter.body)).toContain(body);
});

test('a very long detail-type is cut with its length, and takes no time', async () => {
  for (const length of [150_000, 900_000])
    await put(target, unhandled, [{ MessageBody: JSON.stringify({ 'detail-type': 'x'.repeat(length) }) }]);
  for (const command of ['show', 'redrive']) {
    const { stdout } = await dlq(command, 'seats');
    for (const length of [150_000, 900_000]) expect(stdout).toContain(`x… (${length} characters)`);
  }
});

test('show prints no part of a name or an address, whatever JSON is around it', async () => {
  const secret = fc.constantFrom({ name: 'Zoé Qüyx' }, { Email: "z'qq.yx@example.com" }, { passenger: ['Zoé'] });
  const { wrapped } = fc.letrec<{ wrapped: unknown }>((tie) => ({
    wrapped: fc.oneof(
      { depthSize: 'large' },
      secret,
      tie('wrapped').map((value) => [value]),
      tie('wrapped').map((value) => JSON.stringify(value)),
      fc
        .tuple(fc.constantFrom('detail', 'data', 'metadata', 'detail-type', 'bookingId'), tie('wrapped'))
        .map(([name, value]) => ({ [name]: value })),
    ),
  }));
  const bodies = fc.sample(wrapped, { numRuns: 60, seed: 1 });
  await put(
    target,
    unhandled,
    bodies.map((body) => ({ MessageBody: JSON.stringify(body) })),
  );
  for (const option of ['--body', '--json']) {
    const { stdout } = await dlq('show', 'seats', option, '--max', '100');
    expect(stdout).toContain('***');
    expect(stdout).not.toMatch(/zoé|qüyx|z'|qq\.yx/i);
  }
});

test('a booking is found in capitals and in small letters', async () => {
  const id = '7f8c2f0e-3b1a-4c7e-9d55-1f6a2b3c4d5e';
  await put(target, unhandled, [
    { MessageBody: envelope('PaymentOk', id) },
    { MessageBody: envelope('PaymentOk', id.toUpperCase()) },
    ...gaveUp(1),
  ]);
  for (const booking of [id, id.toUpperCase()]) {
    const { stdout } = await dlq('show', 'seats', '--json', '--booking', booking);
    expect(JSON.parse(stdout)).toMatchObject([{ correlationId: id }, { correlationId: id }]);
  }
});

test('an argument that is refused is shown short, and cannot act on the terminal', async () => {
  const { code, stderr } = await dlq('show', 'seats', '--booking', `\u001b[2J${'x'.repeat(50_000)}`);
  expect([code, stderr.length < 1000, acting.exec(stderr)]).toEqual([1, true, null]);
  expect(stderr).toMatch(/x… \(50004 characters\)' is invalid\. It must be a booking id/);
});

describe('an event that neither the queue nor its dead-letter queue took', () => {
  const bookingId = '0f7e5f4e-94f5-4d5e-8a8e-3d5c1d6f9b01';
  const why = 'INVALID_PARAMETER: One or more parameters are invalid. Reason: Message must be shorter than';

  test('is shown by list, with both errors and what to type', async () => {
    // With its envelope it is larger than a message of SQS may be.
    const filling = 'x'.repeat(1024 * 1024 - 200);
    const Detail = JSON.stringify({ data: { bookingId: bookingId.toUpperCase(), filling } });
    const Entries = [{ EventBusName: 'airline', Source: 'airline.bookings', DetailType: 'BookingRequested', Detail }];
    const { Entries: answers } = await target.eventBridge.send(new PutEventsCommand({ Entries }));
    let lost: LostEvent[] | undefined;
    do lost = await lostEvents(target);
    while (lost?.length === 0);
    const event = {
      service: 'seats',
      rule: 'airline-seats-bookings',
      eventId: answers![0]!.EventId,
      detailType: 'BookingRequested',
      bookingId,
      at: expect.stringMatching(/^20/),
      error: expect.stringContaining(why),
      deadLetterError: expect.stringContaining(why),
    };
    expect(lost).toEqual([event]);
    expect(await findLostEvents(target)).toMatchObject([{ rule: 'lost-event', bookingId }]);
    const list = await dlq('list');
    expect([list.code, list.stdout]).toEqual([0, expect.stringContaining(`LOST: ${describeLostEvent(lost![0]!)}`)]);
    expect(list.stdout).toContain('its producer must publish a corrected one');
    const gone = { ...lost![0]!, error: 'NO_RESOURCE: The specified queue does not exist.' };
    expect(describeLostEvent(gone)).toContain('pnpm replay --from TIME --rule airline-seats-bookings');
    expect(list.stdout).not.toContain('Nothing is stuck');
    expect(JSON.parse((await dlq('list', '--json')).stdout)).toMatchObject({ groups: [], lost: [event] });
  });
});

test.each([
  ['a wrong age', ['redrive', 'seats', '--older-than', '10'], '90s, 10m, 2h, 1d'],
  ['a wrong rate', ['redrive', 'seats', '--rate', '0'], 'a number above 0'],
  ['an unknown kind', ['redrive', 'seats', '--kind', 'dead'], 'unhandled, undelivered'],
  ['a file that is not there', ['drop', 'seats', 'nowhere.jsonl'], 'there is no such file'],
])('%s is refused, and the message says what to type', async (_, parameters, message) => {
  const { code, stdout, stderr } = await dlq(...parameters);
  expect([code, stdout, stderr]).toEqual([1, '', expect.stringContaining(message)]);
});

describe('a reader that closes the output early', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'airline-dlq-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const withoutReader = (closed: WithoutReader['closed'], ...parameters: string[]) =>
    runWithoutReader({ parameters: commandArguments('dlq', ...parameters), environment: environment(), closed });

  test.each([['list'], ['show seats --json'], ['redrive seats']])('is no error of %s', async (line) => {
    await put(target, unhandled, gaveUp(3));
    expect(await withoutReader('stdout', ...line.split(' '))).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await peek(target, unhandled, 10)).toHaveLength(3);
  });

  test.each<WithoutReader['closed']>(['stdout', 'stderr', 'both'])(
    'does not stop a redrive and loses no message (%s)',
    async (closed) => {
      await put(target, unhandled, gaveUp(25));
      expect(await withoutReader(closed, 'redrive', 'seats', '--confirm', '--rate', '20')).toMatchObject({ code: 0 });
      expect(await drain(target, unhandled.sourceUrl)).toHaveLength(25);
      expect(await countMessages(target, unhandled)).toBe(0);
    },
  );

  test('stops neither export nor drop', async () => {
    await put(target, unhandled, gaveUp(25));
    const file = path.join(folder, 'seats.jsonl');
    expect(await withoutReader('both', 'export', 'seats', file)).toMatchObject({ code: 0 });
    expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toHaveLength(25);
    expect(await withoutReader('both', 'drop', 'seats', file, '--confirm')).toMatchObject({ code: 0 });
    expect(await countMessages(target, unhandled)).toBe(0);
  });
});

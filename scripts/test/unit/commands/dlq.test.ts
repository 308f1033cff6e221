import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text as consume } from 'node:stream/consumers';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Target } from '../../../airline/target.ts';
import { type CommandResult, runCommand } from '../../../cli/run-command.ts';
import { commandArguments } from '../../../cli/workspace.ts';
import { countMessages, type DeadLetterQueue, peek } from '../../../dead-letters/dead-letters.ts';
import { describeLostEvent, type LostEvent, lostEvents } from '../../../dead-letters/lost-events.ts';
import { plainEnvironment } from '../../end-to-end/support/airline-place.ts';
import { runWithoutReader, type WithoutReader } from '../../support/closed-pipe.ts';
import { drain, gaveUp, poison, put, RunningQueues, text } from '../../support/running-queues.ts';

let running: RunningQueues;
let target: Target;
let unhandled: DeadLetterQueue;

beforeAll(async () => {
  running = await RunningQueues.start();
});
afterAll(async () => {
  await running?.stop();
});
beforeEach(async () => {
  ({ target, unhandled } = await running.emptied());
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
  expect((await dlq('show', 'seats', '--reveal')).stdout.match(/ada@example\.com/g)).toHaveLength(4);
  expect((await dlq('show', 'seats', '--reveal', '--json')).stdout.match(/ada@example\.com/g)).toHaveLength(4);
});

describe('an event that neither the queue nor its dead-letter queue took', () => {
  const bookingId = '0f7e5f4e-94f5-4d5e-8a8e-3d5c1d6f9b01';
  const why = 'INVALID_PARAMETER: Invalid characters found';

  test('is shown by list, with both errors and what to type', async () => {
    // SQS does not carry U+FFFE, and JSON does not escape it.
    const Detail = JSON.stringify({ data: { bookingId: bookingId.toUpperCase(), passenger: { name: '\uFFFE' } } });
    const Entries = [{ EventBusName: 'airline', Source: 'airline.bookings', DetailType: 'BookingRequested', Detail }];
    const { Entries: answers } = await target.eventBridge.send(new PutEventsCommand({ Entries }));
    let lost: LostEvent[] | undefined;
    do lost = await lostEvents(target);
    while (lost?.length === 0);
    const event = {
      service: 'seats',
      rule: 'airline-seats-bookings',
      eventId: answers![0]!.EventId,
      bookingId,
      at: expect.stringMatching(/^20/),
      error: expect.stringContaining(why),
      deadLetterError: expect.stringContaining(why),
    };
    expect(lost).toEqual([event]);
    const list = await dlq('list');
    expect([list.code, list.stdout]).toEqual([0, expect.stringContaining(`LOST: ${describeLostEvent(lost![0]!)}`)]);
    expect(list.stdout).toContain('its producer must publish a corrected one');
    const gone = { ...lost![0]!, error: 'NO_RESOURCE: The specified queue does not exist.' };
    expect(describeLostEvent(gone)).toContain('pnpm replay --from TIME --rule airline-seats-bookings');
    expect(list.stdout).not.toContain('Nothing is stuck');
    const rows = JSON.parse((await dlq('list', '--json')).stdout) as unknown[];
    expect(rows.at(-1)).toEqual({ service: 'seats', kind: 'lost', messages: 1, events: [event] });
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

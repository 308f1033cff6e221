import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import type { Message } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { dropLetters, exportLetters, readLetters } from '../../../dead-letters/dead-letter-file.ts';
import { countMessages, type DeadLetterQueue, peek, walk } from '../../../dead-letters/dead-letters.ts';
import { age, matcher } from '../../../dead-letters/filters.ts';
import { redrive, willComeBack } from '../../../dead-letters/redrive.ts';
import type { Target } from '../../../airline/target.ts';
import { plainEnvironment } from '../../end-to-end/support/airline-place.ts';
import {
  drain,
  empty,
  envelope,
  failEntries,
  put,
  RunningQueues,
  seatsQueues,
  text,
} from '../../support/running-queues.ts';
import { commandArguments } from '../../../cli/workspace.ts';

jest.setTimeout(60_000);

let running: RunningQueues;
let target: Target;
let all: DeadLetterQueue[];
let unhandled: DeadLetterQueue;
let undelivered: DeadLetterQueue;

beforeAll(async () => {
  running = await RunningQueues.start();
});
afterAll(async () => {
  await running?.stop();
});
beforeEach(async () => {
  target = running.target();
  ({ all, unhandled, undelivered } = await seatsQueues(target));
  for (const url of [unhandled.url, undelivered.url, unhandled.home]) await empty(target, url);
});

const gaveUp = (count: number, type = 'PaymentOk') =>
  Array.from({ length: count }, (_, index) => ({ MessageBody: envelope(type, `booking-${index}`) }));
const poison = (body: string) => ({
  MessageBody: body,
  MessageAttributes: {
    reason: text('not-json'),
    error: text('Unexpected token'),
    originalMessageId: text('m-1'),
    receiveCount: { DataType: 'Number', StringValue: '1' },
  },
});
const bodies = (messages: Message[]): string[] => messages.map(({ Body }) => Body!).sort();

describe('a redrive', () => {
  test('brings every message back to its queue and leaves nothing behind', async () => {
    const letters = gaveUp(25);
    await put(target, unhandled, letters);
    const progress: number[] = [];
    expect(await redrive(target, all, { onProgress: (redriven) => progress.push(redriven) })).toEqual({
      redriven: 25,
      failed: [],
      doubled: [],
      cameBack: 0,
      left: 0,
      hidden: 0,
      stopped: false,
    });
    expect(progress.at(-1)).toBe(25);
    expect(await countMessages(target, unhandled)).toBe(0);
    expect(bodies(await drain(target, unhandled.home))).toEqual(letters.map(({ MessageBody }) => MessageBody).sort());
  });

  test('keeps the attributes that the message had, and takes off those of its death', async () => {
    const { MessageBody, MessageAttributes } = poison('x');
    await put(target, unhandled, [{ MessageBody, MessageAttributes: { ...MessageAttributes, tenant: text('blue') } }]);
    await redrive(target, all);
    const [message] = await drain(target, unhandled.home);
    expect(message!.MessageAttributes).toEqual({ tenant: expect.objectContaining(text('blue')) });
  });

  test('brings what EventBridge could not deliver to the queue that missed it', async () => {
    const attributes = {
      ERROR_CODE: text('NO_RESOURCE'),
      ERROR_MESSAGE: text('gone'),
      RULE_ARN: text('arn:rule'),
      RETRY_ATTEMPTS: text('185'),
    };
    const queueArn = 'arn:aws:sqs:us-east-1:000000000000:airline-seats';
    await put(target, undelivered, [
      {
        MessageBody: envelope('PaymentOk', 'missed'),
        MessageAttributes: { ...attributes, TARGET_ARN: text(queueArn) },
      },
    ]);
    expect((await redrive(target, all)).redriven).toBe(1);
    const [message] = await drain(target, undelivered.home);
    expect(message!.Body).toBe(envelope('PaymentOk', 'missed'));
    expect(message!.MessageAttributes).toBeUndefined();
  });

  test("leaves an event that missed another target than the service's own queue", async () => {
    await put(target, undelivered, [
      {
        MessageBody: '{}',
        MessageAttributes: { TARGET_ARN: text('arn:aws:sqs:us-east-1:000000000000:airline-payments') },
      },
    ]);
    const { redriven, failed } = await redrive(target, all);
    expect([redriven, failed.length, failed[0]!.error]).toEqual([0, 1, expect.stringContaining('airline-payments')]);
    expect(await countMessages(target, undelivered)).toBe(1);
  });

  test('takes only what matches, and shows the rest to others again', async () => {
    await put(target, unhandled, [...gaveUp(12, 'PaymentOk'), ...gaveUp(13, 'PaymentFailed')]);
    const result = await redrive(target, all, { matches: matcher({ detailType: 'PaymentFailed' }) });
    expect(result).toMatchObject({ redriven: 13, left: 12, hidden: 0 });
    expect((await peek(target, unhandled, 100)).map(({ detailType }) => detailType)).toEqual(
      Array(12).fill('PaymentOk'),
    );
    expect(await drain(target, unhandled.home)).toHaveLength(13);
  });

  test('by --kind touches one queue, by --max so many messages', async () => {
    await put(target, unhandled, gaveUp(15));
    await put(target, undelivered, gaveUp(15));
    expect((await redrive(target, [undelivered], { max: 12 })).redriven).toBe(12);
    expect(await countMessages(target, unhandled)).toBe(15);
    expect(await peek(target, undelivered, 100)).toHaveLength(3);
    expect((await redrive(target, all, { max: 4 })).redriven).toBe(4);
  });

  test('does not exceed its rate', async () => {
    await put(target, unhandled, gaveUp(11));
    const started = performance.now();
    expect((await redrive(target, all, { rate: 5 })).redriven).toBe(11);
    // 5 at once, 5 a second later, the last after two.
    expect(performance.now() - started).toBeGreaterThan(1990);
  });

  test('that is stopped half-way finishes what it has in hand and loses nothing', async () => {
    await put(target, unhandled, gaveUp(40));
    const stopping = new AbortController();
    const result = await redrive(target, all, {
      signal: stopping.signal,
      onProgress: (redriven) => redriven >= 20 && stopping.abort(),
    });
    expect(result).toMatchObject({ redriven: 20, stopped: true, hidden: 0, failed: [], doubled: [] });
    const [back, left] = [await drain(target, unhandled.home), await peek(target, unhandled, 100)];
    expect([...bodies(back), ...left.map(({ body }) => body)].sort()).toEqual(
      gaveUp(40)
        .map(({ MessageBody }) => MessageBody)
        .sort(),
    );
  });

  test('leaves a message whose send fails, tells so, and takes the others', async () => {
    const letters = gaveUp(10);
    await put(target, unhandled, letters);
    failEntries(target, 'SendMessageBatch', ({ MessageBody }) => MessageBody === letters[3]!.MessageBody);
    const result = await redrive(target, all);
    expect(result).toMatchObject({ redriven: 9, failed: [{ error: 'the disk is full' }], stopped: false });
    expect((await peek(target, unhandled, 100)).map(({ body }) => body)).toEqual([letters[3]!.MessageBody]);
    expect(await drain(target, unhandled.home)).toHaveLength(9);
  });

  test('tries again what fails for a moment', async () => {
    await put(target, unhandled, gaveUp(10));
    let failures = 2;
    failEntries(target, 'SendMessageBatch', ({ Id }) => Id === '0' && failures-- > 0);
    expect(await redrive(target, all)).toMatchObject({ redriven: 10, failed: [] });
    expect(await drain(target, unhandled.home)).toHaveLength(10);
  });

  test('stops when nothing of a batch gets through', async () => {
    await put(target, unhandled, gaveUp(30));
    failEntries(target, 'SendMessageBatch', () => true);
    const result = await redrive(target, all);
    expect(result).toMatchObject({ redriven: 0, stopped: true });
    expect(result.failed.length).toBeLessThanOrEqual(10);
    expect(await peek(target, unhandled, 100)).toHaveLength(30);
  });

  test('tells of a message that it could not delete: it is in both places, and redriven again the next time', async () => {
    await put(target, unhandled, gaveUp(10));
    const failing = running.target();
    failEntries(failing, 'DeleteMessageBatch', ({ Id }) => Id === '3');
    const result = await redrive(failing, all);
    expect(result).toMatchObject({ redriven: 10, failed: [], doubled: [{ error: 'the disk is full' }] });
    expect(await countMessages(target, unhandled)).toBe(1);
    expect((await redrive(target, all)).redriven).toBe(1);
    expect(await drain(target, unhandled.home)).toHaveLength(11);
  });

  test('does not chase a message that dies again at once', async () => {
    await put(target, unhandled, [poison('first'), poison('second')]);
    const consumer = new AbortController();
    const dying = (async () => {
      while (!consumer.signal.aborted) {
        const dead = await drain(target, unhandled.home);
        await put(
          target,
          unhandled,
          dead.map(({ Body, MessageId }) => ({
            MessageBody: Body,
            MessageAttributes: { reason: text('not-json'), originalMessageId: text(MessageId!) },
          })),
        );
      }
    })();
    // Slow enough for the first to die again before the second is sent.
    const result = await redrive(target, all, { rate: 1 });
    consumer.abort();
    await dying;
    expect(result.redriven).toBe(2);
    expect(await countMessages(target, unhandled)).toBe(2);
  });

  test('brings thousands back, each once', async () => {
    await put(target, unhandled, gaveUp(3000));
    const started = performance.now();
    const result = await redrive(target, all, { matches: matcher({ detailType: 'PaymentOk' }) });
    expect(result).toMatchObject({ redriven: 3000, failed: [], doubled: [], left: 0 });
    expect(new Set(bodies(await drain(target, unhandled.home))).size).toBe(3000);
    expect(performance.now() - started).toBeLessThan(50_000);
  });
});

describe('looking', () => {
  test('leaves every message where it is, also when there are hundreds or the looker fails', async () => {
    await put(target, unhandled, gaveUp(200));
    expect(await peek(target, unhandled, 1000)).toHaveLength(200);
    await expect(walk(target, unhandled, async () => Promise.reject(new Error('the looker fell')))).rejects.toThrow(
      'the looker fell',
    );
    expect(await peek(target, unhandled, 1000)).toHaveLength(200);
  });

  test('poison will come back after a redrive, what the consumer gave up on or never got may not', async () => {
    await put(target, unhandled, [poison('x'), ...gaveUp(1)]);
    await put(target, undelivered, [
      { MessageBody: envelope('PaymentOk', 'b'), MessageAttributes: { ERROR_CODE: text('NO_RESOURCE') } },
    ]);
    const letters = [...(await peek(target, unhandled, 10)), ...(await peek(target, undelivered, 10))];
    expect(Object.fromEntries(letters.map((letter) => [letter.reason, willComeBack(letter)]))).toEqual({
      'not-json': true,
      'gave-up': false,
      NO_RESOURCE: false,
    });
  });

  test.each([
    ['90s', 90_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
  ])('an age of %s', (text, milliseconds) => {
    expect(age(text)).toBe(milliseconds);
  });

  test('filters by event, booking and age, all at once', () => {
    const now = Date.parse('2026-12-01T12:00:00Z');
    const letter = {
      messageId: 'm',
      kind: 'unhandled',
      reason: 'gave-up',
      firstSeen: '2026-12-01T11:00:00Z',
      receiveCount: 5,
      detailType: 'PaymentOk',
      correlationId: 'b-1',
      body: '',
    } as const;
    const filters = { detailType: 'PaymentOk', booking: 'B-1', olderThan: age('30m') };
    expect(matcher(filters, now)(letter)).toBe(true);
    expect(matcher({ ...filters, detailType: 'PaymentFailed' }, now)(letter)).toBe(false);
    expect(matcher({ ...filters, booking: 'b-2' }, now)(letter)).toBe(false);
    expect(matcher({ ...filters, olderThan: age('2h') }, now)(letter)).toBe(false);
  });
});

describe('an exported file', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'dead-letters-'));
    file = path.join(folder, 'seats.jsonl');
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('holds every message of both queues whole, and only its owner can read it', async () => {
    await put(target, unhandled, [poison('not JSON'), ...gaveUp(14)]);
    await put(target, undelivered, gaveUp(1));
    expect(await exportLetters(target, all, file)).toEqual({ seen: 16, hidden: 0 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const letters = await readLetters(file, 'seats');
    expect(letters).toHaveLength(16);
    expect(letters.find(({ body }) => body === 'not JSON')).toMatchObject({
      kind: 'unhandled',
      attributes: { reason: text('not-json') },
    });
    expect(await countMessages(target, unhandled)).toBe(15);
    await expect(exportLetters(target, all, file)).rejects.toThrow('never overwrites');
  });

  test('is what drop goes by: later messages and lines taken out stay, and without confirmation all do', async () => {
    await put(target, unhandled, gaveUp(12));
    await exportLetters(target, all, file);
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    await writeFile(file, `${lines.slice(0, 10).join('\n')}\n`);
    await put(target, unhandled, gaveUp(5, 'PaymentFailed'));
    const letters = await readLetters(file, 'seats');
    expect(await dropLetters(target, all, letters, { confirm: false })).toMatchObject({
      inFile: 10,
      dropped: 10,
      kept: 7,
    });
    expect(await countMessages(target, unhandled)).toBe(17);
    expect(await dropLetters(target, all, letters, { confirm: true })).toMatchObject({
      inFile: 10,
      dropped: 10,
      kept: 7,
      failed: [],
    });
    expect(await peek(target, unhandled, 100)).toHaveLength(7);
    expect(await dropLetters(target, all, letters, { confirm: true })).toMatchObject({ dropped: 0, kept: 7 });
  });

  test('that was changed, or is of another service, or of another kind is refused by its line', async () => {
    await put(target, unhandled, gaveUp(2));
    await exportLetters(target, all, file);
    await expect(readLetters(file, 'payments')).rejects.toThrow('line 1 is a dead letter of seats, not of payments');
    const lines = await readFile(file, 'utf8');
    await writeFile(file, lines.replace('airline.payments', 'airline.elsewhere'));
    await expect(readLetters(file, 'seats')).rejects.toThrow('line 1 was changed');
    await writeFile(file, `${lines}nonsense\n`);
    await expect(readLetters(file, 'seats')).rejects.toThrow('line 3 is not a dead letter');
  });
});

describe('the command', () => {
  async function dlq(...parameters: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    return start(...parameters).ended;
  }

  function start(...parameters: string[]) {
    const env = { ...plainEnvironment(), LOCAL_AWS_PORT: String(running.port) };
    const child = spawn(process.execPath, commandArguments('dlq', ...parameters), {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
      child.once('close', (code) => resolve({ code, stdout, stderr })),
    );
    return { child, ended };
  }

  test('interrupted by Ctrl-C says what it did, and what it did not is still there', async () => {
    await put(target, unhandled, gaveUp(200));
    const { child, ended } = start('redrive', 'seats', '--confirm', '--rate', '10');
    while ((await countMessages(target, { ...unhandled, url: unhandled.home })) === 0)
      await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGINT');
    const { code, stdout } = await ended;
    const redriven = Number(/Stopped\. (\d+) message/.exec(stdout)?.[1]);
    expect([code, redriven > 0 && redriven < 200]).toEqual([1, true]);
    expect(await drain(target, unhandled.home)).toHaveLength(redriven);
    expect(await peek(target, unhandled, 1000)).toHaveLength(200 - redriven);
  });

  test('redrives nothing without --confirm, and says what will come back', async () => {
    await put(target, unhandled, [poison('x'), ...gaveUp(3)]);
    const { code, stdout } = await dlq('redrive', 'seats');
    expect([code, stdout]).toEqual([0, expect.stringContaining('will come back')]);
    expect(stdout).toContain('Nothing was moved');
    expect(await countMessages(target, unhandled)).toBe(4);
    const json = await dlq('redrive', 'seats', '--json', '--detail-type', 'PaymentOk', '--confirm');
    expect(JSON.parse(json.stdout)).toMatchObject({ confirmed: true, redriven: 3, left: 1 });
    expect(await drain(target, unhandled.home)).toHaveLength(3);
  });

  test('shows personal data only with --reveal', async () => {
    const request = {
      'detail-type': 'BookingRequested',
      detail: { data: { bookingId: 'b', passenger: { name: 'Ada', email: 'ada@example.com' } } },
    };
    const spoken = { reason: text('not-json'), error: text('Unexpected token: "ada@example.com" is not valid JSON') };
    const refused = { reason: text('mail-rejected'), error: text('Address ada@example.com is not verified') };
    await put(target, unhandled, [
      { MessageBody: JSON.stringify(request), MessageAttributes: refused },
      { MessageBody: 'ada@example.com', MessageAttributes: spoken },
    ]);
    for (const parameters of [['--body'], ['--json']])
      expect((await dlq('show', 'seats', ...parameters)).stdout).not.toContain('ada@');
    expect((await dlq('show', 'seats', '--reveal')).stdout.match(/ada@example\.com/g)).toHaveLength(4);
    expect((await dlq('show', 'seats', '--reveal', '--json')).stdout.match(/ada@example\.com/g)).toHaveLength(4);
  });

  test.each([
    ['a wrong age', ['redrive', 'seats', '--older-than', '10'], '90s, 10m, 2h, 1d'],
    ['a wrong rate', ['redrive', 'seats', '--rate', '0'], 'a number above 0'],
    ['an unknown kind', ['redrive', 'seats', '--kind', 'dead'], 'unhandled, undelivered'],
    ['a file that is not there', ['drop', 'seats', 'nowhere.jsonl'], 'there is no such file'],
  ])('refuses %s and says what to type', async (_, parameters, message) => {
    const { code, stdout, stderr } = await dlq(...parameters);
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringContaining(message)]);
  });
});

import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Target } from '../../../airline/target.ts';
import { dropLetters, exportLetters, readLetters } from '../../../dead-letters/dead-letter-file.ts';
import { countMessages, type DeadLetterQueue, peek, walk } from '../../../dead-letters/dead-letters.ts';
import { gaveUp, poison, put, refuse, RunningQueues, text } from '../../support/running-queues.ts';

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
  ({ target, all, unhandled, undelivered } = await running.emptied());
});

test('reading leaves every message in its queue, also hundreds, and also when the reader fails', async () => {
  await put(target, unhandled, gaveUp(200));
  expect(await peek(target, unhandled, 1000)).toHaveLength(200);
  await expect(walk(target, unhandled, async () => Promise.reject(new Error('the reader fails')))).rejects.toThrow(
    'the reader fails',
  );
  expect(await peek(target, unhandled, 1000)).toHaveLength(200);
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
    expect(await exportLetters(target, all, file)).toEqual({ exported: 16, hidden: 0 });
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

  test('decides what drop deletes: later messages and removed lines stay, and without confirmation all messages', async () => {
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

  test('whose letters this role may not delete is refused in words, and the letters stay', async () => {
    await put(target, unhandled, gaveUp(12));
    await exportLetters(target, all, file);
    const refused = running.target();
    refuse(refused, 'DeleteMessageBatch');
    const dropping = dropLetters(refused, all, await readLetters(file, 'seats'), { confirm: true });
    await expect(dropping).rejects.toThrow(
      'Your role airline-reader may not delete messages from airline-seats (sqs:DeleteMessage). ' +
        'A redrive or a drop with --confirm needs the role airline-operator.',
    );
    expect(await peek(target, unhandled, 100)).toHaveLength(12);
  });

  test('that was changed, is of another service, or is no such file is refused, with the number of the line', async () => {
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

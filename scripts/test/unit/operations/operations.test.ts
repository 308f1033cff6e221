import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Target } from '../../../airline/target.ts';
import { describeOperations } from '../../../operations/describe-operations.ts';
import type { Operation, OperationLine, RecordedOperation } from '../../../operations/operation.ts';
import { operationsOf, readOperations } from '../../../operations/read-operations.ts';
import { recordOperation } from '../../../operations/record-operation.ts';
import { RunningQueues } from '../../support/running-queues.ts';

let running: RunningQueues;
let target: Target;
beforeAll(async () => {
  running = await RunningQueues.start();
  target = running.target();
});
afterAll(() => running?.stop());

const redrive = (group: string): Operation => ({ command: 'dlq redrive', filter: { group } });
const done = { outcome: 'done', counts: { redriven: 3 } } as const;
const hourAgo = new Date(Date.now() - 3600_000);

async function recorded(group: string): Promise<RecordedOperation | undefined> {
  const { operations, otherLines, unread } = await readOperations(target, hourAgo);
  expect({ otherLines, unread }).toEqual({ otherLines: 0, unread: undefined });
  return operations.find(({ filter }) => filter.group === group);
}

describe('the record of an operation', () => {
  test('is there before its first change, and has its end after its last', async () => {
    let before: RecordedOperation | undefined;
    const work = async (): Promise<string> => {
      before = await recorded('a');
      return 'result';
    };
    expect(await recordOperation(target, redrive('a'), { work, endOf: () => done })).toBe('result');
    expect(before).toMatchObject({ ...redrive('a'), who: expect.stringMatching(/./), startedAt: expect.any(String) });
    expect(before).not.toHaveProperty('end');
    expect(await recorded('a')).toEqual({ ...before, end: { ...done, endedAt: expect.any(String) } });
  });

  test('has what was done before an error, and the error', async () => {
    const work = async (report: (counts: Record<string, number>) => void): Promise<never> => {
      report({ redriven: 2 });
      throw new Error('ada@example.com is not allowed');
    };
    await expect(recordOperation(target, redrive('b'), { work, endOf: () => done })).rejects.toThrow('is not allowed');
    const end = { outcome: 'failed', counts: { redriven: 2 }, note: '*** is not allowed' };
    expect((await recorded('b'))?.end).toMatchObject(end);
  });

  test('has no address, whoever typed one', async () => {
    const operation: Operation = {
      command: 'dlq drop',
      filter: { group: 'c', file: 'of-ada@example.com', rule: ['a@b.c'] },
    };
    await recordOperation(target, operation, { work: async () => undefined, endOf: () => done });
    expect((await recorded('c'))?.filter).toEqual({ group: 'c', file: '***', rule: ['***'] });
  });

  test.each([
    ['the stream', 'CreateLogStream'],
    ['the line', 'PutLogEvents'],
  ])('must be possible: without %s nothing is changed, and the error says what to do', async (_, operation) => {
    await running.tell({ failAfter: { [operation]: 0 } });
    let changes = 0;
    const recording = { work: async () => (changes += 1), endOf: () => done };
    await expect(recordOperation(target, redrive('d'), recording)).rejects.toThrow(
      'Nothing was changed, because no record of this dlq redrive could be written to the log group /airline/operations ' +
        '(the disk is full). Try again. If it must not wait, --unrecorded does it without a record',
    );
    expect(changes).toBe(0);
    await recordOperation(target, redrive('d'), { ...recording, unrecorded: true });
    expect(changes).toBe(1);
    await running.tell({});
    expect((await recorded('d'))?.end).toBeUndefined();
  });

  test('a platform without the log group is told to be deployed again', async () => {
    const other = { ...target, airline: 'other' };
    const recording = { work: async () => undefined, endOf: () => done };
    await expect(recordOperation(other, redrive('e'), recording)).rejects.toThrow(
      /^Nothing was changed.*\/other\/operations.*deploy it again \(`pnpm --filter @airline\/infra run deploy`\)/,
    );
  });

  test('an end that cannot be written is said, and the change stands', async () => {
    await running.tell({ failAfter: { PutLogEvents: 1 } });
    const warnings: string[] = [];
    const recording = { work: async () => 'result', endOf: () => done, warn: (text: string) => warnings.push(text) };
    expect(await recordOperation(target, redrive('f'), recording)).toBe('result');
    await running.tell({});
    expect(warnings).toEqual([expect.stringContaining('shows it as unfinished. Tell the next operator.')]);
    expect((await recorded('f'))?.end).toBeUndefined();
  });
});

const line = (given: Partial<OperationLine> = {}): OperationLine => ({
  id: '1',
  phase: 'started',
  startedAt: '2026-12-01T09:00:00.000Z',
  who: 'ada',
  command: 'dlq redrive',
  filter: { service: 'seats' },
  ...given,
});
const ended = (given: Partial<OperationLine> = {}): OperationLine =>
  line({ phase: 'ended', end: { ...done, endedAt: '2026-12-01T09:00:02.000Z' }, ...given });

test('a line of any form is read: as a record, or counted as none', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.json()), { maxLength: 20 }), (lines) => {
      const all = [...lines, JSON.stringify(ended()), JSON.stringify(line())];
      const { operations, otherLines } = operationsOf(all);
      expect([operations.length, otherLines]).toEqual([1, lines.length]);
    }),
  );
});

test('the newest is first, and an end is found before its start, or without it', () => {
  const lines = [ended({ id: '2' }), line({ id: '3', startedAt: '2026-12-01T10:00:00.000Z' }), line({ id: '2' })];
  const { operations } = operationsOf(lines.map((each) => JSON.stringify(each)));
  expect(operations.map(({ id, end }) => [id, end?.outcome])).toEqual([
    ['3', undefined],
    ['2', 'done'],
  ]);
});

describe('a person reads', () => {
  const shown = (...lines: OperationLine[]): string =>
    describeOperations(
      { ...operationsOf(lines.map((each) => JSON.stringify(each))) },
      { since: new Date('2026-11-24T09:00:00Z'), width: Infinity },
    );
  const end = (outcome: 'done' | 'stopped' | 'failed', counts: Record<string, number>, note?: string) =>
    ended({ end: { outcome, counts, ...(note !== undefined && { note }), endedAt: '2026-12-01T09:00:02.000Z' } });
  const replay = { command: 'replay', filter: { from: 'A', rule: ['r', 's'] }, replay: 'airline.x' } as const;

  test.each<[string, OperationLine, string, string]>([
    [
      'counts',
      end('done', { redriven: 3, failed: 0, cameBack: 1 }),
      'done        pnpm dlq redrive seats',
      'by ada: 3 redriven, 1 came back (2 s)',
    ],
    ['that nothing was there', end('done', {}), 'done ', 'by ada: nothing to do (2 s)'],
    ['that it was stopped', end('stopped', { dropped: 1200 }), 'STOPPED ', 'by ada: 1,200 dropped (2 s)'],
    [
      'why it failed',
      end('failed', { redriven: 1 }, 'AWS said no'),
      'FAILED ',
      'by ada: 1 redriven, AWS said no (2 s)',
    ],
    [
      'what to check after a redrive that was killed',
      line(),
      'UNFINISHED  pnpm dlq redrive seats',
      '`pnpm dlq list` shows what is left; the same command continues.',
    ],
    [
      'what to check after a drop',
      line({ command: 'dlq drop', filter: { service: 'seats', file: 'f' } }),
      'pnpm dlq drop seats f',
      'the same command with the same file continues',
    ],
    [
      'what to check after a replay',
      line(replay),
      'pnpm replay --from A --rule r --rule s',
      '`aws events describe-replay --replay-name airline.x`',
    ],
    [
      'a filter',
      line({ filter: { detailType: 'PaymentOk', olderThan: '600s', max: 5 } }),
      'pnpm dlq redrive --detail-type PaymentOk --older-than 600s --max 5',
      'UNFINISHED',
    ],
    [
      'a role',
      line({ who: 'arn:aws:sts::111122223333:assumed-role/airline-operator/ada' }),
      '',
      'by ada (role airline-operator)',
    ],
    ['a user', line({ who: 'arn:aws:iam::111122223333:user/ops/ada' }), '', 'by ada:'],
    ['any other identity', line({ who: 'arn:aws:iam::111122223333:root' }), '', 'by arn:aws:iam::111122223333:root:'],
  ])('%s', (_, given, ...texts) => {
    for (const text of texts) expect(shown(given)).toContain(text);
    expect(shown(given)).toContain('1 operation since 2026-11-24 09:00 UTC');
  });

  test('that nobody did anything', () => {
    expect(shown()).toBe('Nobody has redriven, dropped or replayed anything since 2026-11-24 09:00 UTC.');
  });
});

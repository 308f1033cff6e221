import { expect, test } from '@jest/globals';
import { type Call, collectCalls, timed } from '../src/calls.ts';

function adapterOf(delay: () => Promise<void>) {
  return {
    name: 'stays',
    find: async (id: string) => {
      await delay();
      return `found ${id}`;
    },
    fail: () => Promise.reject(new Error('down')),
  };
}

test('notes each call of the message that is handled, also one that fails and one that has not ended', async () => {
  let release = (): void => {};
  const hanging = timed('table', { hang: () => new Promise<void>((resolve) => (release = resolve)) });
  const provider = timed(
    'payment provider',
    adapterOf(async () => {}),
  );
  const calls: Call[] = [];
  let hangs: Promise<void> | undefined;
  await collectCalls(calls, async () => {
    expect(await provider.find('a')).toBe('found a');
    await expect(provider.fail()).rejects.toThrow('down');
    hangs = hanging.hang();
  });
  const milliseconds = expect.any(Number);
  expect(calls).toEqual([
    { name: 'payment provider find', afterMs: milliseconds, ms: milliseconds },
    { name: 'payment provider fail', afterMs: milliseconds, ms: milliseconds, failed: true },
    { name: 'table hang', afterMs: milliseconds },
  ]);
  expect(provider.name).toBe('stays');
  release();
  await hangs;
});

test('keeps the calls of messages apart that are handled side by side, and a quick call is not noted', async () => {
  const slow = timed(
    'slow',
    adapterOf(() => new Promise((resolve) => setTimeout(resolve, 5))),
  );
  const quick = timed(
    'quick',
    adapterOf(async () => {}),
    60_000,
  );
  const [first, second]: [Call[], Call[]] = [[], []];
  await Promise.all([
    collectCalls(first, () => Promise.all([slow.find('a'), quick.find('b')])),
    collectCalls(second, () => slow.find('c')),
  ]);
  expect([first, second].map((calls) => calls.map(({ name }) => name))).toEqual([['slow find'], ['slow find']]);
  // Nobody handles a message: nothing is noted, and the call works.
  expect(await slow.find('d')).toBe('found d');
});

test('a message with very many calls does not fill the log', async () => {
  const calls: Call[] = [];
  const provider = timed(
    'provider',
    adapterOf(async () => {}),
  );
  await collectCalls(calls, async () => {
    for (let count = 0; count < 100; count += 1) await provider.find('a');
  });
  expect(calls).toHaveLength(20);
});

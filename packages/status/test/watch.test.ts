import { expect, test } from '@jest/globals';
import { createWatch } from '../src/watch.ts';

const now = () => new Date('2026-12-01T09:45:30Z');

async function measured(since: string | undefined): Promise<unknown[]> {
  const published: unknown[] = [];
  await createWatch({
    oldest: async () => since,
    metrics: { seconds: (...metric) => published.push(metric), flush: () => published.push('flush') },
    now,
  })();
  return published;
}

test('publishes the age of the oldest unsettled booking', async () => {
  expect(await measured('2026-12-01T09:30:00.000Z')).toEqual([['OldestUnsettledSeconds', 930], 'flush']);
});

test('publishes nothing while all bookings are settled', async () => {
  expect(await measured(undefined)).toEqual([]);
});

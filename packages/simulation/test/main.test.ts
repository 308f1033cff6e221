import { describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const main = join(__dirname, '..', 'src', 'main.ts');

interface Outcome {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

async function simulate(args: readonly string[], { readsOutput = true } = {}): Promise<Outcome> {
  const child = spawn(process.execPath, ['--import', 'tsx/esm', main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  if (!readsOutput) child.stdout.destroy();
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, stdout, stderr };
}

describe('pnpm simulate', () => {
  test('prints only its usage with --help', async () => {
    const { exitCode, stdout, stderr } = await simulate(['--help']);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Usage: pnpm simulate \[options\]\n/);
    expect(stdout).not.toContain('violations');
  });

  test.each([
    [['--frobnicate'], "error: unknown option '--frobnicate'"],
    [['--seeds', '0'], "error: option '--seeds <n>' argument '0' is invalid. It must be a whole number above 0."],
    [['--scope', 'one booking'], "error: option '--scope' has no effect without --exhaustive"],
    [['--states', '7', '--seed', '1'], "error: option '--states' has no effect with --seed"],
    [['--exhaustive', '--seeds', '7'], "error: option '--seeds' has no effect with --exhaustive"],
    [['--exhaustive', '--mutants'], "error: option '--exhaustive' has no effect with --mutants"],
    [['--exhaustive', '--scope', 'nothing'], 'error: no scope has “nothing” in its name; the scopes are:'],
  ])('rejects %j', async (args, message) => {
    const { exitCode, stdout, stderr } = await simulate(args);
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr.split('\n')[0]).toBe(message);
  });

  test('prints totals at the end', async () => {
    const { exitCode, stdout, stderr } = await simulate(['--seeds', '2', '--bookings', '2']);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/\nruns \d+, bookings 4, faults \d+, states 0, violations 0\n$/);
  });

  test('ends without an error when its reader closes the pipe', async () => {
    const args = ['--seeds', '1', '--bookings', '1'];
    expect(await simulate(args, { readsOutput: false })).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });
});

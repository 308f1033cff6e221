import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { workspaceRoot } from '../cli/workspace.ts';
import { conformanceState, trust } from './state.ts';

const folder = path.join(workspaceRoot, 'scripts', 'conformance');

/** The packages that the emulator needs, in pip's format. */
export const requirements = path.join(folder, 'requirements.txt');

/** Writes a new certificate for the emulator. @param python the command */
export function makeCertificate(python: string): void {
  const { certificate, key } = conformanceState;
  execFileSync(python, [path.join(folder, 'make_certificate.py'), certificate, key], { stdio: 'inherit' });
}

/**
 * Runs the conformance suites and shows their output as it comes.
 * @param options of jest
 */
export async function runSuites(options: readonly string[]): Promise<{ code: number | null; output: string }> {
  const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
  const config = path.join(folder, 'jest.config.ts');
  // Outside the repository: below its package.json, Node would load the functions' code as ES modules.
  const temporary = mkdtempSync(path.join(os.tmpdir(), 'airline-conformance-'));
  // --verbose prints the title of each test. The titles of skipped tests contain the reason.
  const child = spawn(process.execPath, [jest, '--config', config, '--runInBand', '--verbose', ...options], {
    cwd: workspaceRoot,
    env: { ...process.env, ...trust, AIRLINE_RUNS_ON: 'emulator', TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      process.stdout.write(text);
    });
  }
  // By process group: jest, the emulator that it started, and the functions that the emulator started.
  process.once('exit', () => {
    if (child.exitCode === null) process.kill(-child.pid!, 'SIGTERM');
    rmSync(temporary, { recursive: true, force: true, maxRetries: 5 });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  return { code, output };
}

/** The lines of jest's output that count suites and tests. */
export function summaryOf(output: string): string {
  const lines = output.split('\n').filter((line) => /^(Test Suites|Tests|Snapshots|Time):/.test(line));
  return lines.join('\n');
}

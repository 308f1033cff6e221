/**
 * `pnpm test:conformance`: deploys the stacks to an emulator of AWS that nobody here wrote and runs the end-to-end suites there.
 * Arguments are jest's, e.g. `pnpm test:conformance operator`.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { UsageError } from '../cli/usage-error.ts';
import { preparePython } from '../conformance/python.ts';
import { conformanceState, trust } from '../conformance/state.ts';
import { workspaceRoot } from '../cli/workspace.ts';

const conformanceFolder = path.join(workspaceRoot, 'scripts', 'conformance');

const summaryLine = /^(Test Suites|Tests|Snapshots|Time):/;

const started = performance.now();
try {
  const python = preparePython(conformanceState.pythonEnvironment, path.join(conformanceFolder, 'requirements.txt'));
  console.log(
    `Python ${python.version} with the emulator is ready after ${elapsed()}. Its logs: ${path.relative(workspaceRoot, conformanceState.logs)}`,
  );
  makeCertificate(python.command);
  rmSync(conformanceState.logs, { recursive: true, force: true });
  const { code, output } = await runJest();
  console.log(`\nConformance took ${elapsed()}.`);
  console.log(
    output
      .split('\n')
      .filter((line) => summaryLine.test(line))
      .join('\n'),
  );
  process.exitCode = code ?? 1;
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

function makeCertificate(python: string): void {
  const { certificate, key } = conformanceState;
  execFileSync(python, [path.join(conformanceFolder, 'make_certificate.py'), certificate, key], { stdio: 'inherit' });
}

async function runJest(): Promise<{ code: number | null; output: string }> {
  const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
  const config = path.join(conformanceFolder, 'jest.config.ts');
  // Outside the repository: below its package.json the functions' code would be taken for ES modules.
  const temporary = mkdtempSync(path.join(os.tmpdir(), 'airline-conformance-'));
  // --verbose names each scenario, also those that are skipped, with the reason.
  const child = spawn(
    process.execPath,
    [jest, '--config', config, '--runInBand', '--verbose', ...process.argv.slice(2)],
    {
      cwd: workspaceRoot,
      env: { ...process.env, ...trust, AIRLINE_RUNS_ON: 'emulator', TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      process.stdout.write(text);
    });
  }
  // All at once: jest, the emulator that it started, and the functions that the emulator started.
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

function elapsed(): string {
  const seconds = Math.round((performance.now() - started) / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

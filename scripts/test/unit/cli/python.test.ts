import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { commandArguments, workspaceRoot } from '../../../cli/workspace.ts';

let binaries: string;
beforeEach(() => {
  binaries = mkdtempSync(path.join(os.tmpdir(), 'python-'));
});
afterEach(() => rmSync(binaries, { recursive: true }));

/** Adds a program to the PATH. */
function install(name: string, script: string): void {
  const file = path.join(binaries, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

describe.each([
  ['test-conformance', 'The emulator of the conformance tests needs Python 3.10 or later'],
  ['templates-lint', 'cfn-lint needs Python 3.10 or later'],
])('%s', (command, need) => {
  /** Runs the command with a PATH that has the installed programs only. */
  function run(): { status: number | null; stdout: string; stderr: string } {
    const options = { cwd: workspaceRoot, env: { PATH: binaries }, encoding: 'utf8' } as const;
    return spawnSync(process.execPath, commandArguments(command), options);
  }

  test('reports that Python is missing, and how to install it', () => {
    const { status, stderr } = run();
    expect([status, stderr]).toEqual([1, expect.stringContaining(need)]);
    expect(stderr).toContain('there is none on the PATH');
    expect(stderr).toContain('apt-get install python3 python3-venv');
  });

  test('reports that Python is too old', () => {
    install('python3', 'echo 3.9.2');
    expect(run()).toMatchObject({ status: 1, stderr: expect.stringContaining('python3 is 3.9.2') });
  });
});

/** How the answers of cfn-lint are read. `pnpm templates:lint` runs the real one, which needs Python. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { lintTemplates } from '../../../templates/lint-templates.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'lint-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Lints with a linter that prints this answer. */
function lint(answer: string, exitCode: number): string[] {
  const linter = path.join(folder, 'cfn-lint');
  writeFileSync(linter, `#!/bin/sh\ncat <<'END'\n${answer}\nEND\necho 'on its error output' >&2\nexit ${exitCode}\n`);
  chmodSync(linter, 0o755);
  return lintTemplates(linter, ['/tmp/x/airline-seats.template.json']);
}

const match = {
  Filename: '/tmp/x/airline-seats.template.json',
  Location: { Path: ['Resources', 'Rule', 'Properties', 'Targets', 0, 'RetryPolicy'] },
  Message: '1850 is greater than the maximum of 185',
  Rule: { Id: 'E3034' },
};

describe('cfn-lint', () => {
  test('finds nothing', () => {
    expect(lint('[]', 0)).toEqual([]);
  });

  test.each([2, 4, 6, 8, 14])('has a finding and ends with %d: a line names rule, template and place', (exitCode) => {
    expect(lint(JSON.stringify([match]), exitCode)).toEqual([
      'E3034 airline-seats.template.json Resources.Rule.Properties.Targets.0.RetryPolicy: 1850 is greater than the maximum of 185',
    ]);
  });

  test.each([1, 127])('fails with %d: its error output is shown', (exitCode) => {
    expect(() => lint('', exitCode)).toThrow(`cfn-lint failed with exit code ${exitCode}.\non its error output`);
  });

  test.each([
    ['[]', 2],
    [JSON.stringify([match]), 0],
  ])('contradicts itself (%s, exit code %d): that is no pass', (answer, exitCode) => {
    expect(() => lint(answer, exitCode)).toThrow(`cfn-lint ended with exit code ${exitCode}`);
  });

  test('is not there', () => {
    expect(() => lintTemplates(path.join(folder, 'none'), [])).toThrow('ENOENT');
  });
});

/** `pnpm flow` in a copy of the workspace, in which a service changes what it hears. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { plainEnvironment } from '../../end-to-end/support/airline-place.ts';
import { copyWorkspace } from '../../support/copy-workspace.ts';

const documents = ['README.md', 'docs/flow.svg', 'docs/flow.md', 'docs/asyncapi.yaml', 'docs/stories.md'];
let workspace: string;

beforeAll(() => {
  workspace = copyWorkspace(['README.md', 'docs', 'packages', 'infra', 'events-schemas', 'scripts']);
});
afterAll(() => rmSync(workspace, { recursive: true, force: true }));

function flow(...parameters: string[]): { status: number | null; stdout: string; stderr: string } {
  const command = ['--import', 'tsx/esm', 'scripts/commands/flow.ts', ...parameters];
  const options = { cwd: workspace, env: plainEnvironment(), encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, command, options);
  return { status, stdout, stderr };
}

const read = (file: string): string => readFileSync(path.join(workspace, file), 'utf8');

test('a changed rule changes every document; --check fails until --write', () => {
  const before = documents.map(read);
  const subscriptions = path.join(workspace, 'packages', 'payments', 'src', 'subscriptions.ts');
  // Payments hears every SeatReleased, also the answer to its own PaymentFailed.
  writeFileSync(subscriptions, readFileSync(subscriptions, 'utf8').replace(/ {4}\/\/ A release.*?(?= {2}},)/s, ''));

  const stale = flow('--check');
  expect({ status: stale.status, stdout: stale.stdout }).toEqual({ status: 1, stdout: '' });
  expect(stale.stderr.trim().split('\n')).toEqual(
    documents.map((file) => `${file} is not current. Type \`pnpm flow --write\`, and commit it.`),
  );

  expect(flow('--write')).toMatchObject({ status: 0, stderr: '' });
  expect(documents.map(read).map((content, index) => content !== before[index])).toEqual(documents.map(() => true));
  expect(read('README.md')).toMatch(/`SeatReleased` +\| `airline.seats` +\| payments, receipts, status +\|/);
  expect(flow('--check')).toMatchObject({ status: 0, stderr: '' });
});

test('--format prints one format, and nothing else', () => {
  const { status, stdout, stderr } = flow('--format', 'json');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({ airline: 'airline', bus: 'airline', services: expect.any(Array) });
});

test.each([
  [['--format', 'pdf'], 'Allowed choices are markdown, mermaid, svg, json, asyncapi.'],
  [['--write', '--check'], "option '--write' cannot be used with option '--check'"],
  [['--write', '--target', 'aws'], "option '--write' cannot be used with option '--target <target>'"],
  [['--target', 'azure'], 'Allowed choices are local, aws.'],
])('%j is refused', (parameters, why) => {
  const { status, stdout, stderr } = flow(...parameters);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toContain(why);
});

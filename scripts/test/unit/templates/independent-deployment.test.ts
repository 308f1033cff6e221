/** Each team deploys alone: its app is synthesized where no other service is, and its template needs nothing but the platform. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { orderStacks, readCloudAssemblies, type Stack } from '@airline/local-cloud/cloudformation/cloud-assembly';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cdkApps } from '../../../airline/cdk-apps.ts';
import { copyWorkspace } from '../../support/copy-workspace.ts';

const apps = cdkApps().map(({ name }) => name);
const services = apps.filter((name) => name !== 'infra');
const alone = new Map<string, { workspace: string; assembly: string }>();

beforeAll(async () => {
  // Two at a time: there are two cores.
  const waiting = [...apps];
  const next = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) await synthesizeAlone(name);
  };
  await Promise.all([next(), next()]);
}, 240_000);

afterAll(() => {
  for (const { workspace } of alone.values()) rmSync(workspace, { recursive: true, force: true });
});

/** Synthesizes an app, code of its functions included, in a workspace that has only what it may share. */
async function synthesizeAlone(app: string): Promise<void> {
  const shared = ['events-schemas', 'infra', 'packages/messaging'];
  const workspace = copyWorkspace([...shared, ...(app === 'infra' ? [] : [app])]);
  const cwd = path.join(workspace, app);
  const assembly = path.join(cwd, 'cdk.out');
  alone.set(app, { workspace, assembly });
  const entry = app === 'infra' ? 'app.ts' : 'infra/app.ts';
  const env = { ...process.env, CDK_OUTDIR: assembly, CDK_VALIDATION: 'false' };
  await promisify(execFile)(process.execPath, ['--import', 'tsx', entry], { cwd, env });
}

function stackOf(app: string): Stack {
  const [stack, ...more] = readCloudAssemblies([alone.get(app)!.assembly]);
  expect(more).toEqual([]);
  return stack!;
}

function parametersOf({ template: { Resources } }: Stack): string[] {
  return Object.values(Resources).flatMap(({ Type, Properties }) =>
    Type === 'AWS::SSM::Parameter' ? [Properties!.Name as string] : [],
  );
}

describe.each(services)('%s', (app) => {
  test('is synthesized where no other service is', () => {
    for (const other of services.filter((name) => name !== app)) {
      expect(existsSync(path.join(alone.get(app)!.workspace, other))).toBe(false);
    }
    const { template, assets } = stackOf(app);
    const functions = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
    expect(functions.length).toBeGreaterThan(0);
    for (const { path: code } of assets.values())
      if (existsSync(path.join(code, 'index.js'))) expect(code).toContain(app);
  });

  test('is deployed after the platform, with or without the others', () => {
    const platform = new Set(parametersOf(stackOf('infra')));
    // The local cloud's own order: it refuses a stack that wants a parameter which nobody made.
    expect(orderStacks([stackOf(app)], (name) => platform.has(name)).map(({ name }) => name)).toEqual([
      stackOf(app).name,
    ]);
    expect(() => orderStacks([stackOf(app)], () => false)).toThrow('which no stack creates');
  });

  test('neither exports nor imports, nor waits for another stack', () => {
    const text = JSON.stringify(stackOf(app).template);
    expect(text).not.toContain('Fn::ImportValue');
    expect(text).not.toContain('"Export"');
    const { artifacts } = JSON.parse(readFileSync(path.join(alone.get(app)!.assembly, 'manifest.json'), 'utf8')) as {
      artifacts: Record<string, { type: string; dependencies?: string[] }>;
    };
    const waitsFor = Object.values(artifacts).flatMap(({ dependencies = [] }) => dependencies);
    expect(waitsFor.map((name) => artifacts[name]!.type)).toEqual(['cdk:asset-manifest']);
  });

  test('names no resource of another service', () => {
    const text = JSON.stringify(stackOf(app).template);
    for (const other of services.filter((name) => name !== app)) {
      expect([
        other,
        text.includes(`airline-${path.basename(other)}`),
        text.includes(`/airline/${path.basename(other)}`),
      ]).toEqual([other, false, false]);
    }
  });
});

test('the platform is deployed before everyone, and waits for no one', () => {
  expect(orderStacks([stackOf('infra')], () => false)).toHaveLength(1);
  expect(JSON.stringify(stackOf('infra').template)).not.toMatch(/Fn::ImportValue|"Export"/);
});

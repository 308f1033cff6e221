/** Each team deploys alone: its app is synthesized without any other service, and needs the platform only. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { orderStacks, readCloudAssemblies, type Stack } from '@airline/local-cloud/cloudformation/cloud-assembly';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cdkApps, withLogin } from '../../../airline/cdk-apps.ts';
import { copyWorkspace } from '../../support/copy-workspace.ts';
import { fewAtOnce } from '../../support/few-at-once.ts';

const apps = cdkApps().map(({ name }) => name);
const services = apps.filter((name) => name !== 'infra');
const alone = new Map<string, { workspace: string; assembly: string }>();

beforeAll(async () => {
  await fewAtOnce(2, apps, synthesizeAlone);
});

afterAll(() => {
  for (const { workspace } of alone.values()) rmSync(workspace, { recursive: true, force: true });
});

/**
 * Synthesizes an app, with the code of its functions, in a workspace with only those packages that it may depend on.
 */
async function synthesizeAlone(app: string): Promise<void> {
  const shared = ['events-schemas', 'infra', 'packages/messaging'];
  const workspace = copyWorkspace([...shared, ...(app === 'infra' ? [] : [app])]);
  const cwd = path.join(workspace, app);
  const assembly = path.join(cwd, 'cdk.out');
  alone.set(app, { workspace, assembly });
  const entry = app === 'infra' ? 'app.ts' : 'infra/app.ts';
  const CDK_CONTEXT_JSON = JSON.stringify(withLogin({}));
  const env = { ...process.env, CDK_OUTDIR: assembly, CDK_VALIDATION: 'false', CDK_CONTEXT_JSON };
  await promisify(execFile)(process.execPath, ['--import', 'tsx/esm', entry], { cwd, env });
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

/** The bundle of a function. */
function codeOf({ Code }: Record<string, unknown>, assets: Stack['assets']): string {
  const { S3Key } = Code as { S3Key: string };
  return readFileSync(path.join(assets.get(S3Key)!.path, 'index.js'), 'utf8');
}

/** The environment variable with the name of a service's own table, which each of its functions reads. */
const tableNameOf = (app: string): string => `${path.basename(app).toUpperCase()}_TABLE_NAME`;

describe.each(services)('%s', (app) => {
  test('is synthesized without any other service, its own code included', () => {
    for (const other of services.filter((name) => name !== app)) {
      expect(existsSync(path.join(alone.get(app)!.workspace, other))).toBe(false);
    }
    const { template, assets } = stackOf(app);
    const functions = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
    expect(functions.length).toBeGreaterThan(0);
    for (const { Properties } of functions) {
      const code = codeOf(Properties!, assets);
      expect(services.filter((service) => code.includes(tableNameOf(service)))).toEqual([app]);
    }
  });

  test('is deployed after the platform, with or without the other services', () => {
    const platform = new Set(parametersOf(stackOf('infra')));
    // The local cloud's order of deployment. It refuses a stack that needs a parameter which no stack creates.
    expect(orderStacks([stackOf(app)], (name) => platform.has(name)).map(({ name }) => name)).toEqual([
      stackOf(app).name,
    ]);
    expect(() => orderStacks([stackOf(app)], () => false)).toThrow('which no stack creates');
  });

  test('has no exports or imports, and does not depend on another stack', () => {
    const text = JSON.stringify(stackOf(app).template);
    expect(text).not.toContain('Fn::ImportValue');
    expect(text).not.toContain('"Export"');
    const { artifacts } = JSON.parse(readFileSync(path.join(alone.get(app)!.assembly, 'manifest.json'), 'utf8')) as {
      artifacts: Record<string, { type: string; dependencies?: string[] }>;
    };
    const dependsOn = Object.values(artifacts).flatMap(({ dependencies = [] }) => dependencies);
    expect(dependsOn.map((name) => artifacts[name]!.type)).toEqual(['cdk:asset-manifest']);
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

test('the platform is deployed first and needs no service', () => {
  expect(orderStacks([stackOf('infra')], () => false)).toHaveLength(1);
  expect(JSON.stringify(stackOf('infra').template)).not.toMatch(/Fn::ImportValue|"Export"/);
});

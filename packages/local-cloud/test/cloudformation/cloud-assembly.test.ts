import { afterAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { orderStacks, readCloudAssemblies } from '../../src/cloudformation/cloud-assembly.ts';
import type { Stack } from '../../src/cloudformation/cloud-assembly.ts';

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

function assembly(files: Record<string, unknown>): string {
  const folder = mkdtempSync(join(tmpdir(), 'assembly-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

const manifest = {
  artifacts: {
    seats: {
      type: 'aws:cloudformation:stack',
      properties: { templateFile: 'seats.template.json', stackName: 'airline-seats' },
    },
    assets: { type: 'cdk:asset-manifest', properties: { file: 'seats.assets.json' } },
    Tree: { type: 'cdk:tree' },
  },
};
const assets = {
  files: {
    abc: { source: { path: 'asset.abc', packaging: 'zip' }, destinations: { current: { objectKey: 'abc.zip' } } },
  },
};

describe('a cloud assembly', () => {
  test('is read with the names and the assets of its stacks', () => {
    const folder = assembly({
      'manifest.json': manifest,
      'seats.template.json': { Resources: {} },
      'seats.assets.json': assets,
    });
    const [stack] = readCloudAssemblies([folder]);
    expect(stack!.name).toBe('airline-seats');
    expect(stack!.assets.get('abc.zip')).toEqual({ path: join(folder, 'asset.abc'), packaging: 'zip' });
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['without a manifest', {}, 'manifest.json does not exist; run "pnpm synth" first'],
    ['whose manifest is not JSON', { 'manifest.json': '{' }, 'manifest.json is not valid JSON'],
    [
      'whose manifest is something else',
      { 'manifest.json': {} },
      'manifest.json is not the manifest of a cloud assembly',
    ],
    [
      'without a template',
      { 'manifest.json': manifest, 'seats.assets.json': assets },
      'seats.template.json does not exist',
    ],
    [
      'whose template is not JSON',
      { 'manifest.json': manifest, 'seats.assets.json': assets, 'seats.template.json': '{"Resources": ' },
      'seats.template.json is not valid JSON',
    ],
    [
      'whose template is something else',
      { 'manifest.json': manifest, 'seats.assets.json': assets, 'seats.template.json': {} },
      'seats.template.json is not a template: it has no Resources',
    ],
    [
      'with a section that is not supported',
      {
        'manifest.json': manifest,
        'seats.assets.json': assets,
        'seats.template.json': { Resources: {}, Transform: 'x' },
      },
      'seats.template.json has the section Transform, which the local cloud does not support',
    ],
  ])('%s is an error that names the file', (_, files, message) => {
    expect(() => readCloudAssemblies([assembly(files)])).toThrow(message);
  });

  test('is an error when another assembly has a stack of the same name', () => {
    const files = { 'manifest.json': manifest, 'seats.template.json': { Resources: {} }, 'seats.assets.json': assets };
    expect(() => readCloudAssemblies([assembly(files), assembly(files)])).toThrow(
      'stack airline-seats is in two cloud assemblies',
    );
  });
});

describe('the order of stacks', () => {
  const stack = (name: string, wants: string[], creates: string[]): Stack => ({
    name,
    assets: new Map(),
    template: {
      Parameters: Object.fromEntries(
        [...wants, '/cdk-bootstrap/hnb659fds/version'].map((Default, index) => [
          `Parameter${index}`,
          { Type: 'AWS::SSM::Parameter::Value<String>', Default },
        ]),
      ),
      Resources: Object.fromEntries(
        creates.map((Name, index) => [
          `Resource${index}`,
          { Type: 'AWS::SSM::Parameter', Properties: { Name, Type: 'String', Value: 'x' } },
        ]),
      ),
    },
  });
  const order = (...stacks: Stack[]) => orderStacks(stacks, (name) => name === '/stored').map(({ name }) => name);

  test('puts each stack after those whose parameters it reads', () => {
    expect(order(stack('c', ['/b', '/a'], []), stack('b', ['/a'], ['/b']), stack('a', ['/stored'], ['/a']))).toEqual([
      'a',
      'b',
      'c',
    ]);
  });

  test('includes dynamic references and computed names', () => {
    const reader = stack('reader', [], []);
    reader.template.Resources.Function = {
      Type: 'AWS::Lambda::Function',
      Properties: { Handler: '{{resolve:ssm:/us-east-1/a:1}}' },
    };
    const writer = stack('writer', [], []);
    writer.template.Resources.Name = {
      Type: 'AWS::SSM::Parameter',
      Properties: { Name: { 'Fn::Sub': '/${AWS::Region}/a' } },
    };
    expect(order(reader, writer)).toEqual(['writer', 'reader']);
  });

  test('is an error when no stack creates a parameter', () => {
    expect(() => order(stack('a', ['/nothing'], []))).toThrow(
      'stack a reads the SSM parameter /nothing, which no stack creates',
    );
  });

  test('is an error when two stacks create the same parameter', () => {
    expect(() => order(stack('a', [], ['/x']), stack('b', [], ['/x']))).toThrow(
      '/x is created twice: by stack a and by stack b',
    );
  });

  test('is an error that names the stacks when they read parameters of each other', () => {
    const stacks = [stack('a', ['/b'], ['/a']), stack('b', ['/c'], ['/b']), stack('c', ['/a'], ['/c'])];
    expect(() => order(...stacks)).toThrow("stacks read each other's SSM parameters: a → b → c → a");
  });
});

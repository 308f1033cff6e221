import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { App, AssetStaging, Duration, Stack } from 'aws-cdk-lib';
import { afterEach, expect, test } from '@jest/globals';
import { NodeFunction } from '../src/node-function.ts';

const entry = path.join(__dirname, 'fixtures', 'consumer.ts');

afterEach(() => {
  delete process.env.AIRLINE_SOURCE_MAPS;
});

/** The folder that a function is deployed from, and its code. */
function bundle(): { folder: string; code: string } {
  AssetStaging.clearAssetHashCache();
  const app = new App();
  const stack = new Stack(app, 'airline-seats');
  new NodeFunction(stack, 'Function', { service: 'seats', kind: 'consumer', entry, timeout: Duration.seconds(1) });
  const { directory } = app.synth();
  const folder = path.join(
    directory,
    readdirSync(directory).find((name) => name.startsWith('asset.'))!,
  );
  return { folder, code: readFileSync(path.join(folder, 'index.js'), 'utf8') };
}

test('a deployed function has no source map', () => {
  expect(bundle().code).not.toContain('sourceMappingURL');
});

test('a function that is to be debugged has a source map, and its sources are the files of this workspace', () => {
  process.env.AIRLINE_SOURCE_MAPS = 'true';
  const { folder, code } = bundle();
  const [, map] = /\/\/# sourceMappingURL=data:application\/json;base64,(\S+)/.exec(code)!;
  const { sources } = JSON.parse(Buffer.from(map!, 'base64').toString()) as { sources: string[] };
  expect(sources.map((source) => path.resolve(folder, source))).toEqual([entry]);
});

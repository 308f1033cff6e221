/** The commands of infra/first-day.md exist. Conformance runs them. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { workspaceRoot } from '../../../cli/workspace.ts';
import { plainEnvironment } from '../../end-to-end/support/airline-place.ts';
import { pageCommands } from '../../support/page-commands.ts';

const read = (file: string): string => readFileSync(path.join(workspaceRoot, file), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

const blocks = pageCommands('infra/first-day.md');
/** Every command of `pnpm`, in one line. */
const commands = blocks
  .flatMap(({ commands: text }) => text.replaceAll(/\\\n\s*/g, '').split('\n'))
  .filter((line) => line.trim().startsWith('pnpm '))
  .map((line) => line.trim().split(/\s+/).slice(1));
const ofScripts = commands.filter(([first]) => !['install', '--filter'].includes(first!));

test('the page has commands in each of its parts', () => {
  expect([...new Set(blocks.map(({ heading }) => heading.slice(0, 2)))]).toEqual(['1.', '2.', '3.', '4.', '5.', '6.']);
  expect(ofScripts.length).toBeGreaterThan(5);
});

describe.each([...new Set(ofScripts.map((words) => words.join(' ')))])('pnpm %s', (line) => {
  const words = line.split(' ').filter((word) => word !== 'run');
  const name = words[0]!;

  test('is a script, and has these options', () => {
    expect(Object.keys(scripts)).toContain(name);
    const [, file] = /(scripts\/commands\/\S+)/.exec(scripts[name]!)!;
    const subcommand = words[1] !== undefined && !words[1].startsWith('-') ? [words[1]] : [];
    const { status, stdout } = spawnSync(
      process.execPath,
      ['--import', 'tsx/esm', path.join(workspaceRoot, file!), ...subcommand, '--help'],
      { cwd: workspaceRoot, env: plainEnvironment(), encoding: 'utf8' },
    );
    expect(status).toBe(0);
    const options = words.filter((word) => /^--?[a-z]/.test(word));
    for (const option of options) expect(stdout).toContain(option === '-c' ? '(-c)' : option);
  });

  test('gives context values that infra/README.md explains', () => {
    const [, explained] = /## Context values\n(.*?)\n## /s.exec(read('infra/README.md'))!;
    const names = words.flatMap((word, index) => (words[index - 1] === '-c' ? [word.split('=')[0]!] : []));
    for (const each of names) expect(explained).toContain(`\`${each}\``);
  });
});

test('every pipeline variable of the page is read by a workflow, and every one that a workflow reads is on the page', () => {
  const page = read('infra/first-day.md');
  const workflows = ['deploy', 'deploy-stage'].map((name) => read(`.github/workflows/${name}.yml`)).join('\n');
  const namesIn = (text: string, pattern: RegExp): string[] =>
    [...new Set([...text.matchAll(pattern)].map(([, name]) => name!))].sort();
  expect(namesIn(page, /gh variable set (\w+)/g)).toEqual(namesIn(workflows, /vars\.(\w+)/g));
});

test.each(['airline', 'airline-staging'])('the page stores both keys of Stripe for %s', (airline) => {
  // Payments charges with the first; the role of the smoke test, which a pipeline uses, may read the second only.
  const stored = blocks.flatMap(({ commands: text }) =>
    [...text.matchAll(/put-parameter --type SecureString --name \/(\S+)/g)].map(([, name]) => name),
  );
  expect(stored).toEqual(
    expect.arrayContaining(['stripe-api-key', 'stripe-read-key'].map((key) => `${airline}/payments/${key}`)),
  );
});

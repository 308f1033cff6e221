/** `--help` prints the usage and does nothing else: every script of package.json that is ours, and every subcommand. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CommandResult } from '../../../cli/run-command.ts';
import { workspaceRoot } from '../../../cli/workspace.ts';
import { plainEnvironment } from '../../end-to-end/support/airline-place.ts';

const { scripts } = JSON.parse(readFileSync(path.join(workspaceRoot, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};
const subcommands: Record<string, string[]> = {
  flights: ['load', 'list'],
  dlq: ['list', 'show', 'redrive', 'export', 'drop'],
};

/** Name, file and parameters of each script that runs a file of this repository, and of their subcommands. */
const ours = Object.entries(scripts).flatMap(([name, script]) => {
  const [, file, parameters = ''] = /^node --import tsx\/esm (\S+\.ts)(?: (.*))?$/.exec(script) ?? [];
  if (file === undefined) return [];
  const line = [path.join(workspaceRoot, file), ...parameters.split(' ').filter(Boolean)];
  return [
    { name, line },
    ...(subcommands[name] ?? []).map((subcommand) => ({ name: `${name} ${subcommand}`, line: [...line, subcommand] })),
  ];
});
/** Programs of other people, which print their own usage. */
const tools = ['jest', 'tsc', 'eslint', 'knip', 'depcruise', 'prettier'];
const commandsFolder = path.join(workspaceRoot, 'scripts', 'commands');

let folder: string;
let environment: NodeJS.ProcessEnv;
const results = new Map<string, CommandResult>();

function node(...parameters: string[]): CommandResult {
  const options = { cwd: workspaceRoot, env: environment, encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx/esm', ...parameters], options);
  return { code: status, stdout, stderr };
}

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'airline-help-'));
  environment = {
    ...plainEnvironment(),
    // A command that does its work nevertheless writes its templates here, and can deploy nothing.
    CDK_ASSEMBLIES: path.join(folder, 'assemblies'),
    AWS_ENDPOINT_URL: 'http://localhost:1',
  };
  const commands = ours.filter(({ line }) => line[0]!.startsWith(commandsFolder));
  const printUsages = path.join(workspaceRoot, 'scripts', 'test', 'support', 'print-usages.ts');
  const printed = node(printUsages, JSON.stringify(commands.map(({ name, line }) => [name, ...line])));
  expect(printed).toMatchObject({ code: 0, stderr: '' });
  for (const [name, result] of Object.entries(JSON.parse(printed.stdout) as Record<string, CommandResult>))
    results.set(name, result);
  for (const { name, line } of ours) if (!results.has(name)) results.set(name, node(...line, '--help'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('every script of package.json is a file of this repository or a known tool', () => {
  const others = Object.keys(scripts).filter((name) => !ours.some((script) => script.name === name));
  expect(others.filter((name) => !tools.includes(scripts[name]!.split(' ')[0]!))).toEqual([]);
  expect(ours.length).toBeGreaterThan(25);
});

test.each(ours)('$name --help prints the usage and nothing else', ({ name, line }) => {
  const { code, stdout, stderr } = results.get(name)!;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  // Scripts of one file, such as `contracts` and `contracts:current`, share a usage.
  const sameFile = ours.filter((other) => other.line[0] === line[0]).map((other) => other.name);
  expect(stdout).toMatch(new RegExp(`^usage: pnpm (run )?(${sameFile.join('|')})\\b`, 'i'));
});

describe('the commands', () => {
  const commands = readdirSync(commandsFolder).filter((file) => file.endsWith('.ts'));

  test('synthesize nothing when asked for help', () => {
    expect(existsSync(path.join(folder, 'assemblies'))).toBe(false);
  });

  test('are all scripts of package.json', () => {
    const run = Object.values(scripts).flatMap((script) => /scripts\/commands\/(\S+\.ts)/.exec(script)?.[1] ?? []);
    expect([...new Set(run)].sort()).toEqual(commands.sort());
  });

  test.each(commands)('%s runs through cli/command.ts, which handles help, errors and closed outputs', (file) => {
    expect(readFileSync(path.join(commandsFolder, file), 'utf8')).toMatch(/^await run\($|^await run\(program\);$/m);
  });
});

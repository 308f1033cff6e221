/** `--help` prints the usage and does nothing else, for every script of package.json and for every subcommand. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CommandResult } from '../../../cli/run-command.ts';
import { workspaceRoot } from '../../../cli/workspace.ts';
import { plainEnvironment } from '../../end-to-end/support/airline-place.ts';
import { fewAtOnce } from '../../support/few-at-once.ts';

const manifest = JSON.parse(readFileSync(path.join(workspaceRoot, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};
const subcommands = {
  flights: ['load', 'list'],
  dlq: ['list', 'show', 'redrive', 'export', 'drop'],
};
const lines = [
  ...Object.entries(manifest.scripts).map(([name, script]) => ({ name, line: `${script} --help` })),
  ...Object.entries(subcommands).flatMap(([name, each]) =>
    each.map((sub) => ({ name: `${name} ${sub}`, line: `${manifest.scripts[name]!} ${sub} --help` })),
  ),
];
const processesAtOnce = 3;

let folder: string;
const results = new Map<string, CommandResult>();

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'airline-help-'));
  await fewAtOnce(processesAtOnce, lines, async ({ name, line }) => void results.set(name, await runLine(line)));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a line as pnpm does: in a shell, with the programs of node_modules/.bin. */
async function runLine(line: string): Promise<CommandResult> {
  const binaries = path.join(workspaceRoot, 'node_modules', '.bin');
  const child = spawn('sh', ['-c', line], {
    cwd: workspaceRoot,
    env: {
      ...plainEnvironment(),
      PATH: `${binaries}${path.delimiter}${process.env.PATH}`,
      // Whatever is synthesized all the same is written here, and nothing can be deployed from here.
      CDK_ASSEMBLIES: path.join(folder, 'assemblies'),
      AWS_ENDPOINT_URL: 'http://localhost:1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}

test.each(lines)('$name --help prints the usage', ({ name, line }) => {
  const { code, stdout, stderr } = results.get(name)!;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(usageOf(name, line));
});

/** Scripts of one file, such as `contracts` and `contracts:current`, share a usage. Tools of others have their own. */
function usageOf(name: string, line: string): RegExp {
  const file = /^node .*?(\S+\.ts)/.exec(line)?.[1];
  if (file === undefined) return /usage|options|commands/i;
  const same = Object.keys(manifest.scripts).filter((script) => manifest.scripts[script]!.includes(file));
  return new RegExp(`^usage: pnpm (run )?(${[name, ...same].join('|')})\\b`, 'i');
}

describe('the commands', () => {
  const folderOfCommands = path.join(workspaceRoot, 'scripts', 'commands');
  const commands = readdirSync(folderOfCommands).filter((file) => file.endsWith('.ts'));

  test('synthesize nothing when asked for help', () => {
    expect(existsSync(path.join(folder, 'assemblies'))).toBe(false);
  });

  test('are all scripts of package.json', () => {
    const run = Object.values(manifest.scripts).flatMap(
      (script) => /scripts\/commands\/(\S+\.ts)/.exec(script)?.[1] ?? [],
    );
    expect(run.sort()).toEqual(commands.sort());
  });

  test.each(commands)('%s runs through cli/command.ts, which handles help, errors and closed outputs', (file) => {
    expect(readFileSync(path.join(folderOfCommands, file), 'utf8')).toMatch(/^await run\($|^await run\(program\);$/m);
  });
});

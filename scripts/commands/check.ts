/** `pnpm check`: every gate that takes seconds, side by side, one line for each. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Argument, Command } from 'commander';
import { pc } from '../cli/colors.ts';
import { exitCode, run } from '../cli/command.ts';
import { workspaceRoot } from '../cli/workspace.ts';

/** Scripts of package.json, the slowest first: a gate that starts last must not be the one that takes longest. */
const gates = [
  'lint',
  'typecheck',
  'format:check',
  'boundaries',
  'knip',
  'workflows:check',
  'contracts:current',
  'documents:current',
] as const;

interface Outcome {
  passed: boolean;
  seconds: number;
  output: string;
}

await run(
  new Command('pnpm check')
    .description('Runs every quick gate, or those that are named. Prints in full what a failing gate printed.')
    .addArgument(new Argument('[gates...]', 'scripts of package.json').choices(gates))
    .addHelpText('after', '\nExit codes: 0 all passed, 1 one failed.')
    .action(check),
);

async function check(named: (typeof gates)[number][]): Promise<void> {
  const started = performance.now();
  const waiting = gates.filter((gate) => named.length === 0 || named.includes(gate));
  const count = waiting.length;
  const width = Math.max(...waiting.map((gate) => gate.length));
  const failed: string[] = [];
  const work = async (): Promise<void> => {
    for (let gate = waiting.shift(); gate; gate = waiting.shift()) {
      const { passed, seconds, output } = await runScript(gate);
      const mark = passed ? pc.green('✓') : pc.red('✗');
      console.log(`${mark} ${gate.padEnd(width)}  ${seconds.toFixed(1).padStart(5)} s`);
      if (passed) continue;
      failed.push(gate);
      console.log(`${output.trimEnd()}\n`);
    }
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, work));

  const total = `${((performance.now() - started) / 1000).toFixed(1)} s`;
  if (failed.length === 0) return console.log(`${count} of ${count} gates passed in ${total}.`);
  console.log(pc.red(`${failed.length} of ${count} gates failed in ${total}: ${failed.join(', ')}.`));
  process.exitCode = exitCode.error;
}

/** Runs a script of package.json as pnpm does, without the second that pnpm takes to start. */
async function runScript(name: string): Promise<Outcome> {
  const started = performance.now();
  const { scripts } = JSON.parse(readFileSync(path.join(workspaceRoot, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const binaries = path.join(workspaceRoot, 'node_modules', '.bin');
  const child = spawn(scripts[name]!, {
    shell: true,
    cwd: workspaceRoot,
    env: { ...process.env, PATH: `${binaries}${path.delimiter}${process.env.PATH ?? ''}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  return { passed: code === 0, seconds: (performance.now() - started) / 1000, output };
}

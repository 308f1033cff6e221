import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { workspaceRoot } from '../cli/workspace.ts';

/** Scripts of package.json, the slowest first: a gate that starts last must not be the one that takes longest. */
export const gates = [
  'lint',
  'flow:current',
  'typecheck',
  'format:check',
  'boundaries',
  'knip',
  'workflows:check',
  'contracts:current',
] as const;

export type Gate = (typeof gates)[number];

export interface Outcome {
  gate: Gate;
  passed: boolean;
  seconds: number;
  output: string;
}

/** Runs gates side by side, as many at once as there are cores. @param onOutcome is called when a gate has ended */
export async function runGates(chosen: readonly Gate[], onOutcome: (outcome: Outcome) => void): Promise<Outcome[]> {
  const waiting = [...chosen];
  const outcomes: Outcome[] = [];
  const work = async (): Promise<void> => {
    for (let gate = waiting.shift(); gate; gate = waiting.shift()) {
      const outcome = await runGate(gate);
      outcomes.push(outcome);
      onOutcome(outcome);
    }
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, work));
  return outcomes;
}

/** Runs a script of package.json as pnpm does, without the second that pnpm takes to start. */
async function runGate(gate: Gate): Promise<Outcome> {
  const started = performance.now();
  const { scripts } = JSON.parse(readFileSync(path.join(workspaceRoot, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const binaries = path.join(workspaceRoot, 'node_modules', '.bin');
  const child = spawn(scripts[gate]!, {
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
  return { gate, passed: code === 0, seconds: (performance.now() - started) / 1000, output };
}

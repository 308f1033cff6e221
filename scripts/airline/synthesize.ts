import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { isAlive } from '../cli/launchers.ts';
import { UsageError } from '../cli/usage-error.ts';
import { commandArguments } from '../cli/workspace.ts';

/**
 * Runs `pnpm synth` in a process of its own, so that the CDK's memory is freed. Returns early when `signal` aborts.
 * @param assemblies the folder that gets a cloud assembly for each app
 * @throws UsageError with the output of the synthesis when it fails
 */
export async function synthesize(
  assemblies: string,
  { environment = process.env, signal }: { environment?: NodeJS.ProcessEnv; signal?: AbortSignal } = {},
): Promise<void> {
  const child = spawn(process.execPath, commandArguments('synth'), {
    env: { ...environment, CDK_ASSEMBLIES: assemblies },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  let errors = '';
  child.stdout.resume();
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const code = await new Promise<number | null>((resolve, reject) =>
    child.on('close', resolve).on('error', (error) => (signal?.aborted ? resolve(0) : reject(error))),
  );
  if (code !== 0 && !signal?.aborted) {
    // The CDK reports its progress on standard error.
    const problem = stripVTControlCharacters(errors)
      .replaceAll(/^Bundling asset .*\n/gm, '')
      .trim();
    throw new UsageError(problem || `Synthesis ended with exit code ${code}.`);
  }
}

/**
 * A folder for the assemblies of this process alone. Functions are loaded from it while this process runs, and
 * another airline may be started meanwhile with other settings. Folders of processes that have ended are removed.
 * @param parent the folder that holds it
 */
export function ownAssembliesFolder(parent: string): string {
  const prefix = 'assemblies-';
  mkdirSync(parent, { recursive: true });
  for (const name of readdirSync(parent).filter((each) => each.startsWith(prefix))) {
    if (!isAlive(Number(name.slice(prefix.length)))) rmSync(path.join(parent, name), { recursive: true, force: true });
  }
  return path.join(parent, `${prefix}${process.pid}`);
}

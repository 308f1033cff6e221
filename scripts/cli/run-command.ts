import { spawn } from 'node:child_process';
import { commandArguments } from './workspace.ts';

export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a command of this project in a process of its own, e.g. `runCommand(environment, 'status', bookingId)`. */
export async function runCommand(
  environment: NodeJS.ProcessEnv,
  name: string,
  ...parameters: string[]
): Promise<CommandResult> {
  const child = spawn(process.execPath, commandArguments(name, ...parameters), {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}

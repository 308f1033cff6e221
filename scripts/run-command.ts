import { spawn } from 'node:child_process';
import path from 'node:path';
import type { LocalPorts } from './target.ts';

export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs one of these commands as a person would, e.g. `runCommand(environment, 'book', '--flight', 'KL1001')`. */
export async function runCommand(environment: NodeJS.ProcessEnv, name: string, ...parameters: string[]): Promise<CommandResult> {
  const child = spawn(process.execPath, ['--import', 'tsx', path.join(import.meta.dirname, `${name}.ts`), ...parameters], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}

/** An environment in which commands ask the airline on these ports. */
export function environmentOn({ awsPort, httpPort }: LocalPorts, environment = process.env): NodeJS.ProcessEnv {
  return { ...environment, LOCAL_AWS_PORT: String(awsPort), LOCAL_HTTP_PORT: String(httpPort) };
}

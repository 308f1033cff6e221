import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';

export interface WithoutReader {
  /** Arguments of node. */
  parameters: string[];
  environment: NodeJS.ProcessEnv;
  /** The outputs whose reader closes the pipe. */
  closed: 'stdout' | 'stderr' | 'both';
  /** The command at the other end of the pipe. @default one that reads nothing */
  reader?: string;
}

/** Runs node in a pipeline of a shell whose reader closes the pipe early. The outputs that stay open are returned. */
export async function runWithoutReader({
  parameters,
  environment,
  closed,
  reader = 'true',
}: WithoutReader): Promise<{ code: number; stdout: string; stderr: string }> {
  const redirections = { stdout: '2>&5', stderr: '2>&1 1>&4', both: '2>&1' }[closed];
  const child = spawn(
    'sh',
    ['-c', `{ "$@" ${redirections}; echo $? >&3; } | ${reader}`, 'sh', process.execPath, ...parameters],
    {
      env: environment,
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    },
  );
  const [, , , code, stdout, stderr] = child.stdio as unknown as Readable[];
  const outputs = await Promise.all([text(code!), text(stdout!), text(stderr!)]);
  return { code: Number(outputs[0]), stdout: outputs[1], stderr: outputs[2] };
}

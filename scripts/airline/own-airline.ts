import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { stripVTControlCharacters } from 'node:util';
import { UsageError } from '../cli/usage-error.ts';
import { commandArguments } from '../cli/workspace.ts';
import { environmentOn, type LocalPorts } from './target.ts';

export interface OwnAirline {
  ports: LocalPorts;
  /** With it, commands use this airline. */
  environment: NodeJS.ProcessEnv;
  /** Stops it with SIGTERM, which does the same as Ctrl-C. @returns its exit code */
  stop(): Promise<number | null>;
}

const keptOutput = 20_000;
const startTimeoutMilliseconds = 120_000;

/**
 * Starts a whole airline on free ports, in a process of its own.
 * @param options of `pnpm start`
 * @throws UsageError with its output when it does not start within two minutes
 */
export async function startOwnAirline(options: string[] = [], environment = process.env): Promise<OwnAirline> {
  const [awsPort, httpPort] = (await freePorts(2)) as [number, number];
  const ports = { awsPort, httpPort };
  const own = environmentOn(ports, environment);
  const child = spawn(process.execPath, commandArguments('start', ...options), {
    env: own,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-keptOutput)));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const kill = (): void => void child.kill('SIGTERM');
  process.once('exit', kill);
  const stop = async (): Promise<number | null> => {
    process.off('exit', kill);
    kill();
    return ended;
  };

  const deadline = Date.now() + startTimeoutMilliseconds;
  for (;;) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new UsageError(`The airline did not start:\n${stripVTControlCharacters(output).trim()}`);
    }
    const health = await fetch(`http://localhost:${httpPort}/_local/health`).catch(() => undefined);
    if (health?.status === 200) return { ports, environment: own, stop };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Ports that are free right now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

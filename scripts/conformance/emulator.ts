import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePorts } from '../airline/own-airline.ts';
import { conformanceState, trust } from './state.ts';

export interface Emulator {
  endpoint: string;
  stop(): Promise<number | null>;
}

const patienceMilliseconds = 60_000;
const stopMilliseconds = 5_000;

/**
 * Starts MiniStack, with empty memory, on a free port of this machine. It speaks TLS and checks permissions: functions may do what
 * their roles allow and nothing else, and what may only be done over TLS is refused otherwise.
 * @param log the file that its output and that of the functions goes to
 * @throws Error with that file's name when it does not start
 */
export async function startEmulator(log: string): Promise<Emulator> {
  const [port] = (await freePorts(1)) as [number];
  mkdirSync(path.dirname(log), { recursive: true });
  const temporary = mkdtempSync(path.join(os.tmpdir(), 'ministack-'));
  // By name: queue URLs and the HTTP API's address begin with it.
  const endpoint = `https://localhost:${port}`;
  const { pythonEnvironment, certificate, key } = conformanceState;
  // What `ministack` does itself, but for its attempt to have port 443 as well.
  const parameters = ['ministack.app:app', '--bind', `127.0.0.1:${port}`, '--certfile', certificate, '--keyfile', key];
  const child = spawn(path.join(pythonEnvironment, 'bin', 'hypercorn'), [...parameters, '--keep-alive', '75'], {
    cwd: temporary,
    env: {
      // Functions inherit what it is started with: nobody's account may be among it.
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'))),
      ...trust,
      // Where the functions' SDK finds it.
      AWS_ENDPOINT_URL: endpoint,
      AUTH: 'true',
      GATEWAY_PORT: String(port),
      IOT_MTLS_ENABLED: '0',
      MINISTACK_SSL_CERT: certificate,
      MINISTACK_SSL_KEY: key,
      PYTHONUNBUFFERED: '1',
      TMPDIR: temporary,
      USE_SSL: '1',
      // What the functions' SDK says of its Node is meant for whoever chooses it.
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = createWriteStream(log);
  child.stdout.pipe(output, { end: false });
  child.stderr.pipe(output, { end: false });
  const ended = new Promise<number | null>((resolve) => child.once('error', () => resolve(1)).once('exit', resolve));
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async (): Promise<number | null> => {
    child.kill('SIGTERM');
    const timer = setTimeout(kill, stopMilliseconds);
    const code = await ended;
    clearTimeout(timer);
    process.off('exit', kill);
    output.end();
    rmSync(temporary, { recursive: true, force: true });
    return code;
  };

  const deadline = Date.now() + patienceMilliseconds;
  for (;;) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`MiniStack did not start; its output is in ${log}.`);
    }
    const health = await fetch(`${endpoint}/_ministack/health`).catch(() => undefined);
    if (health?.status === 200) return { endpoint, stop };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

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

const startTimeoutMilliseconds = 60_000;
/** SIGKILL follows this long after SIGTERM. */
const stopTimeoutMilliseconds = 5_000;

/**
 * Starts MiniStack without any resources, on a free port of this machine. It uses TLS and checks permissions: it
 * refuses calls that a function's role does not allow, and calls without TLS where a policy demands TLS.
 * @param log the file for its output and that of the functions
 * @throws Error with that file's name when it does not start within a minute
 */
export async function startEmulator(log: string): Promise<Emulator> {
  const [port] = (await freePorts(1)) as [number];
  mkdirSync(path.dirname(log), { recursive: true });
  const temporary = mkdtempSync(path.join(os.tmpdir(), 'ministack-'));
  // Queue URLs and the HTTP API's address begin with this name.
  const endpoint = `https://localhost:${port}`;
  const { pythonEnvironment, certificate, key } = conformanceState;
  // The same as the command `ministack`, except that it does not try to listen on port 443, too.
  const parameters = ['ministack.app:app', '--bind', `127.0.0.1:${port}`, '--certfile', certificate, '--keyfile', key];
  const child = spawn(path.join(pythonEnvironment, 'bin', 'hypercorn'), [...parameters, '--keep-alive', '75'], {
    cwd: temporary,
    env: {
      // Functions inherit this environment, so it must not contain the credentials of a real account.
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'))),
      ...trust,
      // The functions' SDK reads the endpoint from here.
      AWS_ENDPOINT_URL: endpoint,
      AUTH: 'true',
      GATEWAY_PORT: String(port),
      IOT_MTLS_ENABLED: '0',
      MINISTACK_SSL_CERT: certificate,
      MINISTACK_SSL_KEY: key,
      PYTHONUNBUFFERED: '1',
      TMPDIR: temporary,
      USE_SSL: '1',
      // The functions' SDK warns about old versions of Node on standard error.
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
    const timer = setTimeout(kill, stopTimeoutMilliseconds);
    const code = await ended;
    clearTimeout(timer);
    process.off('exit', kill);
    output.end();
    rmSync(temporary, { recursive: true, force: true });
    return code;
  };

  const deadline = Date.now() + startTimeoutMilliseconds;
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

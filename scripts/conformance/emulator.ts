import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePorts } from '../own-airline.ts';

export interface Emulator {
  endpoint: string;
  stop(): Promise<number | null>;
}

const patienceMilliseconds = 60_000;
const stopMilliseconds = 5_000;

/**
 * Starts MiniStack from a Python environment, with empty memory, on a free port of this machine.
 * @param log the file that its output and that of the functions goes to
 * @throws Error with that file's name when it does not start
 */
export async function startEmulator(pythonEnvironment: string, log: string): Promise<Emulator> {
  const [port] = (await freePorts(1)) as [number];
  mkdirSync(path.dirname(log), { recursive: true });
  const temporary = mkdtempSync(path.join(os.tmpdir(), 'ministack-'));
  // Functions inherit what it is started with: nobody's account may be among it.
  const endpoint = `http://localhost:${port}`;
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_')));
  const child = spawn(path.join(pythonEnvironment, 'bin', 'ministack'), [], {
    cwd: temporary,
    env: {
      ...inherited,
      // Where the functions' SDK finds it: by name, as its queue URLs begin.
      AWS_ENDPOINT_URL: endpoint,
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      IOT_MTLS_ENABLED: '0',
      PYTHONUNBUFFERED: '1',
      TMPDIR: temporary,
      // What the functions' SDK says of its Node to whoever chooses it.
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

import { randomUUID } from 'node:crypto';
import { createWriteStream, mkdirSync } from 'node:fs';
import type { WriteStream } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import type { LogGroups } from '../logs/log-groups.ts';
import { FunctionThread } from './function-thread.ts';
import type { FunctionDefinition, InvocationResult, RunInvocation } from './function-thread.ts';
import type { FunctionError } from './function-worker.ts';
import { LocalCloudError } from '../local-cloud-error.ts';

export interface FunctionPoolOptions {
  /** Environment variables for every function, in addition to its own: see `localEndpointVariables`. */
  environment: Record<string, string>;
  /** Receives one line for each failed invocation. */
  log: (line: string) => void;
  /** Keeps the functions' output, for searches. @default it is not kept */
  logs?: Pick<LogGroups, 'writer'>;
  /** Folder for the functions' output, one file for each function. @default the output is discarded */
  logDirectory?: string;
  /** Wraps each invocation, to inject faults. @default the worker runs it */
  runInvocation?: RunInvocation;
}

/**
 * The environment variables that direct a function's clients to the local cloud instead of AWS. Apart from these,
 * functions have the environment of a deployment.
 */
export function localEndpointVariables(awsEndpoint: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: awsEndpoint,
    AWS_SECRET_ACCESS_KEY: 'local',
    // The AWS endpoint serves the payment provider's API too.
    STRIPE_API_URL: awsEndpoint,
    // Without these two the SDK would read the profiles of the user who runs the local cloud.
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
  };
}

/** The concurrency limit of a function without reserved concurrency. */
const DEFAULT_CONCURRENCY = 20;
/** A caller waits for a free worker for this time before another worker is started. */
const SCALE_UP_DELAY_MILLISECONDS = 300;
/** The limit of workers beyond the first of each function, for all functions together. Each needs about 20 MB. */
const MAXIMUM_EXTRA_WORKERS = 20;
const IDLE_MILLISECONDS = 30_000;

type Acquired = { kind: 'worker'; worker: FunctionThread } | Exclude<InvocationResult, { kind: 'answered' }>;

/** Runs functions in worker threads. A worker runs one invocation at a time. Each function has one warm worker. */
export class FunctionPool {
  readonly #options: FunctionPoolOptions;
  readonly #functions = new Map<string, PooledFunction>();
  readonly #reaper: NodeJS.Timeout;
  #scaleUpTimer: NodeJS.Timeout | undefined;
  #starting = 0;
  #closed = false;

  constructor(options: FunctionPoolOptions) {
    this.#options = options;
    if (options.logDirectory !== undefined) mkdirSync(options.logDirectory, { recursive: true });
    this.#reaper = setInterval(() => this.#functions.forEach((pooled) => pooled.reap()), IDLE_MILLISECONDS / 2).unref();
  }

  define(definition: FunctionDefinition): void {
    this.#functions.set(definition.name, new PooledFunction(definition, this.#options, () => this.#scaleUp()));
  }

  definition(name: string): FunctionDefinition | undefined {
    return this.#functions.get(name)?.definition;
  }

  /**
   * Starts a worker for each function.
   * @throws LocalCloudError for a function that cannot be loaded
   */
  async warm(): Promise<void> {
    await Promise.all([...this.#functions.values()].map((pooled) => pooled.warm()));
  }

  /** @param signal stops waiting for a worker. It does not stop an invocation that has started. */
  async invoke(name: string, event: unknown, signal?: AbortSignal): Promise<InvocationResult> {
    const pooled = this.#functions.get(name);
    if (!pooled) throw new LocalCloudError(`there is no function ${name}`);
    return pooled.invoke(JSON.stringify(event), signal);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#reaper);
    clearTimeout(this.#scaleUpTimer);
    await Promise.all([...this.#functions.values()].map((pooled) => pooled.close()));
  }

  /**
   * Starts a worker for the function whose caller has waited longest. It is called when a caller starts to wait, and
   * when a worker has started or stopped. A start is expensive: loading and warming up a bundle needs the CPU time of a
   * hundred invocations, and slows down the running ones. So workers start one after another, and only for callers that
   * get no worker within SCALE_UP_DELAY_MILLISECONDS.
   */
  #scaleUp(): void {
    clearTimeout(this.#scaleUpTimer);
    const pooled = [...this.#functions.values()];
    const [next] = pooled.filter(({ needsWorker }) => needsWorker).sort((a, b) => a.scaleUpAt - b.scaleUpAt);
    if (this.#closed || !next || (this.#starting > 0 && next.size > 0)) return;
    const wait = next.scaleUpAt - Date.now();
    if (wait > 0) {
      this.#scaleUpTimer = setTimeout(() => this.#scaleUp(), wait);
      return;
    }
    const extraWorkers = pooled.reduce((sum, { size }) => sum + Math.max(0, size - 1), 0);
    if (next.size > 0 && extraWorkers >= MAXIMUM_EXTRA_WORKERS) {
      // The end of an idle worker calls this method again.
      pooled.find((other) => other.stopIdleExtraWorker());
      return;
    }
    this.#starting += 1;
    void next.start().finally(() => {
      this.#starting -= 1;
      this.#scaleUp();
    });
    this.#scaleUp();
  }
}

class PooledFunction {
  readonly definition: FunctionDefinition;
  readonly #options: FunctionPoolOptions;
  readonly #limit: number;
  readonly #workers = new Set<FunctionThread>();
  /** Last in, first out, so that workers that are no longer needed stay idle and are stopped. */
  readonly #idle: FunctionThread[] = [];
  /** The callers that wait for a worker, first in, first out. They get the first worker that is free or started. */
  readonly #waiting: { since: number; resolve: (acquired: Acquired) => void }[] = [];
  readonly #scaleUp: () => void;
  #starting = 0;
  #log: WriteStream | undefined;
  #closed = false;

  constructor(definition: FunctionDefinition, options: FunctionPoolOptions, scaleUp: () => void) {
    this.definition = definition;
    this.#options = options;
    this.#scaleUp = scaleUp;
    this.#limit = definition.reservedConcurrency ?? DEFAULT_CONCURRENCY;
    if (options.logDirectory !== undefined)
      this.#log = createWriteStream(join(options.logDirectory, `${definition.name}.log`));
  }

  get size(): number {
    return this.#workers.size;
  }

  get needsWorker(): boolean {
    return this.#waiting.length > this.#starting && this.#workers.size < this.#limit;
  }

  /** The time for one more worker, in milliseconds since the epoch. 0, which is at once, when there is no worker. */
  get scaleUpAt(): number {
    return this.#workers.size === 0 ? 0 : this.#waiting[0]!.since + SCALE_UP_DELAY_MILLISECONDS;
  }

  async warm(): Promise<void> {
    if (this.#limit === 0) return;
    const error = await this.start();
    if (error)
      throw new LocalCloudError(
        `function ${this.definition.name} cannot be started: ${error.errorType}: ${error.errorMessage}`,
      );
  }

  async invoke(event: string, signal?: AbortSignal): Promise<InvocationResult> {
    const requestId = randomUUID();
    const acquired = await this.#acquire(signal);
    if (acquired.kind === 'throttled') return acquired;
    const { runInvocation } = this.#options;
    const result =
      acquired.kind === 'failed'
        ? acquired
        : await (runInvocation?.(acquired.worker, requestId, event) ?? acquired.worker.run(requestId, event));
    if (acquired.kind === 'worker') this.#release(acquired.worker);
    if (result.kind === 'failed') this.#report(requestId, result.error);
    return result;
  }

  /** Stops workers that were idle for IDLE_MILLISECONDS, except for one. */
  reap(): void {
    while (this.#idle.length > 1 && Date.now() - this.#idle[0]!.idleSince > IDLE_MILLISECONDS)
      void this.#idle.shift()!.stop();
  }

  /** @returns false when there is no idle worker beyond the function's first one */
  stopIdleExtraWorker(): boolean {
    if (this.#idle.length === 0 || this.#workers.size === 1) return false;
    void this.#idle.shift()!.stop();
    return true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.splice(0).forEach(({ resolve }) => resolve({ kind: 'throttled' }));
    await Promise.all([...this.#workers].map((worker) => worker.stop()));
    if (this.#log) await new Promise<void>((resolve) => this.#log!.end(resolve));
  }

  async #acquire(signal: AbortSignal | undefined): Promise<Acquired> {
    if (this.#closed || this.#limit === 0 || signal?.aborted) return { kind: 'throttled' };
    for (let worker = this.#idle.pop(); worker; worker = this.#idle.pop())
      if (worker.alive) return { kind: 'worker', worker };
    return new Promise((resolve) => {
      const waiter = {
        since: Date.now(),
        resolve: (acquired: Acquired): void => {
          signal?.removeEventListener('abort', leave);
          resolve(acquired);
        },
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        resolve({ kind: 'throttled' });
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.#waiting.push(waiter);
      this.#scaleUp();
    });
  }

  #release(worker: FunctionThread): void {
    if (!worker.alive) return;
    const next = this.#waiting.shift();
    if (next) return next.resolve({ kind: 'worker', worker });
    worker.idleSince = Date.now();
    this.#idle.push(worker);
    // At the limit of extra workers, another function may need this worker's place.
    this.#scaleUp();
  }

  /** Starts a worker. @returns the error when the function cannot be loaded. One waiting caller gets this error too. */
  async start(): Promise<FunctionError | undefined> {
    const keep = this.#options.logs?.writer(this.definition.name);
    const worker = new FunctionThread(
      this.definition,
      this.#options.environment,
      (text) => {
        this.#log?.write(text);
        keep?.(text);
      },
      (error) => {
        this.#workers.delete(worker);
        const index = this.#idle.indexOf(worker);
        if (index >= 0) {
          this.#idle.splice(index, 1);
          this.#report('between two invocations', error);
        }
        this.#scaleUp();
      },
    );
    this.#workers.add(worker);
    this.#starting += 1;
    const error = await worker.started;
    this.#starting -= 1;
    if (error) this.#waiting.shift()?.resolve({ kind: 'failed', error });
    else this.#release(worker);
    return error;
  }

  #report(requestId: string, error: FunctionError): void {
    if (this.#closed) return;
    this.#options.log(`function ${this.definition.name} failed: ${error.errorType}: ${error.errorMessage}`);
    const line = `${JSON.stringify({ level: 'ERROR', requestId, ...error })}\n`;
    this.#log?.write(line);
    this.#options.logs?.writer(this.definition.name)(line);
  }
}

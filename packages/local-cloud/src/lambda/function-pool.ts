import { randomUUID } from 'node:crypto';
import { createWriteStream, mkdirSync } from 'node:fs';
import type { WriteStream } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { FunctionThread } from './function-thread.ts';
import type { FunctionDefinition, InvocationResult, RunInvocation } from './function-thread.ts';
import type { FunctionError } from './function-worker.ts';
import { LocalCloudError } from '../local-cloud-error.ts';

export interface FunctionPoolOptions {
  /** Given to every function besides its own variables: see `inPlaceOfAws`. */
  environment: Record<string, string>;
  /** Gets one line for each failed invocation. */
  log: (line: string) => void;
  /** Where each function's output goes, one file a function. Default: it is discarded. */
  logDirectory?: string;
  /** Runs an invocation otherwise than by the worker alone: see chaos. */
  run?: RunInvocation;
}

/** The variables by which a function finds this machine in place of AWS. All of them: nothing else differs from a deployment. */
export function inPlaceOfAws(awsEndpoint: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: awsEndpoint,
    AWS_SECRET_ACCESS_KEY: 'local',
    // The payment provider's stand-in answers beside the AWS services.
    STRIPE_API_URL: awsEndpoint,
    // The SDK would otherwise read the profiles of whoever runs this.
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
  };
}

/** How many invocations of one function run at once when the template reserves no concurrency for it. */
const DEFAULT_CONCURRENCY = 20;
/** How long a caller waits for a worker to come free before one more is started. */
const PATIENCE_MILLISECONDS = 300;
/** Workers beyond the first of each function, all functions taken together: each takes some 20 MB. */
const MAXIMUM_SURPLUS = 20;
const IDLE_MILLISECONDS = 30_000;

type Acquired = { kind: 'worker'; worker: FunctionThread } | Exclude<InvocationResult, { kind: 'answered' }>;

/** Runs functions in worker threads: one invocation at a time in each, one worker kept warm for each function. */
export class FunctionPool {
  readonly #options: FunctionPoolOptions;
  readonly #functions = new Map<string, PooledFunction>();
  readonly #reaper: NodeJS.Timeout;
  #growth: NodeJS.Timeout | undefined;
  #starting = 0;
  #closed = false;

  constructor(options: FunctionPoolOptions) {
    this.#options = options;
    if (options.logDirectory !== undefined) mkdirSync(options.logDirectory, { recursive: true });
    this.#reaper = setInterval(() => this.#functions.forEach((pooled) => pooled.reap()), IDLE_MILLISECONDS / 2).unref();
  }

  define(definition: FunctionDefinition): void {
    this.#functions.set(definition.name, new PooledFunction(definition, this.#options, () => this.#grow()));
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

  /** @param signal stops waiting for a worker; a run that has begun is not stopped */
  async invoke(name: string, event: unknown, signal?: AbortSignal): Promise<InvocationResult> {
    const pooled = this.#functions.get(name);
    if (!pooled) throw new LocalCloudError(`there is no function ${name}`);
    return pooled.invoke(JSON.stringify(event), signal);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#reaper);
    clearTimeout(this.#growth);
    await Promise.all([...this.#functions.values()].map((pooled) => pooled.close()));
  }

  /**
   * Starts a worker for the function whose caller has waited longest. Called when somebody begins to wait, and when a worker has
   * started or ended. Starting is dear: loading and warming up a bundle takes the processor time of a hundred invocations, which
   * those under way would miss. So workers are started one after another, and only for callers whom none serves within a moment.
   */
  #grow(): void {
    clearTimeout(this.#growth);
    const pooled = [...this.#functions.values()];
    const [next] = pooled.filter(({ wantsWorker }) => wantsWorker).sort((a, b) => a.growsAt - b.growsAt);
    if (this.#closed || !next || (this.#starting > 0 && next.size > 0)) return;
    const wait = next.growsAt - Date.now();
    if (wait > 0) {
      this.#growth = setTimeout(() => this.#grow(), wait);
      return;
    }
    const surplus = pooled.reduce((sum, { size }) => sum + Math.max(0, size - 1), 0);
    if (next.size > 0 && surplus >= MAXIMUM_SURPLUS) {
      pooled.find((other) => other.endIdleSurplus());
      return;
    }
    this.#starting += 1;
    void next.start().finally(() => {
      this.#starting -= 1;
      this.#grow();
    });
    this.#grow();
  }
}

class PooledFunction {
  readonly definition: FunctionDefinition;
  readonly #options: FunctionPoolOptions;
  readonly #limit: number;
  readonly #workers = new Set<FunctionThread>();
  /** Last in, first out: the surplus of a busy moment grows idle and is reaped. */
  readonly #idle: FunctionThread[] = [];
  /** Who waits for a worker. It comes free or is started, whichever happens first. */
  readonly #line: { since: number; give: (got: Acquired) => void }[] = [];
  readonly #grow: () => void;
  #starting = 0;
  #log: WriteStream | undefined;
  #closed = false;

  constructor(definition: FunctionDefinition, options: FunctionPoolOptions, grow: () => void) {
    this.definition = definition;
    this.#options = options;
    this.#grow = grow;
    this.#limit = definition.reservedConcurrency ?? DEFAULT_CONCURRENCY;
    if (options.logDirectory !== undefined)
      this.#log = createWriteStream(join(options.logDirectory, `${definition.name}.log`));
  }

  get size(): number {
    return this.#workers.size;
  }

  get wantsWorker(): boolean {
    return this.#line.length > this.#starting && this.#workers.size < this.#limit;
  }

  /** When those who wait should get a further worker, in milliseconds since the epoch; at once, where there is none at all. */
  get growsAt(): number {
    return this.#workers.size === 0 ? 0 : this.#line[0]!.since + PATIENCE_MILLISECONDS;
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
    const { run } = this.#options;
    const result =
      acquired.kind === 'failed'
        ? acquired
        : await (run?.(acquired.worker, requestId, event) ?? acquired.worker.run(requestId, event));
    if (acquired.kind === 'worker') this.#release(acquired.worker);
    if (result.kind === 'failed') this.#report(requestId, result.error);
    return result;
  }

  reap(): void {
    while (this.#idle.length > 1 && Date.now() - this.#idle[0]!.idleSince > IDLE_MILLISECONDS)
      void this.#idle.shift()!.stop();
  }

  /** @returns whether there was a worker to do without */
  endIdleSurplus(): boolean {
    if (this.#idle.length === 0 || this.#workers.size === 1) return false;
    void this.#idle.shift()!.stop();
    return true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#line.splice(0).forEach(({ give }) => give({ kind: 'throttled' }));
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
        give: (got: Acquired): void => {
          signal?.removeEventListener('abort', leave);
          resolve(got);
        },
      };
      const leave = (): void => {
        this.#line.splice(this.#line.indexOf(waiter), 1);
        resolve({ kind: 'throttled' });
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.#line.push(waiter);
      this.#grow();
    });
  }

  #release(worker: FunctionThread): void {
    if (!worker.alive) return;
    const next = this.#line.shift();
    if (next) return next.give({ kind: 'worker', worker });
    worker.idleSince = Date.now();
    this.#idle.push(worker);
    // Another function may be waiting for this one's surplus.
    this.#grow();
  }

  /** @returns what went wrong, if the function could not be loaded; one who waits for a worker is told so too */
  async start(): Promise<FunctionError | undefined> {
    const worker = new FunctionThread(
      this.definition,
      this.#options.environment,
      (text) => this.#log?.write(text),
      (error) => {
        this.#workers.delete(worker);
        const index = this.#idle.indexOf(worker);
        if (index >= 0) {
          this.#idle.splice(index, 1);
          this.#report('between two invocations', error);
        }
        this.#grow();
      },
    );
    this.#workers.add(worker);
    this.#starting += 1;
    const error = await worker.started;
    this.#starting -= 1;
    if (error) this.#line.shift()?.give({ kind: 'failed', error });
    else this.#release(worker);
    return error;
  }

  #report(requestId: string, error: FunctionError): void {
    if (this.#closed) return;
    this.#options.log(`function ${this.definition.name} failed: ${error.errorType}: ${error.errorMessage}`);
    this.#log?.write(`${JSON.stringify({ level: 'ERROR', requestId, ...error })}\n`);
  }
}

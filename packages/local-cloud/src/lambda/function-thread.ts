import { readFileSync } from 'node:fs';
import inspector from 'node:inspector';
import { Worker } from 'node:worker_threads';
import { transformSync } from 'esbuild';
import type { FunctionError, MessageFromWorker, MessageToWorker, WorkerStart } from './function-worker.ts';
import { REGION } from '../account.ts';

export interface FunctionDefinition {
  name: string;
  arn: string;
  runtime: string;
  /** The folder with the unpacked code. */
  directory: string;
  handlerFile: string;
  handlerName: string;
  environment: Record<string, string>;
  timeoutSeconds: number;
  memoryMegabytes: number;
  /** 0 disables the function, as on AWS. */
  reservedConcurrency?: number;
}

export type InvocationResult =
  | { kind: 'answered'; payload: unknown }
  | { kind: 'failed'; error: FunctionError }
  /** The function did not run, since it got no worker. */
  | { kind: 'throttled' };

/** Runs one invocation on a thread. */
export type RunInvocation = (thread: FunctionThread, requestId: string, event: string) => Promise<InvocationResult>;

const START_TIMEOUT_MILLISECONDS = 30_000;
const YOUNG_GENERATION_MEGABYTES = 8;
/** What a function is told while a debugger is attached, which may hold it at a breakpoint. */
const DEBUGGED_TIMEOUT_SECONDS = 24 * 3600;

/** A worker thread with one loaded function. It runs one invocation at a time. */
export class FunctionThread {
  /** Resolves with undefined when the function is loaded, or with the error. */
  readonly started: Promise<FunctionError | undefined>;
  /** The function's name. */
  readonly name: string;
  alive = true;
  idleSince = Date.now();
  readonly #worker: Worker;
  readonly #definition: FunctionDefinition;
  readonly #exited: Promise<void>;
  #settle: ((result: InvocationResult) => void) | undefined;

  constructor(
    definition: FunctionDefinition,
    environment: Record<string, string>,
    write: (text: string) => void,
    onExit: (error: FunctionError) => void,
  ) {
    this.#definition = definition;
    this.name = definition.name;
    const workerData: WorkerStart = {
      functionName: definition.name,
      functionArn: definition.arn,
      memoryMegabytes: definition.memoryMegabytes,
      handlerFile: definition.handlerFile,
      handlerName: definition.handlerName,
    };
    this.#worker = new Worker(workerSource(), {
      eval: true,
      // Without the module loaders of this process, as on AWS.
      execArgv: [],
      env: { ...lambdaEnvironment(definition), ...environment, ...definition.environment },
      workerData,
      stdout: true,
      stderr: true,
      // With the default size of the young generation, each worker would grow to 50 MB of garbage.
      resourceLimits: {
        maxOldGenerationSizeMb: definition.memoryMegabytes,
        maxYoungGenerationSizeMb: YOUNG_GENERATION_MEGABYTES,
      },
    });
    this.#worker.stdout.setEncoding('utf8').on('data', write);
    this.#worker.stderr.setEncoding('utf8').on('data', write);

    let exitError: FunctionError | undefined;
    const start = deferred<FunctionError | undefined>();
    const timer = startTimeLimit(() => {
      exitError = {
        errorType: 'Sandbox.Timedout',
        errorMessage: `it did not load within ${START_TIMEOUT_MILLISECONDS / 1000} s`,
      };
      void this.stop();
    }, START_TIMEOUT_MILLISECONDS);
    this.started = start.promise.finally(() => clearTimeout(timer));

    this.#worker.on('message', (message: MessageFromWorker) => {
      if (message.kind === 'ready') start.resolve(undefined);
      else if (message.kind === 'failed-to-start') {
        exitError = message.error;
        void this.stop();
      } else if (message.kind === 'answered')
        this.#settle?.({ kind: 'answered', payload: JSON.parse(message.payload) as unknown });
      else this.#settle?.({ kind: 'failed', error: message.error });
    });
    this.#worker.on('error', (error: NodeJS.ErrnoException) => {
      exitError =
        error.code === 'ERR_WORKER_OUT_OF_MEMORY'
          ? {
              errorType: 'Runtime.OutOfMemory',
              errorMessage: `it used more than its ${definition.memoryMegabytes} MB of memory`,
            }
          : { errorType: error.name, errorMessage: error.message, stack: error.stack };
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', (code) => {
        this.alive = false;
        const error = exitError ?? {
          errorType: 'Runtime.ExitError',
          errorMessage: `Runtime exited with error: exit status ${code}`,
        };
        start.resolve(error);
        this.#settle?.({ kind: 'failed', error });
        onExit(error);
        resolve();
      });
    });
  }

  /** Runs one invocation until it returns, throws or times out, or the worker exits. */
  async run(requestId: string, event: string): Promise<InvocationResult> {
    const { timeoutSeconds } = this.#definition;
    const run = deferred<InvocationResult>();
    this.#settle = run.resolve;
    const timer = startTimeLimit(() => {
      const errorMessage = `Task timed out after ${timeoutSeconds.toFixed(2)} seconds`;
      run.resolve({ kind: 'failed', error: { errorType: 'Sandbox.Timedout', errorMessage } });
      void this.stop();
    }, timeoutSeconds * 1000);
    // The pool can acquire a worker that exits before the invocation starts.
    if (!this.alive)
      run.resolve({ kind: 'failed', error: { errorType: 'Runtime.ExitError', errorMessage: 'Runtime exited' } });
    const deadline = Date.now() + (timer ? timeoutSeconds : DEBUGGED_TIMEOUT_SECONDS) * 1000;
    const message: MessageToWorker = { requestId, event, deadline };
    this.#worker.postMessage(message);
    try {
      return await run.promise;
    } finally {
      clearTimeout(timer);
      this.#settle = undefined;
    }
  }

  async stop(): Promise<void> {
    this.alive = false;
    await Promise.all([this.#worker.terminate(), this.#exited]);
  }
}

/** Sets no limit while a debugger is attached to this process, because it may hold a function at a breakpoint. */
function startTimeLimit(onReached: () => void, milliseconds: number): NodeJS.Timeout | undefined {
  return inspector.url() === undefined ? setTimeout(onReached, milliseconds) : undefined;
}

/** `Promise.withResolvers`, which exists only since Node.js 22. */
function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((resolvePromise) => (resolve = resolvePromise));
  return { promise, resolve };
}

/** The environment variables that Lambda itself sets. */
function lambdaEnvironment({
  name,
  memoryMegabytes,
  runtime,
  directory,
  handlerName,
  handlerFile,
}: FunctionDefinition): Record<string, string> {
  const handlerPath = handlerFile.slice(directory.length + 1).replace(/\.[^.]+$/, '');
  return {
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMegabytes),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    LAMBDA_TASK_ROOT: directory,
    _HANDLER: `${handlerPath}.${handlerName}`,
    // On AWS, an access key of the function's role. Here it is the name, so that a request's signature names the
    // function.
    AWS_ACCESS_KEY_ID: name,
    TZ: ':UTC',
    PATH: process.env.PATH ?? '',
  };
}

let compiledWorker: string | undefined;

/**
 * The worker's program in JavaScript, compiled once. A worker that loaded TypeScript itself would run the loader's
 * hooks and threads in every function.
 */
function workerSource(): string {
  compiledWorker ??= transformSync(readFileSync(new URL('./function-worker.ts', import.meta.url), 'utf8'), {
    loader: 'ts',
    format: 'cjs',
    target: 'node20',
  }).code;
  return compiledWorker;
}

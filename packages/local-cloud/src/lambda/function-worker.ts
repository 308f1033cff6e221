import { readFileSync } from 'node:fs';
import { Module, createRequire } from 'node:module';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';

/** The `workerData` of a worker thread. */
export interface WorkerStart {
  functionName: string;
  functionArn: string;
  memoryMegabytes: number;
  handlerFile: string;
  handlerName: string;
}

export type MessageToWorker = { requestId: string; event: string; deadline: number };

export type MessageFromWorker =
  | { kind: 'ready' }
  | { kind: 'failed-to-start'; error: FunctionError }
  | { kind: 'answered'; requestId: string; payload: string }
  | { kind: 'failed'; requestId: string; error: FunctionError };

/** The error of a failed function, in Lambda's form. */
export interface FunctionError {
  errorType: string;
  errorMessage: string;
  stack?: string | undefined;
}

/** In the order in which Lambda's runtime searches for the handler's file. */
export const HANDLER_FILE_EXTENSIONS = ['.js', '.mjs', '.cjs'];

type Handler = (event: unknown, context: object) => unknown;

// Runs only in a worker of the function pool. Other code imports this file for its types.
const start = workerData as WorkerStart | null;
if (parentPort && start?.handlerFile) void run(start, parentPort);

async function run(start: WorkerStart, port: NonNullable<typeof parentPort>): Promise<void> {
  const send = (message: MessageFromWorker) => port.postMessage(message);
  let handler: Handler;
  try {
    handler = await loadHandler(start);
  } catch (error) {
    send({ kind: 'failed-to-start', error: describe(error) });
    return;
  }
  port.on('message', ({ requestId, event, deadline }: MessageToWorker) => {
    const context = {
      callbackWaitsForEmptyEventLoop: true,
      functionName: start.functionName,
      functionVersion: '$LATEST',
      invokedFunctionArn: start.functionArn,
      memoryLimitInMB: String(start.memoryMegabytes),
      awsRequestId: requestId,
      logGroupName: `/aws/lambda/${start.functionName}`,
      logStreamName: 'local',
      getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
    };
    // A synchronous exception becomes a rejection: Lambda treats both in the same way.
    void new Promise((resolve) => resolve(handler(JSON.parse(event), context))).then(
      (result) => send(answer(requestId, result)),
      (error: unknown) => send({ kind: 'failed', requestId, error: describe(error) }),
    );
  });
  send({ kind: 'ready' });
}

async function loadHandler({ handlerFile, handlerName }: WorkerStart): Promise<Handler> {
  const exported = isCommonJs(handlerFile)
    ? loadCommonJs(handlerFile)
    : ((await import(pathToFileURL(handlerFile).href)) as Record<string, unknown>);
  const handler = exported[handlerName];
  if (typeof handler !== 'function')
    throw new TypeError(`${handlerName} is not an exported function of ${handlerFile}`);
  return handler as Handler;
}

/**
 * A deployed function has no parent folders. So a .js file is CommonJS, unless the package.json beside it has `"type":
 * "module"`.
 */
function isCommonJs(file: string): boolean {
  if (!file.endsWith('.js')) return file.endsWith('.cjs');
  try {
    const { type } = JSON.parse(readFileSync(`${dirname(file)}/package.json`, 'utf8')) as { type?: string };
    return type !== 'module';
  } catch {
    return true;
  }
}

/** `require` would read the repository's package.json, in a parent folder, and load the file as an ES module. */
function loadCommonJs(file: string): Record<string, unknown> {
  const module = new Module(file) as Module & { _compile(source: string, file: string): void };
  module.filename = file;
  module.paths = createRequire(file).resolve.paths('any') ?? [];
  module._compile(readFileSync(file, 'utf8'), file);
  module.loaded = true;
  return module.exports as Record<string, unknown>;
}

function answer(requestId: string, result: unknown): MessageFromWorker {
  try {
    return { kind: 'answered', requestId, payload: JSON.stringify(result) ?? 'null' };
  } catch (error) {
    const { message, stack } = error as Error;
    return { kind: 'failed', requestId, error: { errorType: 'Runtime.MarshalError', errorMessage: message, stack } };
  }
}

function describe(error: unknown): FunctionError {
  if (error instanceof Error) return { errorType: error.name, errorMessage: error.message, stack: error.stack };
  return { errorType: typeof error, errorMessage: String(error) };
}

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { FunctionPool, localEndpointVariables } from '../../src/lambda/function-pool.ts';
import type { FunctionDefinition, InvocationResult } from '../../src/lambda/function-thread.ts';

const SOURCE = `
import { appendFileSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
let runs = 0;
let active = 0;
console.log('loaded');
// Waits until \`count\` invocations run at the same time.
const meet = async ({ file, count }) => {
  active += 1;
  const isAlone = active === 1;
  appendFileSync(file, '.');
  while (readFileSync(file).length < count) await setTimeout(10);
  active -= 1;
  return { isAlone };
};
export const handler = async (event, context) => {
  runs += 1;
  console.log('run', runs);
  if (event.meet) return meet(event.meet);
  if (event.wait) await setTimeout(event.wait);
  if (event.throw) throw new TypeError('no such seat');
  if (event.exit) process.exit(3);
  if (event.reject) { Promise.reject(new Error('forgotten')); await new Promise(() => setInterval(() => {}, 1000)); }
  if (event.spin) for (;;);
  if (event.circle) { const circle = {}; circle.circle = circle; return circle; }
  return { event, runs, environment: { ...process.env }, context: { ...context, remaining: context.getRemainingTimeInMillis() } };
};
export const silent = async () => undefined;
`;

let directory: string;
let pool: FunctionPool;
const lines: string[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'functions-'));
  writeFileSync(join(directory, 'index.mjs'), SOURCE);
  writeFileSync(
    join(directory, 'common.js'),
    'exports.handler = async () => require("node:path").basename(__filename);',
  );
  writeFileSync(join(directory, 'broken.mjs'), 'throw new RangeError("SEATS_TABLE_NAME is not set");');
  pool = new FunctionPool({
    environment: localEndpointVariables('http://127.0.0.1:4566'),
    log: (line) => lines.push(line),
    logDirectory: join(directory, 'logs'),
  });
  pool.define(definition('modern', { file: 'index.mjs', environment: { SEATS_TABLE_NAME: 'seats' } }));
  pool.define(definition('endless', { file: 'index.mjs', timeoutSeconds: 2 }));
  pool.define(definition('single', { file: 'index.mjs', reservedConcurrency: 1 }));
  pool.define(definition('many', { file: 'index.mjs' }));
  pool.define(definition('off', { file: 'index.mjs', reservedConcurrency: 0 }));
  pool.define(definition('common', { file: 'common.js' }));
  pool.define(definition('silent', { file: 'index.mjs', handlerName: 'silent' }));
  await pool.warm();
});

afterAll(async () => {
  await pool.close();
  rmSync(directory, { recursive: true });
});

function definition(
  name: string,
  { file, ...rest }: { file: string } & Partial<FunctionDefinition>,
): FunctionDefinition {
  return {
    name,
    arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
    runtime: 'nodejs24.x',
    directory,
    handlerFile: join(directory, file),
    handlerName: 'handler',
    environment: {},
    timeoutSeconds: 60,
    memoryMegabytes: 128,
    ...rest,
  };
}

interface Answer {
  event: unknown;
  runs: number;
  environment: Record<string, string>;
  context: { remaining: number };
}

function payload(result: InvocationResult): Answer {
  if (result.kind !== 'answered') throw new Error(JSON.stringify(result));
  return result.payload as Answer;
}

describe('a function', () => {
  test("gets its event, its context and Lambda's environment, without the environment of this process", async () => {
    const { event, context, environment } = payload(await pool.invoke('modern', { seat: '12A' }));
    expect(event).toEqual({ seat: '12A' });
    expect(context).toMatchObject({
      functionName: 'modern',
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:modern',
      memoryLimitInMB: '128',
      awsRequestId: expect.any(String),
    });
    expect(context.remaining).toBeGreaterThan(0);
    expect(context.remaining).toBeLessThanOrEqual(60_000);
    expect(environment).toMatchObject({
      SEATS_TABLE_NAME: 'seats',
      AWS_REGION: 'us-east-1',
      AWS_LAMBDA_FUNCTION_NAME: 'modern',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
      STRIPE_API_URL: 'http://127.0.0.1:4566',
      _HANDLER: 'index.handler',
    });
    expect(environment).not.toHaveProperty('HOME');
    expect(environment).not.toHaveProperty('NODE_ENV');
  });

  test('runs in the same worker from one invocation to the next', async () => {
    const first = payload(await pool.invoke('single', {})).runs;
    expect(payload(await pool.invoke('single', {})).runs).toBe(first + 1);
  });

  test('can be a CommonJS module, and can return nothing', async () => {
    expect(payload(await pool.invoke('common', {}))).toBe('common.js');
    expect(payload(await pool.invoke('silent', {}))).toBeNull();
  });

  test('writes its output to its own file', async () => {
    await pool.invoke('single', {});
    const read = (): string => readFileSync(join(directory, 'logs', 'single.log'), 'utf8');
    // A worker's output arrives some time after its result.
    while (!read().includes('run 1\n')) await setTimeout(10);
    expect(read()).toMatch(/^loaded\nrun 1\n/);
  });

  test.each<[string, object, object, string?]>([
    [
      'throws',
      { throw: true },
      { errorType: 'TypeError', errorMessage: 'no such seat', stack: expect.stringContaining('index.mjs') },
    ],
    [
      'exits',
      { exit: true },
      { errorType: 'Runtime.ExitError', errorMessage: 'Runtime exited with error: exit status 3' },
    ],
    ['leaves a rejection unhandled', { reject: true }, { errorType: 'Error', errorMessage: 'forgotten' }],
    [
      'does not end',
      { spin: true },
      { errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out after 2.00 seconds' },
      'endless',
    ],
    ['returns a value that JSON cannot represent', { circle: true }, { errorType: 'Runtime.MarshalError' }],
  ])('that %s fails, and works the next time', async (_, event, error, name = 'modern') => {
    expect(await pool.invoke(name, event)).toEqual({ kind: 'failed', error: expect.objectContaining(error) });
    expect(lines.at(-1)).toContain(`function ${name} failed: `);
    expect((await pool.invoke(name, {})).kind).toBe('answered');
  });
});

describe('concurrency', () => {
  test('is one invocation at a time in each worker, and several workers', async () => {
    const meet = { file: join(directory, 'running'), count: 3 };
    const results = await Promise.all(Array.from({ length: meet.count }, () => pool.invoke('many', { meet })));
    expect(results.map(payload)).toEqual(Array.from({ length: meet.count }, () => ({ isAlone: true })));
  });

  test('beyond the limit makes a caller wait, until it aborts', async () => {
    const running = pool.invoke('single', { wait: 300 });
    const waiting = pool.invoke('single', {});
    const controller = new AbortController();
    const aborted = pool.invoke('single', {}, controller.signal);
    controller.abort();
    expect(await aborted).toEqual({ kind: 'throttled' });
    const [first, second] = [payload(await running).runs, payload(await waiting).runs];
    expect(second).toBe(first + 1);
  });

  test('of 0 lets no invocation run', async () => {
    expect(await pool.invoke('off', {})).toEqual({ kind: 'throttled' });
  });
});

test('a function that cannot be loaded is an error that names it when the pool is warmed', async () => {
  const broken = new FunctionPool({ environment: {}, log: () => undefined });
  broken.define(definition('broken', { file: 'broken.mjs' }));
  await expect(broken.warm()).rejects.toThrow(
    'function broken cannot be started: RangeError: SEATS_TABLE_NAME is not set',
  );
  await broken.close();
});

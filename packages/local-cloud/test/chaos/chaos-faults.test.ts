import { afterEach, describe, expect, test } from '@jest/globals';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AwsError } from '../../src/aws-error.ts';
import { Chaos } from '../../src/chaos/chaos.ts';
import { answerChaosControl } from '../../src/chaos/chaos-control.ts';
import { injectInvocationFaults } from '../../src/chaos/chaos-invocations.ts';
import { injectDeliveryFaults, injectPutEventsFaults, injectQueueFaults } from '../../src/chaos/chaos-messages.ts';
import type { FaultKind } from '../../src/chaos/chaos-profiles.ts';
import { injectRequestFaults } from '../../src/chaos/chaos-requests.ts';
import type { FunctionThread, InvocationResult } from '../../src/lambda/function-thread.ts';

const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:airline-seats';

/** Chaos with the given decisions, in this order. Undefined means no fault. */
function deciding(...kinds: (FaultKind | undefined)[]): Chaos {
  const chaos = new Chaos({ seed: 1, profile: 'default' });
  chaos.enable();
  chaos.decide = () => {
    const kind = kinds.shift();
    return kind && { kind, size: 0 };
  };
  return chaos;
}

describe('a delivery', () => {
  const deliver = async (kind: FaultKind | undefined, attributes?: Record<string, string>) => {
    const arrived: string[] = [];
    const error = await injectDeliveryFaults(
      async (_, body) => void arrived.push(body),
      deciding(kind),
      new AbortController().signal,
    )(QUEUE, 'event', attributes).catch((thrown: AwsError) => thrown.code);
    return { arrived: arrived.length, error };
  };

  test.each([
    [undefined, { arrived: 1, error: undefined }],
    ['duplicated', { arrived: 2, error: undefined }],
    ['delayed', { arrived: 1, error: undefined }],
    ['throttled', { arrived: 0, error: 'ThrottlingException' }],
    ['failed-after', { arrived: 1, error: 'InternalFailure' }],
    ['not-allowed', { arrived: 0, error: 'AccessDenied' }],
  ] as const)('with the fault %s', async (kind, outcome) => {
    expect(await deliver(kind)).toEqual(outcome);
  });

  test('to a dead-letter queue gets no fault', async () => {
    expect(await deliver('not-allowed', { ERROR_CODE: 'NO_PERMISSIONS' })).toEqual({ arrived: 1, error: undefined });
  });
});

test('PutEvents returns a result for each entry in its order, whether it accepted the entry or not', async () => {
  const accepted: string[] = [];
  const eventBridge = {
    request: async (_: string, input: unknown) => {
      const { Entries } = input as { Entries: { DetailType: string }[] };
      accepted.push(...Entries.map(({ DetailType }) => DetailType));
      return { FailedEntryCount: 0, Entries: Entries.map(({ DetailType }) => ({ EventId: DetailType })) };
    },
  };
  const put = (chaos: Chaos) =>
    injectPutEventsFaults(eventBridge, chaos).request('PutEvents', {
      Entries: ['a', 'b', 'c', 'd'].map((DetailType) => ({ DetailType })),
    });

  const refused = { ErrorCode: 'InternalFailure', ErrorMessage: expect.any(String) };
  expect(await put(deciding(undefined, 'entry-refused', 'entry-taken', undefined))).toEqual({
    FailedEntryCount: 2,
    Entries: [{ EventId: 'a' }, refused, refused, { EventId: 'd' }],
  });
  expect(accepted).toEqual(['a', 'c', 'd']);
});

test('a queue does not delete some messages, and returns some twice', async () => {
  const requests: [string, unknown][] = [];
  const queues = {
    request: async (action: string, input: unknown) => {
      requests.push([action, input]);
      return action === 'ReceiveMessage'
        ? { Messages: [{ ReceiptHandle: 'first' }, { ReceiptHandle: 'second' }] }
        : { Failed: [] };
    },
  };
  const QueueUrl = 'http://localhost:4566/000000000000/airline-seats';
  await injectQueueFaults(queues, deciding(undefined, 'received-twice')).request('ReceiveMessage', { QueueUrl });
  await injectQueueFaults(queues, deciding('not-deleted', undefined)).request('DeleteMessageBatch', {
    QueueUrl,
    Entries: [{ Id: '0' }, { Id: '1' }],
  });
  expect(requests.slice(1)).toEqual([
    ['ChangeMessageVisibility', { QueueUrl, ReceiptHandle: 'second', VisibilityTimeout: 0 }],
    ['DeleteMessageBatch', { QueueUrl, Entries: [{ Id: '1' }] }],
  ]);
});

describe('a worker', () => {
  /** A worker whose invocation ends when the test calls `answer` or the worker is stopped. */
  function worker() {
    let end!: (result: InvocationResult) => void;
    const running = new Promise<InvocationResult>((resolve) => (end = resolve));
    const thread = {
      name: 'seats',
      stopped: false,
      run: () => running,
      stop: async () => (
        (thread.stopped = true),
        end({ kind: 'failed', error: { errorType: 'Runtime.ExitError', errorMessage: 'dead' } })
      ),
    };
    return {
      thread,
      answer: () => end({ kind: 'answered', payload: { batchItemFailures: [] } }),
      asWorker: thread as unknown as FunctionThread,
    };
  }
  const event = JSON.stringify({ Records: [{}, {}] });

  test('is killed during an invocation', async () => {
    const chaos = deciding('killed-during');
    const { asWorker } = worker();
    expect(await injectInvocationFaults(chaos)(asWorker, 'id', event)).toMatchObject({
      kind: 'failed',
      error: { errorMessage: 'dead' },
    });
    expect(chaos.report().cells).toEqual([
      { party: 'seats', operation: 'Lambda invocation', kind: 'killed-during', count: 1, messages: 2 },
    ]);
  });

  test('is killed after an invocation, before its result is returned', async () => {
    const chaos = deciding('killed-after');
    const { thread, answer, asWorker } = worker();
    answer();
    expect(await injectInvocationFaults(chaos)(asWorker, 'id', event)).toMatchObject({ kind: 'failed' });
    expect(thread.stopped).toBe(true);
  });

  test('whose invocation ends before the kill is not killed, and the fault is not counted', async () => {
    const chaos = deciding('killed-during');
    const { thread, answer, asWorker } = worker();
    answer();
    expect(await injectInvocationFaults(chaos)(asWorker, 'id', event)).toMatchObject({ kind: 'answered' });
    expect(thread.stopped).toBe(false);
    expect(chaos.report().faults).toBe(0);
  });
});

describe('a request', () => {
  const servers: Server[] = [];
  afterEach(() => servers.splice(0).forEach((server) => (server.close(), server.closeAllConnections())));

  async function serve(listener: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
    const server = createServer(listener);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const put = {
    'x-amz-target': 'DynamoDB_20120810.PutItem',
    authorization: 'AWS4-HMAC-SHA256 Credential=seats/20260504/us-east-1/dynamodb/aws4_request',
  };

  async function ask(kind: FaultKind | undefined, headers: Record<string, string> = put, path = '/') {
    let executed = false;
    const middleware = injectRequestFaults(deciding(kind), (key) => key === 'seats');
    const address = await serve((request, response) => {
      void middleware(request, response, async () => {
        executed = true;
        response.setHeader('x-amz-crc32', '1');
        response.writeHead(200, { 'content-type': 'text/plain' });
        response.end('done');
      });
    });
    const response = await fetch(`${address}${path}`, { method: 'POST', headers, body: '{}' }).catch(() => undefined);
    return {
      executed,
      status: response?.status,
      error: response?.headers.get('x-amzn-errortype') ?? undefined,
      body: await response?.text(),
    };
  }

  test('without a fault is handled', async () => {
    expect(await ask(undefined)).toEqual({ executed: true, status: 200, error: undefined, body: 'done' });
  });

  test('is throttled with the error of its service', async () => {
    expect(await ask('throttled')).toMatchObject({
      executed: false,
      status: 400,
      error: 'ProvisionedThroughputExceededException',
    });
    expect(await ask('throttled', { ...put, 'x-amz-target': 'AmazonSQS.SendMessage' })).toMatchObject({
      status: 400,
      error: 'ThrottlingException',
    });
    expect(await ask('throttled', { authorization: put.authorization }, '/v2/email/outbound-emails')).toMatchObject({
      status: 429,
      error: 'TooManyRequestsException',
    });
  });

  test('fails before or after its effect', async () => {
    expect(await ask('failed')).toMatchObject({ executed: false, status: 500, error: 'InternalServerError' });
    expect(await ask('failed-after')).toMatchObject({ executed: true, status: 500, error: 'InternalServerError' });
    const { body, ...provider } = await ask('failed-after', {}, '/v1/payment_intents');
    expect(provider).toMatchObject({ executed: true, status: 500 });
    expect(JSON.parse(body!)).toMatchObject({ error: { type: 'api_error' } });
  });

  test('has its effect and gets no response', async () => {
    expect(await ask('reply-lost')).toEqual({ executed: true, status: undefined, error: undefined, body: undefined });
  });

  test('of an operator gets no fault, unless it is PutEvents', async () => {
    expect(await ask('failed', { 'x-amz-target': 'AmazonSQS.SendMessage' })).toMatchObject({
      executed: true,
      status: 200,
    });
    expect(await ask('failed', { 'x-amz-target': 'AWSEvents.PutEvents' })).toMatchObject({
      executed: false,
      status: 500,
    });
  });

  test('to the control enables and disables the faults, and names an invalid setting', async () => {
    const chaos = new Chaos({ seed: 1, profile: 'default' });
    const address = await serve(
      (request, response) => void answerChaosControl(request.url === '/off' ? undefined : chaos, request, response),
    );
    const post = async (body: string, path = '') => {
      const response = await fetch(`${address}${path}`, { method: 'POST', body });
      return { status: response.status, ...((await response.json()) as object) };
    };
    expect(await post('{"enabled":true,"seed":9,"profile":"storm"}')).toMatchObject({
      status: 200,
      enabled: true,
      seed: 9,
      profile: 'storm',
      faults: 0,
      cells: [],
    });
    expect(chaos.enabled).toBe(true);
    expect(await post('{"enabled":false}')).toMatchObject({ status: 200, enabled: false, seed: 9 });
    expect(await (await fetch(address)).json()).toMatchObject({ enabled: false, seed: 9, profile: 'storm' });
    expect(await post('{"profile":"hurricane"}')).toMatchObject({
      status: 400,
      message: expect.stringContaining('calm'),
    });
    expect(await post('{"seed":"many"}')).toMatchObject({ status: 400 });
    expect(await post('{}', '/off')).toMatchObject({ status: 409 });
    const standing = [{ family: 'receive', kind: 'outage', party: 'airline-seats' }];
    expect(await post(JSON.stringify({ standing }))).toMatchObject({ status: 200, standing });
    for (const wrong of ['{"standing":{}}', '{"standing":[{"family":"none","kind":"outage"}]}'])
      expect(await post(wrong)).toMatchObject({ status: 400, message: expect.stringContaining('standing') });
  });
});

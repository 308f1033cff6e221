import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { EventBridgeClient, ListRulesCommand, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { SQSClient, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { createAwsEndpoint } from '../src/aws-endpoint.ts';
import { AwsError } from '../src/aws-error.ts';
import { EventBridge } from '../src/event-bridge/event-bridge.ts';
import { Parameters } from '../src/ssm/parameters.ts';
import { rawStatus } from './support/raw-request.ts';

const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:seats';

let server: Server;
let address: string;
let ready: boolean;
let delivered: string[];
let queueRequest: (action: string, input: unknown, signal?: AbortSignal) => Promise<unknown>;
let client: { endpoint: string; region: string; credentials: typeof credentials; maxAttempts: number };

/** A handler in place of a part of the local cloud. Its response names the part. */
const mounted = (part: string) => (request: IncomingMessage, response: ServerResponse) => {
  response.end(`${part}: ${request.method} ${request.url}`);
};

beforeEach(async () => {
  ready = true;
  delivered = [];
  queueRequest = () => Promise.resolve({});
  const eventBridge = new EventBridge({
    accountId: '000000000000',
    region: 'us-east-1',
    deliver: async (_, body) => void delivered.push(body),
    log: () => undefined,
  });
  eventBridge.createEventBus('airline');
  eventBridge.putRule({
    name: 'seats',
    eventBusName: 'airline',
    eventPattern: { source: ['airline.bookings'] },
    state: 'ENABLED',
    targets: [{ id: 'queue', arn: QUEUE, maximumRetryAttempts: 0, maximumEventAgeSeconds: 60 }],
  });
  server = createAwsEndpoint({
    eventBridge,
    lostDeliveries: () => eventBridge.lostDeliveries(),
    queues: { request: (...call) => queueRequest(...call) },
    parameters: new Parameters(),
    logs: { request: (action) => ({ events: [{ message: action }] }) },
    templateOf: (name) => (name === 'airline-seats' ? '{\"Resources\":{\"A&B\":{}}}' : undefined),
    dynamodb: mounted('dynamodb'),
    mail: mounted('mail'),
    paymentProvider: mounted('payment provider'),
    isReady: () => ready,
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = { endpoint: address, region: 'eu-west-1', credentials, maxAttempts: 1 };
});

afterEach(async () => {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
});

const post = (path: string, headers: Record<string, string>, body = '') =>
  fetch(address + path, { method: 'POST', headers, body });

describe('the AWS SDK', () => {
  test('publishes events and reads the result of each entry', async () => {
    const eventBridge = new EventBridgeClient(client);
    const good = {
      EventBusName: 'airline',
      Source: 'airline.bookings',
      DetailType: 'BookingRequested',
      Detail: '{"a":1}',
    };
    const Time = new Date('2026-01-02T03:04:05Z');
    const answer = await eventBridge.send(
      new PutEventsCommand({
        Entries: [
          { ...good, Time },
          { ...good, Detail: '1' },
        ],
      }),
    );
    const Entries = [{ EventId: expect.any(String) }, { ErrorCode: 'MalformedDetail' }];
    expect(answer).toMatchObject({ FailedEntryCount: 1, Entries });
    expect(answer.$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(delivered).toEqual([expect.stringMatching(/"time":"2026-01-02T03:04:05Z".*"detail":{"a":1}/)]);
    eventBridge.destroy();
  });

  test("throws EventBridge's errors with their name and message", async () => {
    const eventBridge = new EventBridgeClient(client);
    await expect(eventBridge.send(new ListRulesCommand({ EventBusName: 'nowhere' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'Event bus nowhere does not exist.',
      $metadata: { httpStatusCode: 400 },
    });
    await expect(eventBridge.send(new PutEventsCommand({ Entries: [] }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
    eventBridge.destroy();
  });

  test('writes and reads parameters', async () => {
    const ssm = new SSMClient(client);
    await ssm.send(new PutParameterCommand({ Name: '/a', Value: '1', Type: 'String' }));
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: '/a' }));
    expect(Parameter).toMatchObject({ Value: '1', Version: 1, LastModifiedDate: expect.any(Date) });
    await expect(ssm.send(new GetParameterCommand({ Name: '/b' }))).rejects.toMatchObject({
      name: 'ParameterNotFound',
    });
    ssm.destroy();
  });

  test("throws SQS's errors, with their code in the query protocol", async () => {
    const refusal = new AwsError('QueueDoesNotExist', 'Gone.', 400, 'AWS.SimpleQueueService.NonExistentQueue');
    queueRequest = () => Promise.reject(refusal);
    const sqs = new SQSClient(client);
    await expect(sqs.send(new ReceiveMessageCommand({ QueueUrl: `${address}/000000000000/q` }))).rejects.toMatchObject({
      name: 'QueueDoesNotExist',
      Code: 'AWS.SimpleQueueService.NonExistentQueue',
      message: 'Gone.',
    });
    sqs.destroy();
  });
});

describe('requests to the other parts', () => {
  test.each([
    ['GET', '/', 'mail'],
    ['GET', '/store?since=1', 'mail'],
    ['GET', '/get-emlContent', 'mail'],
    ['GET', '/health-check', 'mail'],
    ['POST', '/clear-store', 'mail'],
    ['POST', '/v2/email/outbound-emails', 'mail'],
    ['POST', '/v1/payment_intents', 'payment provider'],
    ['GET', '/v1/payment_intents/pi_1', 'payment provider'],
  ])('%s %s goes to the %s', async (method, path, part) => {
    const answer = await fetch(address + path, {
      method,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(await answer.text()).toBe(`${part}: ${method} ${path}`);
  });

  test.each(['DynamoDB_20120810.GetItem', 'DynamoDBStreams_20120810.ListStreams'])(
    '%s goes to DynamoDB',
    async (target) => {
      const answer = await post('/', { 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.0' }, '{}');
      expect(await answer.text()).toBe('dynamodb: POST /');
    },
  );
});

describe('the endpoint itself', () => {
  test('is healthy when the local cloud is ready', async () => {
    ready = false;
    const starting = await fetch(`${address}/_local/health`);
    expect([starting.status, await starting.json()]).toEqual([503, { status: 'starting' }]);
    ready = true;
    const up = await fetch(`${address}/_local/health`);
    expect([up.status, await up.json()]).toEqual([200, { status: 'ready' }]);
  });

  test('answers GetCallerIdentity of STS', async () => {
    const body = 'Action=GetCallerIdentity&Version=2011-06-15';
    const answer = await post('/', { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }, body);
    expect(await answer.text()).toContain('<Account>000000000000</Account>');
  });

  test.each([
    ['airline-seats', 200, '<TemplateBody>{&#34;Resources&#34;:{&#34;A&#38;B&#34;:{}}}</TemplateBody>'],
    [
      'airline-nobody',
      400,
      '<Code>ValidationError</Code><Message>Stack with id airline-nobody does not exist</Message>',
    ],
  ])('answers GetTemplate of CloudFormation for %s', async (stack, status, text) => {
    const body = `Action=GetTemplate&Version=2010-05-15&StackName=${stack}`;
    const answer = await post('/', { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }, body);
    expect([answer.status, await answer.text()]).toEqual([status, expect.stringContaining(text)]);
  });

  test.each([
    ['a service', '/', { 'x-amz-target': 'TrentService.ListKeys' }, 'TrentService.ListKeys'],
    ['an operation of EventBridge', '/', { 'x-amz-target': 'AWSEvents.CreateArchive' }, 'CreateArchive'],
    ['a path', '/2015-03-31/functions', {}, 'POST /2015-03-31/functions'],
  ])('names %s that it does not support', async (_, path, headers, name) => {
    const answer = await post(path, headers, '{}');
    expect(answer.status).toBe(400);
    expect(answer.headers.get('x-amzn-errortype')).toBe('UnknownOperationException');
    expect(answer.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await answer.json()).toEqual({
      __type: 'UnknownOperationException',
      message: expect.stringContaining(name),
    });
  });

  test('rejects a body that is not JSON, and one of more than 16 MB', async () => {
    const headers = { 'x-amz-target': 'AWSEvents.PutEvents' };
    await expect((await post('/', headers, '{')).json()).resolves.toMatchObject({ __type: 'SerializationException' });
    const tooLarge = await post('/', headers, 'x'.repeat(16 * 1024 * 1024 + 1));
    expect(tooLarge.status).toBe(413);
  });

  test('reports an error in its own code as InternalFailure', async () => {
    queueRequest = () => Promise.reject(new TypeError('oops'));
    const answer = await post('/', { 'x-amz-target': 'AmazonSQS.ListQueues' });
    expect([answer.status, await answer.json()]).toEqual([500, { __type: 'InternalFailure', message: 'oops' }]);
  });

  test('aborts a long poll when its client disconnects', async () => {
    const aborted = new Promise<string>((resolve) => {
      queueRequest = (action, _input, signal) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => {
            reject(new Error('aborted'));
            resolve(action);
          });
          socket.destroy();
        });
    });
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write(
      'POST / HTTP/1.1\r\nhost: localhost\r\nx-amz-target: AmazonSQS.ReceiveMessage\r\ncontent-length: 2\r\n\r\n{}',
    );
    await expect(aborted).resolves.toBe('ReceiveMessage');
  });
});

test.each([
  ['POST // HTTP/1.1', 'Host: a', 400],
  ['GET //x HTTP/1.1', 'Host: a b', 400],
  ['GET http://a/_local/health HTTP/1.1', 'Host: a', 200],
])('answers %s with %s: %i', async (line, headers, status) => {
  expect(await rawStatus(address, line, headers)).toBe(status);
});

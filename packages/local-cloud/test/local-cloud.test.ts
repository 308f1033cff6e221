import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { GetItemCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';

const FIXTURES = join(__dirname, 'fixtures');
// The service's assembly comes first, but its stack is created last, since it reads SSM parameters of the platform.
const ASSEMBLIES = [join(FIXTURES, 'notes-assembly'), join(FIXTURES, 'platform-assembly')];

let cloud: ChildProcess;
let awsEndpoint: string;
let httpEndpoint: string;
let clients: { eventBridge: EventBridgeClient; dynamodb: DynamoDBClient; sqs: SQSClient };

beforeAll(async () => {
  cloud = run(0, ASSEMBLIES);
  const [line] = await Promise.race([
    once(createInterface(cloud.stdout!), 'line') as Promise<[string]>,
    failure(cloud).then((stderr) => Promise.reject(new Error(`The local cloud did not start: ${stderr}`))),
  ]);
  ({ awsEndpoint, httpEndpoint } = JSON.parse(line));
  const config = {
    endpoint: awsEndpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  clients = {
    eventBridge: new EventBridgeClient(config),
    dynamodb: new DynamoDBClient(config),
    sqs: new SQSClient(config),
  };
});

afterAll(async () => {
  Object.values(clients ?? {}).forEach((client) => client.destroy());
  if (cloud.exitCode === null && cloud.signalCode === null) {
    cloud.kill('SIGKILL');
    await once(cloud, 'exit');
  }
});

describe('a local cloud with two assemblies', () => {
  test('delivers an event by rule and queue to a function, which stores an item; the front door serves it', async () => {
    await write('a-note', 'hello');
    const note = await until(async () => {
      const response = await fetch(`${httpEndpoint}/notes/a-note`);
      return response.ok && (await response.json());
    });
    expect(note).toEqual({ noteId: 'a-note', text: 'hello' });

    const { TableNames } = await clients.dynamodb.send(new ListTablesCommand({}));
    expect(TableNames).toEqual([expect.stringMatching(/^notes-Table-/)]);
    const { Item } = await clients.dynamodb.send(
      new GetItemCommand({ TableName: TableNames![0]!, Key: { noteId: { S: 'a-note' } } }),
    );
    expect(Item).toEqual({ noteId: { S: 'a-note' }, text: { S: 'hello' } });
  });

  test('moves a message to the dead-letter queue when its function reports it as failed, and no other', async () => {
    await Promise.all([write('poisoned', 'poison'), write('beside', 'good')]);
    const { QueueUrl } = await clients.sqs.send(new GetQueueUrlCommand({ QueueName: 'notes-dead-letters' }));
    const dead = await until(async () => {
      const { Messages } = await clients.sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 10 }));
      return Messages;
    });
    expect(dead).toHaveLength(1);
    expect(JSON.parse(dead[0]!.Body!)).toMatchObject({ 'detail-type': 'NoteWritten', detail: { noteId: 'poisoned' } });
    await until(async () => (await fetch(`${httpEndpoint}/notes/beside`)).ok);
  });

  test('answers 404 without a route, and 200 to health checks', async () => {
    const missing = await fetch(`${httpEndpoint}/elsewhere`);
    expect([missing.status, await missing.json()]).toEqual([404, { message: 'Not Found' }]);
    expect((await fetch(`${httpEndpoint}/notes/unheard-of`)).status).toBe(404);
    expect((await fetch(`${httpEndpoint}/_local/health`)).status).toBe(200);
    expect((await fetch(`${awsEndpoint}/_local/health`)).status).toBe(200);
  });

  test('serves the inbox page of the mail server', async () => {
    expect(await (await fetch(`${awsEndpoint}/`)).text()).toContain('<html');
  });

  // This test is the last one of the group, since it stops the local cloud.
  test('stops on SIGTERM, also while a function runs that does not end', async () => {
    const { QueueUrl } = await clients.sqs.send(new GetQueueUrlCommand({ QueueName: 'notes-endless' }));
    await clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'endless' }));
    const inFlight = new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: ['ApproximateNumberOfMessagesNotVisible'],
    });
    await until(async () => {
      const { Attributes } = await clients.sqs.send(inFlight);
      return Attributes?.ApproximateNumberOfMessagesNotVisible === '1';
    });
    // The function's timeout of 60 seconds is longer than this test's: waiting for the function fails the test.
    cloud.kill('SIGTERM');
    const [exitCode] = (await once(cloud, 'exit')) as [number];
    expect(exitCode).toBe(0);
  });
});

describe('a local cloud that cannot start', () => {
  test('names the port that is in use, and exits', async () => {
    const occupant = createServer().listen(0, '127.0.0.1');
    await once(occupant, 'listening');
    const { port } = occupant.address() as AddressInfo;
    expect(await failure(run(port, ASSEMBLIES))).toBe(
      `LocalCloudError: Port ${port} is in use (by another local cloud?); ` +
        'stop what uses it or set LOCAL_AWS_PORT to a free port.',
    );
    occupant.close();
  });

  test('names the stack and the parameter that is missing', async () => {
    expect(await failure(run(0, [ASSEMBLIES[0]!]))).toBe(
      'LocalCloudError: stack notes reads the SSM parameter /notes/event-bus-name, which no stack creates',
    );
  });
});

function run(awsPort: number, assemblies: string[]): ChildProcess {
  const program = join(__dirname, 'support', 'run-local-cloud.ts');
  return spawn(process.execPath, ['--import', 'tsx/esm', program, String(awsPort), ...assemblies], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Waits for a local cloud to exit with an error. @returns its standard error */
async function failure(child: ChildProcess): Promise<string> {
  let stderr = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [exitCode] = (await once(child, 'close')) as [number];
  expect(exitCode).toBe(1);
  return stderr.trim();
}

async function write(noteId: string, text: string): Promise<void> {
  const entry = {
    EventBusName: 'notes',
    Source: 'test',
    DetailType: 'NoteWritten',
    Detail: JSON.stringify({ noteId, text }),
  };
  const { FailedEntryCount } = await clients.eventBridge.send(new PutEventsCommand({ Entries: [entry] }));
  expect(FailedEntryCount).toBe(0);
}

async function until<T>(condition: () => Promise<T | false | undefined>): Promise<T> {
  for (;;) {
    const result = await condition();
    if (result) return result;
    await setTimeout(50);
  }
}

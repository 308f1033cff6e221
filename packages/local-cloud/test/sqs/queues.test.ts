import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { Message, ReceiveMessageCommandInput } from '@aws-sdk/client-sqs';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { startAwsEndpoint } from '../support/start-aws-endpoint.ts';

let endpoint: Awaited<ReturnType<typeof startAwsEndpoint>>;
let sqs: SQSClient;
let queueUrl: string;
let queueCount = 0;

const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

beforeAll(async () => {
  endpoint = await startAwsEndpoint();
  sqs = new SQSClient({ endpoint: endpoint.address, region: 'eu-west-1', credentials, maxAttempts: 1 });
});
afterAll(async () => {
  sqs.destroy();
  await endpoint.stop();
});
beforeEach(async () => {
  queueUrl = await createQueue();
});

const traceHeader = 'Root=1-6a1b2c3d-4e5f60718293a4b5c6d7e8f9;Parent=00f067aa0ba902b7;Sampled=1';
const MessageSystemAttributes = { AWSTraceHeader: { DataType: 'String', StringValue: traceHeader } };

describe('a trace header', () => {
  test('comes out with its message to who asks for it, and is no attribute of the sender', async () => {
    const MessageAttributes = { reason: { DataType: 'String', StringValue: 'gave-up' } };
    await send('traced', { MessageSystemAttributes, MessageAttributes });
    const asking = {
      MessageSystemAttributeNames: ['AWSTraceHeader' as const],
      MessageAttributeNames: ['All'],
      VisibilityTimeout: 0,
    };
    const [message] = await receive(asking);
    expect(message).toMatchObject({ Body: 'traced', MessageAttributes });
    expect(message!.Attributes).toEqual({ AWSTraceHeader: traceHeader });
    const [plain] = await receive();
    expect(plain!.Attributes?.AWSTraceHeader).toBeUndefined();
    expect(plain!.MessageAttributes).toBeUndefined();
  });

  test('belongs to its own message of a batch, and goes with it into the dead-letter queue', async () => {
    const deadLetters = await createQueue();
    const deadLetterTargetArn = `arn:aws:sqs:us-east-1:000000000000:${deadLetters.split('/').at(-1)}`;
    queueUrl = await createQueue({ RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 1 }) });
    const Entries = [
      { Id: '1', MessageBody: 'traced', MessageSystemAttributes },
      { Id: '2', MessageBody: 'untraced' },
    ];
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    await receive({ VisibilityTimeout: 0 });
    await receive();
    queueUrl = deadLetters;
    const dead = await receive({ MessageSystemAttributeNames: ['All'] });
    expect(dead.map(({ Body, Attributes }) => [Body, Attributes?.AWSTraceHeader]).sort()).toEqual([
      ['traced', traceHeader],
      ['untraced', undefined],
    ]);
  });
});

async function createQueue(attributes: Record<string, string> = {}): Promise<string> {
  const { QueueUrl } = await sqs.send(
    new CreateQueueCommand({ QueueName: `queue-${++queueCount}`, Attributes: attributes }),
  );
  return QueueUrl ?? '';
}
const send = (body: string, options: object = {}) =>
  sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body, ...options }));
async function receive(options: Partial<ReceiveMessageCommandInput> = {}): Promise<Message[]> {
  const command = new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, ...options });
  const { Messages = [] } = await sqs.send(command);
  return Messages;
}
async function attributes(...names: string[]): Promise<Record<string, string> | undefined> {
  const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: names as never });
  return (await sqs.send(command)).Attributes;
}

describe('a queue', () => {
  test('has the URL of the endpoint, and is the same queue in every region and under every host name', async () => {
    expect(queueUrl).toBe(`${endpoint.address}/000000000000/queue-${queueCount}`);
    const elsewhere = new SQSClient({ endpoint: endpoint.address, region: 'us-west-2', credentials });
    const found = await elsewhere.send(new GetQueueUrlCommand({ QueueName: `queue-${queueCount}` }));
    expect(found.QueueUrl).toBe(queueUrl);
    elsewhere.destroy();
    await send('hello', { QueueUrl: queueUrl.replace('127.0.0.1', 'localhost') });
    expect(await attributes('QueueArn', 'ApproximateNumberOfMessages')).toEqual({
      QueueArn: `arn:aws:sqs:us-east-1:000000000000:queue-${queueCount}`,
      ApproximateNumberOfMessages: '1',
    });
    const { QueueUrls } = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: 'queue-' }));
    expect(QueueUrls).toContain(queueUrl);
  });

  test('that was deleted, or never was, is refused by name', async () => {
    await sqs.send(new DeleteQueueCommand({ QueueUrl: queueUrl }));
    await expect(send('hello')).rejects.toMatchObject({ name: 'QueueDoesNotExist' });
  });

  test('gives only the attributes that are asked for', async () => {
    expect(await attributes()).toBeUndefined();
    await send('hello', { MessageAttributes: { reason: { DataType: 'String', StringValue: 'late' } } });
    const [plain] = await receive({ VisibilityTimeout: 0 });
    expect(plain).not.toHaveProperty('MessageAttributes');
    expect(plain).not.toHaveProperty('Attributes');
    const [full] = await receive({ MessageAttributeNames: ['All'], MessageSystemAttributeNames: ['All'] });
    expect(full?.MessageAttributes).toEqual({ reason: { DataType: 'String', StringValue: 'late' } });
    expect(full?.Attributes).toMatchObject({
      ApproximateReceiveCount: '2',
      SentTimestamp: expect.stringMatching(/^\d{13}$/),
      ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
    });
  });

  test('refuses a delay of more than 15 minutes, in a batch for that entry alone', async () => {
    await expect(send('late', { DelaySeconds: 901 })).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    const Entries = [
      { Id: 'a', MessageBody: 'now' },
      { Id: 'b', MessageBody: 'late', DelaySeconds: 901 },
    ];
    const answer = await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    expect(answer).toMatchObject({ Successful: [{ Id: 'a' }], Failed: [{ Id: 'b', Code: 'InvalidParameterValue' }] });
  });
});

describe('a received message', () => {
  test('is invisible until its visibility timeout, and counted as visible again without anybody receiving', async () => {
    await send('hello');
    const [message] = await receive();
    expect(await receive()).toEqual([]);
    expect(await attributes('ApproximateNumberOfMessagesNotVisible')).toEqual({
      ApproximateNumberOfMessagesNotVisible: '1',
    });
    await sqs.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: queueUrl,
        ReceiptHandle: message?.ReceiptHandle,
        VisibilityTimeout: 1,
      }),
    );
    let counts: Record<string, string> | undefined;
    do counts = await attributes('ApproximateNumberOfMessages');
    while (counts?.ApproximateNumberOfMessages !== '1');
  });

  test('moves to the dead-letter queue after maxReceiveCount receives, with its attributes', async () => {
    const deadLetters = await createQueue();
    const deadLetterTargetArn = `arn:aws:sqs:us-east-1:000000000000:queue-${queueCount}`;
    queueUrl = await createQueue({ RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 2 }) });
    await send('poison', { MessageAttributes: { reason: { DataType: 'String', StringValue: 'bad' } } });
    expect(await receive({ VisibilityTimeout: 0 })).toHaveLength(1);
    expect(await receive({ VisibilityTimeout: 0 })).toHaveLength(1);
    expect(await receive()).toEqual([]);
    const [dead] = await receive({ QueueUrl: deadLetters, MessageAttributeNames: ['All'], WaitTimeSeconds: 5 });
    expect(dead).toMatchObject({ Body: 'poison', MessageAttributes: { reason: { StringValue: 'bad' } } });
  });
});

describe('a long poll', () => {
  test('answers as soon as a message is sent', async () => {
    const poll = receive({ WaitTimeSeconds: 20 });
    await send('hello');
    expect(await poll).toMatchObject([{ Body: 'hello' }]);
  });

  test('answers when a delayed message is due', async () => {
    await send('later', { DelaySeconds: 1 });
    expect(await receive()).toEqual([]);
    expect(await receive({ WaitTimeSeconds: 20 })).toMatchObject([{ Body: 'later' }]);
  });

  test('answers without a message when its time is over', async () => {
    expect(await receive({ WaitTimeSeconds: 1 })).toEqual([]);
  });

  test('that waits beside others gets one of the messages', async () => {
    const polls = [1, 2, 3].map(() => receive({ WaitTimeSeconds: 20, MaxNumberOfMessages: 1 }));
    for (const body of ['a', 'b', 'c']) await send(body);
    const received = (await Promise.all(polls)).flat().map(({ Body }) => Body);
    expect(received.sort()).toEqual(['a', 'b', 'c']);
  });

  test('that its client has abandoned takes no message', async () => {
    const gone = new AbortController();
    const poll = sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, WaitTimeSeconds: 20 }), {
      abortSignal: gone.signal,
    });
    // The poll has arrived when a later request on another connection has its answer.
    await attributes('QueueArn');
    gone.abort();
    await expect(poll).rejects.toMatchObject({ name: 'AbortError' });
    await attributes('QueueArn');
    await send('hello');
    expect(await receive({ WaitTimeSeconds: 5 })).toMatchObject([{ Body: 'hello' }]);
  });
});

test('an event reaches the queue of the rule that it matches', async () => {
  const eventBridge = new EventBridgeClient({ endpoint: endpoint.address, region: 'eu-west-1', credentials });
  const entry = {
    EventBusName: 'airline',
    Source: 'airline.bookings',
    DetailType: 'BookingRequested',
    Detail: '{"a":1}',
  };
  await eventBridge.send(new PutEventsCommand({ Entries: [entry] }));
  eventBridge.destroy();
  const [message] = await receive({ QueueUrl: `${endpoint.address}/000000000000/seats`, WaitTimeSeconds: 20 });
  expect(JSON.parse(message?.Body ?? '')).toMatchObject({ 'detail-type': 'BookingRequested', detail: { a: 1 } });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { once } from 'node:events';
import { connect } from 'node:net';
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
  test('is received with its message when requested, and is not among the message attributes', async () => {
    const MessageAttributes = { reason: { DataType: 'String', StringValue: 'gave-up' } };
    await send('traced', { MessageSystemAttributes, MessageAttributes });
    const requested = {
      MessageSystemAttributeNames: ['AWSTraceHeader' as const],
      MessageAttributeNames: ['All'],
      VisibilityTimeout: 0,
    };
    const [message] = await receive(requested);
    expect(message).toMatchObject({ Body: 'traced', MessageAttributes });
    expect(message!.Attributes).toEqual({ AWSTraceHeader: traceHeader });
    const [plain] = await receive();
    expect(plain!.Attributes?.AWSTraceHeader).toBeUndefined();
    expect(plain!.MessageAttributes).toBeUndefined();
  });

  test('belongs to one message of a batch, and stays with it in the dead-letter queue', async () => {
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
  test('has the URL of the endpoint, and is the same queue in every region and with every host name', async () => {
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

  test('that does not exist any more, or never existed, is an error', async () => {
    await sqs.send(new DeleteQueueCommand({ QueueUrl: queueUrl }));
    await expect(send('hello')).rejects.toMatchObject({ name: 'QueueDoesNotExist' });
    await expect(send('hello', { QueueUrl: `${endpoint.address}/000000000000/nowhere` })).rejects.toMatchObject({
      name: 'QueueDoesNotExist',
    });
  });

  test('returns only the requested attributes', async () => {
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

  test('rejects a delay of more than 15 minutes, in a batch for that entry only', async () => {
    await expect(send('late', { DelaySeconds: 901 })).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    const Entries = [
      { Id: 'a', MessageBody: 'now' },
      { Id: 'b', MessageBody: 'late', DelaySeconds: 901 },
    ];
    const answer = await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    expect(answer).toMatchObject({ Successful: [{ Id: 'a' }], Failed: [{ Id: 'b', Code: 'InvalidParameterValue' }] });
  });
});

test('queues are listed in pages', async () => {
  await createQueue();
  const names = { QueueNamePrefix: 'queue-', MaxResults: 1 };
  const first = await sqs.send(new ListQueuesCommand(names));
  const second = await sqs.send(new ListQueuesCommand({ ...names, NextToken: first.NextToken }));
  expect([first.QueueUrls, second.QueueUrls]).toEqual([[expect.any(String)], [expect.any(String)]]);
  expect(second.QueueUrls).not.toEqual(first.QueueUrls);
  const all = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: 'queue-' }));
  expect([all.QueueUrls!.slice(0, 2), all.NextToken]).toEqual([[...first.QueueUrls!, ...second.QueueUrls!], undefined]);
});

test('a receipt handle that no receive returned is refused, also in a batch', async () => {
  const QueueUrl = queueUrl;
  const refusal = { name: 'ReceiptHandleIsInvalid', $metadata: { httpStatusCode: 404 } };
  const ReceiptHandle = 'garbage';
  await expect(sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))).rejects.toMatchObject(refusal);
  const change = { QueueUrl, ReceiptHandle, VisibilityTimeout: 1 };
  await expect(sqs.send(new ChangeMessageVisibilityCommand(change))).rejects.toMatchObject(refusal);
  await send('hello');
  const [message] = await receive();
  const Entries = [
    { Id: 'a', ReceiptHandle },
    { Id: 'b', ReceiptHandle: message!.ReceiptHandle },
  ];
  expect(await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }))).toMatchObject({
    Successful: [{ Id: 'b' }],
    Failed: [{ Id: 'a', Code: 'ReceiptHandleIsInvalid', SenderFault: true }],
  });
  // As on AWS, deleting a message twice is no error.
  await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message!.ReceiptHandle }));
});

describe('a received message', () => {
  test('is invisible until its visibility timeout ends, and then counts as visible before anybody receives it', async () => {
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
    do counts = await attributes('ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible');
    while (counts?.ApproximateNumberOfMessages !== '1');
    expect(counts.ApproximateNumberOfMessagesNotVisible).toBe('0');
    expect(await receive()).toMatchObject([{ Body: 'hello' }]);
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
  test('returns when a message is sent', async () => {
    const poll = receive({ WaitTimeSeconds: 20 });
    await send('hello');
    expect(await poll).toMatchObject([{ Body: 'hello' }]);
  });

  test('returns a delayed message after its delay', async () => {
    await send('later', { DelaySeconds: 1 });
    const [message] = await receive({ WaitTimeSeconds: 20, MessageSystemAttributeNames: ['All'] });
    expect(message?.Body).toBe('later');
    const { SentTimestamp, ApproximateFirstReceiveTimestamp } = message!.Attributes!;
    expect(Number(ApproximateFirstReceiveTimestamp) - Number(SentTimestamp)).toBeGreaterThanOrEqual(1000);
  });

  test('returns without a message when its time is over', async () => {
    expect(await receive({ WaitTimeSeconds: 1 })).toEqual([]);
  });

  test('gets one message when several long polls wait', async () => {
    const polls = [1, 2, 3].map(() => receive({ WaitTimeSeconds: 20, MaxNumberOfMessages: 1 }));
    for (const body of ['a', 'b', 'c']) await send(body);
    const received = (await Promise.all(polls)).flat().map(({ Body }) => Body);
    expect(received.sort()).toEqual(['a', 'b', 'c']);
  });

  test('receives no message after its client has disconnected', async () => {
    const body = JSON.stringify({ QueueUrl: queueUrl, WaitTimeSeconds: 20 });
    const head = ['POST / HTTP/1.1', 'host: localhost', 'x-amz-target: AmazonSQS.ReceiveMessage'];
    const socket = connect(Number(new URL(endpoint.address).port), '127.0.0.1');
    socket.resume().end([...head, `content-length: ${body.length}`, '', body].join('\r\n'));
    // The server closes the connection when it has read the request and the end of the connection.
    await once(socket, 'close');
    await send('hello');
    expect(await receive({ WaitTimeSeconds: 5 })).toMatchObject([{ Body: 'hello' }]);
  });
});

test('an event is sent to the queue of the rule that matches it', async () => {
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

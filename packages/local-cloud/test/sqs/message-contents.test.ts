import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import fc from 'fast-check';
import { startAwsEndpoint } from '../support/start-aws-endpoint.ts';

let endpoint: Awaited<ReturnType<typeof startAwsEndpoint>>;
let sqs: SQSClient;
let QueueUrl: string;

beforeAll(async () => {
  endpoint = await startAwsEndpoint();
  // The client checks the MD5 of every body that it sends and receives.
  sqs = new SQSClient({
    endpoint: endpoint.address,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  ({ QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'texts' })));
});
afterAll(async () => {
  sqs.destroy();
  await endpoint.stop();
});

/** All of Unicode, half surrogate pairs included. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { minLength: 1 })
    .map((units) => units.map((unit) => String.fromCharCode(unit)).join('')),
  fc.constantFrom('𠮷田', 'Ada 🛫', '\u{10000}', '\u{10FFFF}', '\uFFFD', '\uFFFE', '\uFFFF', '\uD800', '\uDFFF\uD800'),
  fc.constantFrom('\t\n\r ', '\0', '\v', '\x1f', '\x7f', '\x85', '\u2028', '\uD7FF', '\uE000'),
);

/** Whether SQS carries the text, written down independently of the implementation. */
function isAllowed(text: string): boolean {
  return Array.from(text).every((character) => {
    const code = character.codePointAt(0)!;
    if (code < 0x20) return code === 0x9 || code === 0xa || code === 0xd;
    return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || code >= 0x10000;
  });
}
const allowedText = anyText.filter(isAllowed);

async function receiveAll(url = QueueUrl, isEnough = (count: number) => count < 0): Promise<Message[]> {
  const all: Message[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ['All'],
        WaitTimeSeconds: isEnough(all.length) ? 0 : 1,
      }),
    );
    if (Messages.length === 0) return all;
    all.push(...Messages);
    const Entries = Messages.map(({ ReceiptHandle }, id) => ({ Id: String(id), ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
    if (isEnough(all.length)) return all;
  }
}

const attributes = (StringValue: string) => ({ note: { DataType: 'String', StringValue } });

async function query(fields: Record<string, string>): Promise<string> {
  const body = new URLSearchParams({ QueueUrl, ...fields });
  return (await fetch(endpoint.address, { method: 'POST', body })).text();
}

const valueOf = (xml: string, tag: string): string | undefined =>
  new RegExp(`<${tag}>([^<]*)</${tag}>`)
    .exec(xml)?.[1]
    ?.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));

describe('SQS carries exactly the characters that AWS documents', () => {
  test('in bodies and attributes of a batch, each entry by itself', async () => {
    const entries = fc.array(fc.record({ body: anyText, note: fc.oneof(allowedText, anyText) }), {
      minLength: 1,
      maxLength: 10,
    });
    const run = async (messages: { body: string; note: string }[]) => {
      const Entries = messages.map(({ body, note }, id) => ({
        Id: String(id),
        MessageBody: body,
        MessageAttributes: attributes(note),
      }));
      const { Failed = [] } = await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
      const expected = messages.map(({ body, note }) => {
        if (!isAllowed(body)) return 'InvalidMessageContents';
        return isAllowed(note) ? undefined : 'InvalidParameterValue';
      });
      expect(messages.map((_, id) => Failed.find(({ Id }) => Id === String(id))?.Code)).toEqual(expected);
      const sent = messages.filter((_, id) => expected[id] === undefined);
      const received = await receiveAll(QueueUrl, (count) => count >= sent.length);
      const pairs = (all: { body: string | undefined; note: string | undefined }[]) =>
        all.map(({ body, note }) => JSON.stringify([body, note])).sort();
      expect(
        pairs(
          received.map(({ Body, MessageAttributes }) => ({ body: Body, note: MessageAttributes?.note?.StringValue })),
        ),
      ).toEqual(pairs(sent));
    };
    await fc.assert(fc.asyncProperty(entries, run), { numRuns: 40 });
  });

  test('in both protocols, with the MD5 of the bytes in UTF-8', async () => {
    const run = async (text: string) => {
      const xml = await query({
        Action: 'SendMessage',
        MessageBody: text,
        'MessageAttribute.1.Name': 'note',
        'MessageAttribute.1.Value.DataType': 'String',
        'MessageAttribute.1.Value.StringValue': isAllowed(text) ? text : 'x',
      });
      // UTF-8, and so a form, has no half surrogate pairs: URLSearchParams sends U+FFFD for them, and SQS carries that.
      const sent = Buffer.from(text).toString();
      if (!isAllowed(sent)) return expect(valueOf(xml, 'Code')).toBe('InvalidMessageContents');
      expect(valueOf(xml, 'MD5OfMessageBody')).toBe(createHash('md5').update(sent, 'utf8').digest('hex'));
      const [message] = await receiveAll(QueueUrl, (count) => count === 1);
      expect(message!.Body).toBe(sent);
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: sent, MessageAttributes: attributes(sent) }));
      const received = await query({ Action: 'ReceiveMessage', 'MessageAttributeName.1': 'All', WaitTimeSeconds: '1' });
      expect([valueOf(received, 'Body'), valueOf(received, 'StringValue')]).toEqual([sent, sent]);
      await query({ Action: 'DeleteMessage', ReceiptHandle: valueOf(received, 'ReceiptHandle')! });
    };
    await fc.assert(fc.asyncProperty(anyText, run), { numRuns: 40 });
  });

  test('in events from PutEvents; one that no queue takes is kept as lost', async () => {
    const client = new EventBridgeClient({
      endpoint: endpoint.address,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    const queue = `${endpoint.address}/000000000000/seats`;
    const lost = async () =>
      (await (await fetch(`${endpoint.address}/_local/lost-deliveries`)).json()) as {
        count: number;
        deliveries: { body: string; error: object; deadLetterError: object }[];
      };
    const run = async (name: string) => {
      const before = (await lost()).count;
      const entry = { EventBusName: 'airline', Source: 'airline.bookings', DetailType: 'BookingRequested' };
      await client.send(new PutEventsCommand({ Entries: [{ ...entry, Detail: JSON.stringify({ name }) }] }));
      // In JSON, control characters and half surrogate pairs are escapes. These two are left.
      if (/[\uFFFE\uFFFF]/.test(name)) {
        for (;;) {
          const { count, deliveries } = await lost();
          if (count === before) continue;
          const refusal = { code: 'INVALID_PARAMETER', message: expect.stringContaining('Invalid characters found') };
          expect(deliveries.at(-1)).toMatchObject({ error: refusal, deadLetterError: refusal });
          expect(JSON.parse(deliveries.at(-1)!.body)).toMatchObject({ detail: { name } });
          return;
        }
      }
      const [message] = await receiveAll(queue, (count) => count === 1);
      expect(JSON.parse(message!.Body!)).toMatchObject({ detail: { name } });
    };
    await fc.assert(fc.asyncProperty(anyText, run), { numRuns: 40 });
    client.destroy();
  });

  test('counts the bytes of UTF-8 for the limit of 1 MiB', async () => {
    const send = (MessageBody: string) => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    await send('🛫'.repeat(256 * 1024));
    await expect(send(`${'🛫'.repeat(256 * 1024)}x`)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    expect(await receiveAll(QueueUrl, (count) => count === 1)).toHaveLength(1);
  });
});

describe('a message attribute', () => {
  const one = (attribute: object, name = 'note') => ({
    [name]: { DataType: 'String', StringValue: 'x', ...attribute },
  });
  const many = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, id) => [`a${id}`, { DataType: 'String', StringValue: 'x' }]));

  test.each<[string, object, string]>([
    ['11 of them', many(11), 'Number of message attributes [11] exceeds the allowed maximum [10].'],
    ['an empty value', one({ StringValue: '' }), 'must contain a non-empty value'],
    ['no value', { note: { DataType: 'String' } }, 'must contain a non-empty value'],
    ['an empty binary value', { note: { DataType: 'Binary', BinaryValue: new Uint8Array() } }, 'non-empty value'],
    ['no type', one({ DataType: '' }), 'must contain a non-empty message attribute type'],
    ['an unknown type', one({ DataType: 'Text' }), 'Binary, Number, String'],
    ['a number that is none', one({ DataType: 'Number', StringValue: 'five' }), "Can't cast the value"],
    ['a name with a space', one({}, 'a b'), "attribute name 'a b' is invalid"],
    ['a reserved name', one({}, 'AWS.trace'), "attribute name 'AWS.trace' is invalid"],
    ['a name with two dots in a row', one({}, 'a..b'), "attribute name 'a..b' is invalid"],
  ])('is refused: %s', async (_, MessageAttributes, message) => {
    const refusal = { name: 'InvalidParameterValue', message: expect.stringContaining(message) };
    const input = { QueueUrl, MessageBody: 'x', MessageAttributes: MessageAttributes as never };
    await expect(sqs.send(new SendMessageCommand(input))).rejects.toMatchObject(refusal);
  });

  test('is accepted: ten of them, custom labels, numbers', async () => {
    const MessageAttributes = {
      ...many(7),
      'a.b-c_D': { DataType: 'String.json', StringValue: '{}' },
      price: { DataType: 'Number.int', StringValue: '-1.5e3' },
      bytes: { DataType: 'Binary', BinaryValue: new Uint8Array([0, 255]) },
    };
    const sent = await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x', MessageAttributes }));
    const [message] = await receiveAll(QueueUrl, (count) => count === 1);
    expect(message!.MessageAttributes).toEqual(MessageAttributes);
    expect(message!.MD5OfMessageAttributes).toBe(sent.MD5OfMessageAttributes);
  });

  test('has an MD5 for those that are returned, without the trace header', async () => {
    const md5Of = (StringValue: string) => {
      const field = (text: string) => Buffer.concat([uint32(Buffer.byteLength(text)), Buffer.from(text)]);
      const uint32 = (value: number) => Buffer.from([value >> 24, value >> 16, value >> 8, value]);
      return createHash('md5')
        .update(Buffer.concat([field('note'), field('String'), Buffer.from([1]), field(StringValue)]))
        .digest('hex');
    };
    const AWSTraceHeader = { DataType: 'String', StringValue: 'Root=1-6a1b2c3d-4e5f60718293a4b5c6d7e8f9' };
    const sent = await sqs.send(
      new SendMessageCommand({
        QueueUrl,
        MessageBody: 'x',
        MessageAttributes: attributes('𠮷'),
        MessageSystemAttributes: { AWSTraceHeader },
      }),
    );
    expect(sent.MD5OfMessageAttributes).toBe(md5Of('𠮷'));
    const [message] = await receiveAll(QueueUrl, (count) => count === 1);
    expect(message!.MD5OfMessageAttributes).toBe(md5Of('𠮷'));
  });
});

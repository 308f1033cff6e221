import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AwsError } from '../../src/aws-error.ts';
import { formatSqsAnswer, formatSqsError, parseSqsQuery } from '../../src/sqs/sqs-query-protocol.ts';
import { startAwsEndpoint } from '../support/start-aws-endpoint.ts';

const parse = (fields: Record<string, string>, path = '/') => parseSqsQuery(new URLSearchParams(fields), path);

describe('parseSqsQuery', () => {
  test('reads a message with its attributes', () => {
    const request = parse({
      Action: 'SendMessage',
      Version: '2012-11-05',
      QueueUrl: 'http://localhost:4566/000000000000/seats',
      MessageBody: 'hello',
      DelaySeconds: '5',
      'MessageAttribute.1.Name': 'reason',
      'MessageAttribute.1.Value.DataType': 'String',
      'MessageAttribute.1.Value.StringValue': 'late',
    });
    expect(request).toEqual({
      action: 'SendMessage',
      input: {
        QueueUrl: 'http://localhost:4566/000000000000/seats',
        MessageBody: 'hello',
        DelaySeconds: 5,
        MessageAttributes: { reason: { DataType: 'String', StringValue: 'late' } },
      },
    });
  });

  test('reads lists in the order of their numbers', () => {
    const names = Object.fromEntries(
      Array.from({ length: 11 }, (_, index) => [`AttributeName.${index + 1}`, `n${index + 1}`]),
    );
    expect(parse({ Action: 'ReceiveMessage', ...names }).input.AttributeNames).toEqual(
      Array.from({ length: 11 }, (_, index) => `n${index + 1}`),
    );
  });

  test('reads the entries of a batch', () => {
    const request = parse({
      Action: 'ChangeMessageVisibilityBatch',
      'ChangeMessageVisibilityBatchRequestEntry.1.Id': 'a',
      'ChangeMessageVisibilityBatchRequestEntry.1.ReceiptHandle': 'h',
      'ChangeMessageVisibilityBatchRequestEntry.1.VisibilityTimeout': '0',
    });
    expect(request.input).toEqual({ Entries: [{ Id: 'a', ReceiptHandle: 'h', VisibilityTimeout: 0 }] });
  });

  test('reads attributes and tags; in CreateQueue the member `tags` is in lower case', () => {
    const fields = {
      'Attribute.1.Name': 'DelaySeconds',
      'Attribute.1.Value': '3',
      'Tag.1.Key': 'team',
      'Tag.1.Value': 'seats',
    };
    expect(parse({ Action: 'CreateQueue', QueueName: 'q', ...fields }).input).toEqual({
      QueueName: 'q',
      Attributes: { DelaySeconds: '3' },
      tags: { team: 'seats' },
    });
    expect(parse({ Action: 'TagQueue', 'Tag.1.Key': 'team', 'Tag.1.Value': 'seats' }).input).toEqual({
      Tags: { team: 'seats' },
    });
  });

  test('reads the queue from the path when there is no QueueUrl field', () => {
    expect(parse({ Action: 'PurgeQueue' }, '/000000000000/seats').input).toEqual({ QueueUrl: '/000000000000/seats' });
  });

  test.each([
    [{}, 'MissingAction'],
    [{ Action: 'ReceiveMessage', MaxNumberOfMessages: 'many' }, 'InvalidParameterValue'],
    [{ Action: 'SendMessage', 'Nonsense.1.Name': 'x' }, 'InvalidParameterValue'],
    [{ Action: 'SendMessage', '__proto__.1.Name': 'x' }, 'InvalidParameterValue'],
    [{ Action: 'SendMessage', 'constructor.1': 'x' }, 'InvalidParameterValue'],
  ])('rejects %j', (fields, code) => {
    expect(() => parse(fields)).toThrow(expect.objectContaining({ code }));
  });
});

describe('the XML response', () => {
  test('of an operation without a result has the metadata only', () => {
    expect(formatSqsAnswer('DeleteMessage', {}, 'r-1')).toBe(
      '<?xml version="1.0"?><DeleteMessageResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/">' +
        '<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></DeleteMessageResponse>',
    );
  });

  test('of a batch has the successful and the failed entries', () => {
    const failed = { Id: 'b', SenderFault: true, Code: 'C', Message: 'no' };
    const answer = { Successful: [{ Id: 'a', MessageId: 'm' }], Failed: [failed] };
    expect(formatSqsAnswer('SendMessageBatch', answer, 'r')).toContain(
      '<SendMessageBatchResult><SendMessageBatchResultEntry><Id>a</Id><MessageId>m</MessageId></SendMessageBatchResultEntry>' +
        '<BatchResultErrorEntry><Id>b</Id><SenderFault>true</SenderFault><Code>C</Code><Message>no</Message>',
    );
  });

  test('escapes XML and carriage returns in texts', () => {
    expect(formatSqsAnswer('ReceiveMessage', { Messages: [{ Body: '<a b="&">\r\n' }] }, 'r')).toContain(
      '<Message><Body>&#60;a b=&#34;&#38;&#34;&#62;&#13;\n</Body></Message>',
    );
  });

  test('of an error has the code of the query protocol', () => {
    const error = new AwsError('QueueDoesNotExist', 'It is <gone>.', 400, 'AWS.SimpleQueueService.NonExistentQueue');
    expect(formatSqsError(error, 'r')).toContain(
      '<Error><Type>Sender</Type><Code>AWS.SimpleQueueService.NonExistentQueue</Code><Message>It is &#60;gone&#62;.</Message>',
    );
  });
});

describe('over the wire', () => {
  let endpoint: Awaited<ReturnType<typeof startAwsEndpoint>>;
  beforeAll(async () => (endpoint = await startAwsEndpoint()));
  afterAll(() => endpoint.stop());

  async function call(
    fields: Record<string, string>,
    path = '/000000000000/seats',
  ): Promise<{ status: number; xml: string }> {
    // fetch adds a charset to the content type, as old clients do.
    const answer = await fetch(endpoint.address + path, { method: 'POST', body: new URLSearchParams(fields) });
    return { status: answer.status, xml: await answer.text() };
  }
  const textOf = (xml: string, tag: string) => new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(xml)?.[1] ?? '';

  test('a message is sent, received with its attributes and deleted', async () => {
    const { xml: url } = await call({ Action: 'GetQueueUrl', QueueName: 'seats' }, '/');
    expect(textOf(url, 'QueueUrl')).toBe(`${endpoint.address}/000000000000/seats`);

    const attribute = { 'MessageAttribute.1.Name': 'reason', 'MessageAttribute.1.Value.DataType': 'String' };
    const { xml: sent } = await call({
      Action: 'SendMessage',
      MessageBody: 'a <b> & c',
      ...attribute,
      'MessageAttribute.1.Value.StringValue': 'late',
    });
    const { xml: received } = await call({
      Action: 'ReceiveMessage',
      WaitTimeSeconds: '5',
      'AttributeName.1': 'All',
      'MessageAttributeName.1': 'All',
    });
    expect(textOf(received, 'Body')).toBe('a &#60;b&#62; &#38; c');
    expect(textOf(received, 'MD5OfBody')).toBe(textOf(sent, 'MD5OfMessageBody'));
    expect(textOf(received, 'MD5OfMessageAttributes')).toBe(textOf(sent, 'MD5OfMessageAttributes'));
    expect(received).toContain('<Attribute><Name>ApproximateReceiveCount</Name><Value>1</Value></Attribute>');
    expect(received).toContain(
      '<MessageAttribute><Name>reason</Name><Value><DataType>String</DataType><StringValue>late</StringValue></Value>',
    );

    const { status } = await call({ Action: 'DeleteMessage', ReceiptHandle: textOf(received, 'ReceiptHandle') });
    expect(status).toBe(200);
    const inFlight = 'ApproximateNumberOfMessagesNotVisible';
    const { xml: counts } = await call({ Action: 'GetQueueAttributes', 'AttributeName.1': inFlight });
    expect(counts).toContain(`<Attribute><Name>${inFlight}</Name><Value>0</Value></Attribute>`);
  });

  test('an unknown queue and an unknown operation are errors in XML', async () => {
    const unknownQueue = await call({ Action: 'GetQueueUrl', QueueName: 'nowhere' }, '/');
    expect(unknownQueue.status).toBe(400);
    expect(textOf(unknownQueue.xml, 'Code')).toBe('AWS.SimpleQueueService.NonExistentQueue');
    const unknownOperation = await call({ Action: 'StartMessageMoveTask' }, '/');
    expect(textOf(unknownOperation.xml, 'Message')).toContain('StartMessageMoveTask');
  });
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AwsError } from '../../src/aws-error.ts';
import {
  pageOfQueues,
  refuseAttributes,
  refuseQueueName,
  refuseReceiptHandle,
  refuseUnknownAttributeNames,
  refuseWrongTypes,
} from '../../src/sqs/queue-requests.ts';

const codeOf = (check: () => unknown): string | undefined => {
  try {
    check();
    return undefined;
  } catch (error) {
    return (error as AwsError).code;
  }
};

test('a page of queues: all pages together are all queues, each once, in order', () => {
  const run = (names: string[], MaxResults: number) => {
    const seen: string[] = [];
    let NextToken: unknown;
    do {
      const page = pageOfQueues(names, { MaxResults, NextToken });
      expect((page.QueueUrls as string[]).length).toBeLessThanOrEqual(MaxResults);
      seen.push(...(page.QueueUrls as string[]));
      ({ NextToken } = page);
    } while (NextToken !== undefined);
    expect(seen).toEqual(names);
  };
  fc.assert(fc.property(fc.uniqueArray(fc.string({ minLength: 1 })), fc.integer({ min: 1, max: 12 }), run));
});

describe('ListQueues', () => {
  const urls = Array.from({ length: 1001 }, (_, index) => `q${index}`);

  test('returns the first 1,000 queues and no token without MaxResults', () => {
    expect(pageOfQueues(urls, {})).toEqual({ QueueUrls: urls.slice(0, 1000) });
  });

  test.each([[{ MaxResults: 0 }], [{ MaxResults: 1001 }], [{ MaxResults: 1.5 }], [{ MaxResults: 5, NextToken: 'x' }]])(
    'refuses %j',
    (input) => expect(codeOf(() => pageOfQueues(urls, input))).toBe('InvalidParameterValue'),
  );
});

test.each([
  ['seats', undefined],
  ['a_b-C9', undefined],
  ['timers.fifo', undefined],
  ['x'.repeat(80), undefined],
  ['a b!', 'InvalidParameterValue'],
  ['a.b', 'InvalidParameterValue'],
  ['', 'InvalidParameterValue'],
  ['ä', 'InvalidParameterValue'],
  ['x'.repeat(81), 'InvalidParameterValue'],
  [undefined, 'InvalidParameterValue'],
])('the queue name %j: %s', (name, code) => expect(codeOf(() => refuseQueueName(name))).toBe(code));

test.each([
  ['garbage', 'ReceiptHandleIsInvalid'],
  [5, 'ReceiptHandleIsInvalid'],
  ['', 'MissingParameter'],
  [undefined, 'MissingParameter'],
  ['6f0d9a1c-3f4e-4a7b-8a55-0f5a0c5d3b10', undefined],
])('the receipt handle %j: %s', (handle, code) => expect(codeOf(() => refuseReceiptHandle(handle))).toBe(code));

test('an unknown attribute is refused by name', () => {
  expect(codeOf(() => refuseAttributes({ DelaySeconds: '1', FifoQueue: 'true' }))).toBeUndefined();
  expect(() => refuseAttributes({ Colour: 'red' })).toThrow('Unknown Attribute Colour.');
  expect(codeOf(() => refuseAttributes({ QueueArn: 'x' }))).toBe('InvalidAttributeName');
  expect(codeOf(() => refuseUnknownAttributeNames(['All', 'QueueArn']))).toBeUndefined();
  expect(codeOf(() => refuseUnknownAttributeNames(['QueueArn', 'Colour']))).toBe('InvalidAttributeName');
});

test.each([
  ['', undefined],
  ['{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":5}', undefined],
  ['{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":"5"}', undefined],
  ['{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":0}', 'InvalidParameterValue'],
  ['{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead"}', 'InvalidParameterValue'],
  ['{"deadLetterTargetArn":5,"maxReceiveCount":5}', 'InvalidParameterValue'],
  ['null', 'InvalidParameterValue'],
  ['{', 'InvalidParameterValue'],
])('the RedrivePolicy %s: %s', (RedrivePolicy, code) =>
  expect(codeOf(() => refuseAttributes({ RedrivePolicy }))).toBe(code),
);

describe('a member of a wrong type', () => {
  const values: Record<string, unknown> = {
    text: '5',
    integer: 5,
    fraction: 0.5,
    flag: true,
    list: ['5'],
    mixed: [5, null],
    map: { a: '5' },
    deep: { a: {} },
  };
  const right: Record<string, string[]> = {
    text: ['QueueUrl', 'QueueName', 'MessageBody', 'ReceiptHandle', 'Id', 'NextToken'],
    integer: ['DelaySeconds', 'VisibilityTimeout', 'MaxNumberOfMessages', 'WaitTimeSeconds', 'MaxResults'],
    list: ['AttributeNames', 'MessageAttributeNames', 'MessageSystemAttributeNames', 'TagKeys'],
    map: ['Attributes', 'Tags', 'MessageAttributes'],
    deep: ['MessageAttributes', 'MessageSystemAttributes'],
  };
  const cases = Object.entries(values).flatMap(([kind, value]) =>
    [...new Set(Object.values(right).flat())].map((name): [string, unknown, string | undefined] => [
      name,
      value,
      right[kind]?.includes(name) || (kind === 'map' && name === 'MessageSystemAttributes')
        ? undefined
        : 'SerializationException',
    ]),
  );

  test.each(cases)('%s: %j is %s, in a request and in an entry', (name, value, code) => {
    expect(codeOf(() => refuseWrongTypes({ [name]: value }))).toBe(code);
    expect(codeOf(() => refuseWrongTypes({ Entries: [{}, { [name]: value }] }))).toBe(code);
    expect(codeOf(() => refuseWrongTypes({ [name]: null }))).toBeUndefined();
  });

  test.each([['x'], [{}], [[null]], [['x']], [[[]]]])('Entries: %j', (Entries) => {
    expect(codeOf(() => refuseWrongTypes({ Entries }))).toBe('SerializationException');
  });
});

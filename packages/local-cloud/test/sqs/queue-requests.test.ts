import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AwsError } from '../../src/aws-error.ts';
import {
  pageOfQueues,
  refuseQueueName,
  refuseReceiptHandle,
  refuseUnknownAttributeNames,
  refuseUnknownAttributes,
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
  expect(codeOf(() => refuseUnknownAttributes({ DelaySeconds: '1', FifoQueue: 'true' }))).toBeUndefined();
  expect(() => refuseUnknownAttributes({ Colour: 'red' })).toThrow('Unknown Attribute Colour.');
  expect(codeOf(() => refuseUnknownAttributes({ QueueArn: 'x' }))).toBe('InvalidAttributeName');
  expect(codeOf(() => refuseUnknownAttributeNames(['All', 'QueueArn']))).toBeUndefined();
  expect(codeOf(() => refuseUnknownAttributeNames(['QueueArn', 'Colour']))).toBe('InvalidAttributeName');
});

import { expect, test } from '@jest/globals';
import { traceparentFrom } from '../src/traceparent.ts';

const client = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const lambda = (sampled: 0 | 1): string =>
  `Root=1-6a1b2c3d-4e5f60718293a4b5c6d7e8f9;Parent=53995c3f42cd8ad8;Sampled=${sampled}`;

test('without a trace of the client, the booking belongs to the trace of the Lambda invocation', () => {
  expect(traceparentFrom(undefined, lambda(1))).toBe('00-6a1b2c3d4e5f60718293a4b5c6d7e8f9-53995c3f42cd8ad8-01');
});

test.each([
  [0, '00'],
  [1, '01'],
] as const)('the trace of the client is continued, and Lambda decides whether it is sampled: %j', (sampled, flags) => {
  expect(traceparentFrom(client, lambda(sampled))).toBe(client.replace(/01$/, flags));
});

test('without a Lambda trace, the client decides whether its trace is sampled', () => {
  expect(traceparentFrom(client, undefined)).toBe(client);
});

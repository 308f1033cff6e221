import { describe, expect, test } from '@jest/globals';
import { isTraceparent, newTraceparent, traceHeaderOf, traceparentOf } from '../src/trace.ts';

const traceparent = '00-6a1b2c3d4e5f60718293a4b5c6d7e8f9-00f067aa0ba902b7-01';
const header = 'Root=1-6a1b2c3d-4e5f60718293a4b5c6d7e8f9;Parent=00f067aa0ba902b7;Sampled=1';

test('a trace is converted from W3C to X-Ray and back', () => {
  expect(traceHeaderOf(traceparent)).toBe(header);
  expect(traceparentOf(header)).toBe(traceparent);
  expect(traceHeaderOf(traceparent.replace(/01$/, '00'))).toBe(header.replace('Sampled=1', 'Sampled=0'));
});

test('a new trace is valid, is sampled, and begins with the time', () => {
  const before = Math.floor(Date.now() / 1000);
  const trace = newTraceparent();
  expect(isTraceparent(trace)).toBe(true);
  expect(traceHeaderOf(trace)).toContain('Sampled=1');
  const seconds = parseInt(trace.slice(3, 11), 16);
  expect(seconds).toBeGreaterThanOrEqual(before);
  expect(seconds).toBeLessThanOrEqual(Math.floor(Date.now() / 1000));
  expect(newTraceparent()).not.toBe(trace);
});

describe("X-Ray's header", () => {
  test('with its fields in another order, more fields and no parent always gives the same trace', () => {
    const found = traceparentOf('Lineage=a:1; Sampled=1; Root=1-6a1b2c3d-4e5f60718293a4b5c6d7e8f9');
    expect(found).toMatch(/^00-6a1b2c3d4e5f60718293a4b5c6d7e8f9-[0-9a-f]{16}-01$/);
    expect(traceparentOf('Root=1-6a1b2c3d-4e5f60718293a4b5c6d7e8f9;Sampled=1')).toBe(found);
  });

  test('with an undecided sampling is not sampled', () => {
    expect(traceparentOf(header.replace('Sampled=1', 'Sampled=?'))).toBe(traceparent.replace(/01$/, '00'));
  });

  test.each([
    undefined,
    '',
    'nonsense',
    'Root=2-6a1b2c3d-4e5f60718293a4b5c6d7e8f9',
    `Root=1-${'0'.repeat(8)}-${'0'.repeat(24)};Parent=00f067aa0ba902b7`,
  ])('that is invalid gives no trace: %j', (text) => {
    expect(traceparentOf(text)).toBeUndefined();
  });
});

test.each([
  undefined,
  '',
  traceparent.toUpperCase(),
  traceparent.replace(/^00/, 'ff'),
  `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
])('an invalid traceparent gives no header: %j', (text) => {
  expect(traceHeaderOf(text)).toBeUndefined();
});

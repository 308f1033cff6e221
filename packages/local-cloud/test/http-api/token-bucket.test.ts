import { expect, test } from '@jest/globals';
import { TokenBucket } from '../../src/http-api/token-bucket.ts';

test('a token bucket admits its burst at once, then its rate, and never holds more tokens than its burst', () => {
  let milliseconds = 0;
  const bucket = new TokenBucket({ rate: 10, burst: 3 }, () => milliseconds);
  const taken = (tries: number): number => Array.from({ length: tries }, () => bucket.take()).filter(Boolean).length;
  expect(taken(5)).toBe(3);
  milliseconds += 99;
  expect(taken(1)).toBe(0);
  milliseconds += 1;
  expect(taken(2)).toBe(1);
  milliseconds += 60_000;
  expect(taken(10)).toBe(3);
});

import { expect, test } from '@jest/globals';
import { etagOf, matchesEtag } from '../src/etag.ts';

test('equal contents have equal strong tags, other contents have others', () => {
  expect(etagOf('a')).toMatch(/^"[\w-]{22}"$/);
  expect(etagOf('a')).toBe(etagOf('a'));
  expect(etagOf('a')).not.toBe(etagOf('b'));
});

test.each([
  ['"x"', true],
  ['W/"x"', true],
  ['"y", "x"', true],
  ['"y",W/"x"', true],
  ['*', true],
  ['"y"', false],
  ['x', false],
  ['', false],
])('If-None-Match: %s against the tag "x": %s', (ifNoneMatch, matches) => {
  expect(matchesEtag(ifNoneMatch, '"x"')).toBe(matches);
});

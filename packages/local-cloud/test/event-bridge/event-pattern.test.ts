import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  InvalidEventPatternError,
  matchesEventPattern,
  validateEventPattern,
} from '../../src/event-bridge/event-pattern.ts';
import { eventPatternCases, sources } from './event-pattern-cases.ts';

const event = {
  source: 'airline.seats',
  'detail-type': 'SeatReleased',
  resources: ['arn:a', 'arn:b'],
  detail: {
    reason: 'payment-failed',
    amountMinor: 12900,
    ratio: 0.5,
    paid: true,
    gate: null,
    ip: '10.0.3.7',
    ip6: '2001:db8::17',
    path: 'a/b*c\\d.jar',
    tags: [],
    seats: [
      { row: 12, letter: 'A' },
      { row: 14, letter: 'F', exit: true },
    ],
    passenger: { name: 'Ada' },
  },
};

const matching: [sentence: string, pattern: object][] = [
  ['a string is one of the listed ones', { source: ['airline.bookings', 'airline.seats'] }],
  ['a number is equal by value', { detail: { amountMinor: [129e2], ratio: [0.5] } }],
  ['a boolean and a null are values', { detail: { paid: [true], gate: [null] } }],
  ['an array has one of the listed elements', { resources: ['arn:b'] }],
  ['prefix', { source: [{ prefix: 'airline.' }] }],
  ['prefix, ignoring case', { source: [{ prefix: { 'equals-ignore-case': 'AIRLINE' } }] }],
  ['suffix', { 'detail-type': [{ suffix: 'Released' }] }],
  ['suffix, ignoring case', { 'detail-type': [{ suffix: { 'equals-ignore-case': 'released' } }] }],
  ['equals-ignore-case', { 'detail-type': [{ 'equals-ignore-case': 'SEATRELEASED' }] }],
  ['wildcard at both ends', { 'detail-type': [{ wildcard: '*at*' }] }],
  ['wildcard with a literal asterisk and backslash', { detail: { path: [{ wildcard: 'a/*\\*c\\\\d.jar' }] } }],
  ['anything-but a string', { source: [{ 'anything-but': 'airline.payments' }] }],
  ['anything-but a list', { detail: { reason: [{ 'anything-but': ['taken', 'expired'] }] } }],
  ['anything-but a number', { detail: { amountMinor: [{ 'anything-but': [1, 2] }] } }],
  ['anything-but a string, and the value is a number', { detail: { amountMinor: [{ 'anything-but': '12900' }] } }],
  ['anything-but an element, and the array has another one', { resources: [{ 'anything-but': 'arn:a' }] }],
  ['anything-but a prefix', { source: [{ 'anything-but': { prefix: 'aws.' } }] }],
  ['anything-but one of several suffixes', { source: [{ 'anything-but': { suffix: ['.payments', '.status'] } }] }],
  ['anything-but equals-ignore-case', { source: [{ 'anything-but': { 'equals-ignore-case': ['AIRLINE.STATUS'] } }] }],
  ['anything-but a wildcard', { source: [{ 'anything-but': { wildcard: '*.status' } }] }],
  ['numeric equality', { detail: { amountMinor: [{ numeric: ['=', 12900.0] }] } }],
  ['a numeric range with its bound', { detail: { amountMinor: [{ numeric: ['>', 0, '<=', 12900] }] } }],
  ['cidr of IPv4', { detail: { ip: [{ cidr: '10.0.0.0/16' }] } }],
  ['cidr of IPv6', { detail: { ip6: [{ cidr: '2001:db8::/32' }] } }],
  ['a field exists', { detail: { reason: [{ exists: true }] } }],
  ['a null exists', { detail: { gate: [{ exists: true }] } }],
  ['a field does not exist', { detail: { declineCode: [{ exists: false }] } }],
  ['a field of an absent object does not exist', { detail: { payment: { method: [{ exists: false }] } } }],
  ['an object is not a leaf node, so it does not exist', { detail: { passenger: [{ exists: false }] } }],
  ['an empty array has no value, so it does not exist', { detail: { tags: [{ exists: false }] } }],
  [
    'a field is absent, and the pattern allows absence or a value',
    { detail: { declineCode: [{ exists: false }, 'stolen'] } },
  ],
  [
    'a field has the value, and the pattern allows absence or the value',
    { detail: { reason: [{ exists: false }, 'payment-failed'] } },
  ],
  ['one element of an array matches the whole sub-pattern', { detail: { seats: { row: [14], letter: ['F'] } } }],
  ['one alternative of $or', { $or: [{ source: ['airline.status'] }, { detail: { paid: [true] } }] }],
  [
    '$or inside an object, beside another field',
    { detail: { gate: [null], $or: [{ ratio: [9] }, { passenger: { name: ['Ada'] } }] } },
  ],
  [
    'nested $or',
    {
      $or: [
        { source: ['x'] },
        { source: ['airline.seats'], $or: [{ 'detail-type': ['y'] }, { resources: ['arn:a'] }] },
      ],
    },
  ],
];

const notMatching: [sentence: string, pattern: object][] = [
  ['another string', { source: ['airline.payments'] }],
  ['one of two fields', { source: ['airline.seats'], 'detail-type': ['SeatBooked'] }],
  ['a number in a string', { detail: { amountMinor: ['12900'] } }],
  ['the string "true" for a boolean', { detail: { paid: ['true'] } }],
  ['an absent field', { detail: { declineCode: ['stolen'] } }],
  ['an absent field, by anything-but', { detail: { declineCode: [{ 'anything-but': 'stolen' }] } }],
  ['an absent field, by null', { detail: { declineCode: [null] } }],
  ['an object, by anything-but', { detail: { passenger: [{ 'anything-but': 'Ada' }] } }],
  ['a field of a string', { source: { name: ['airline.seats'] } }],
  ['an inherited property', { constructor: [{ exists: true }] }],
  ['prefix in another case', { source: [{ prefix: 'Airline' }] }],
  ['prefix of a number', { detail: { amountMinor: [{ prefix: '129' }] } }],
  ['wildcard that matches only a part', { source: [{ wildcard: '*.seat' }] }],
  ['wildcard with a question mark, which is a literal', { source: [{ wildcard: 'airline?seats' }] }],
  ['anything-but its value', { detail: { reason: [{ 'anything-but': ['taken', 'payment-failed'] }] } }],
  ['anything-but both elements of an array', { resources: [{ 'anything-but': ['arn:a', 'arn:b'] }] }],
  ['anything-but its prefix', { source: [{ 'anything-but': { prefix: ['aws.', 'air'] } }] }],
  ['anything-but in another case', { source: [{ 'anything-but': { 'equals-ignore-case': 'AIRLINE.seats' } }] }],
  ['outside a numeric range', { detail: { amountMinor: [{ numeric: ['>', 12900, '<', 99999] }] } }],
  ['numeric on a string', { detail: { reason: [{ numeric: ['>', 0] }] } }],
  ['outside a cidr', { detail: { ip: [{ cidr: '10.1.0.0/16' }] } }],
  ['cidr on a string that is not an address', { source: [{ cidr: '0.0.0.0/0' }] }],
  ['exists on an object', { detail: { passenger: [{ exists: true }] } }],
  ['exists on an absent field', { detail: { declineCode: [{ exists: true }] } }],
  ['absence of a present field', { detail: { reason: [{ exists: false }] } }],
  ['absence of a field that one element of an array has', { detail: { seats: { exit: [{ exists: false }] } } }],
  ['fields of two different elements of an array', { detail: { seats: { row: [12], letter: ['F'] } } }],
  ['no alternative of $or', { $or: [{ source: ['x'] }, { detail: { paid: [false] } }] }],
  [
    'one alternative of $or but not the field beside it',
    { source: ['x'], $or: [{ detail: { paid: [true] } }, { 'detail-type': ['y'] }] },
  ],
];

describe('matchesEventPattern', () => {
  test.each(matching)('matches: %s', (_, pattern) => {
    expect(matchesEventPattern(pattern, event)).toBe(true);
  });

  test.each(notMatching)('does not match: %s', (_, pattern) => {
    expect(matchesEventPattern(pattern, event)).toBe(false);
  });

  test("payments' rule for SeatReleased does not match the answer to its own PaymentFailed", () => {
    const reason = [{ 'anything-but': 'payment-failed' }];
    const pattern = { 'detail-type': ['SeatReleased'], detail: { data: { reason } } };
    const released = (reason: string) => ({ 'detail-type': 'SeatReleased', detail: { data: { reason } } });
    expect(matchesEventPattern(pattern, released('hold-expired'))).toBe(true);
    expect(matchesEventPattern(pattern, released('payment-failed'))).toBe(false);
  });
});

describe('validateEventPattern', () => {
  const mixed = 'Inside anything but list, either all values are number or string, mixed type is not supported';
  const refused: [pattern: unknown, reason: string][] = [
    ['text', 'Filter is not an object'],
    [[], 'Filter is not an object'],
    [{}, 'Empty objects are not allowed'],
    [{ detail: {} }, 'Empty objects are not allowed'],
    [{ source: 'airline.seats' }, '"source" must be an object or an array'],
    [{ detail: { reason: null } }, '"reason" must be an object or an array'],
    [{ source: [] }, 'Empty arrays are not allowed'],
    [{ source: [['airline.seats']] }, 'Match value must be String, number, true, false, or null'],
    [{ source: [{}] }, 'Match expression name not found'],
    [{ source: [{ prefix: 'a', suffix: 'b' }] }, 'Only one key allowed in match expression'],
    [{ source: [{ regex: '.*' }] }, 'Unrecognized match type regex'],
    [{ source: [{ toString: 'a' }] }, 'Unrecognized match type toString'],
    [{ source: [{ prefix: 5 }] }, 'prefix match pattern must be a string'],
    [{ source: [{ prefix: { suffix: 'a' } }] }, 'Unsupported prefix pattern: suffix'],
    [{ source: [{ wildcard: 'a**b' }] }, 'Consecutive wildcard characters at pos 2'],
    [{ source: [{ wildcard: 'a\\b' }] }, 'Invalid escape character at pos 2'],
    [{ source: [{ exists: 'yes' }] }, 'exists match pattern must be either true or false.'],
    [{ source: [{ 'anything-but': true }] }, 'Value of anything-but must be an array or single string/number value.'],
    [{ source: [{ 'anything-but': [] }] }, mixed],
    [{ source: [{ 'anything-but': ['a', 1] }] }, mixed],
    [{ source: [{ 'anything-but': [null] }] }, 'Inside anything but list, start|null|boolean is not supported.'],
    [{ source: [{ 'anything-but': { numeric: ['=', 1] } }] }, 'Unsupported anything-but pattern: numeric'],
    [{ source: [{ 'anything-but': { prefix: '' } }] }, 'Null prefix/suffix not allowed'],
    [{ source: [{ numeric: 5 }] }, 'Value of numeric must be an array.'],
    [{ source: [{ numeric: ['>', 'a'] }] }, 'Value of > must be numeric'],
    [{ source: [{ numeric: ['!=', 5] }] }, 'Unrecognized numeric range operator: !='],
    [{ source: [{ numeric: ['<', 5, '>', 0] }] }, 'Too many elements in numeric expression'],
    [{ source: [{ numeric: ['>', 5, '<', 5] }] }, 'Bottom must be less than top'],
    [
      { source: [{ cidr: '10.0.0.0/33' }] },
      "Malformed CIDR, one '/' required and a valid address before it: 10.0.0.0/33",
    ],
    [{ $or: { source: ['a'] } }, 'It must be an Array followed with $or.'],
    [{ $or: [{ source: ['a'] }] }, 'There must have at least 2 Objects in $or relationship.'],
    [{ $or: [{ source: ['a'] }, 'b'] }, 'Only JSON object is allowed in array of $or relationship.'],
    [
      { $or: [{ source: ['a'] }, { prefix: ['b'] }] },
      'prefix is Ruler reserved fieldName which cannot be used inside $or.',
    ],
  ];

  test.each(refused)('rejects %j: %s', (pattern, reason) => {
    expect(() => validateEventPattern(pattern)).toThrow(new InvalidEventPatternError(reason));
  });

  test('throws an error with the prefix of PutRule', () => {
    const reason = 'Event pattern is not valid. Reason: Empty arrays are not allowed';
    expect(() => validateEventPattern({ source: [] })).toThrow(reason);
  });
});

describe('the cases of event-ruler and AWS', () => {
  test.each(eventPatternCases)('$sentence: $answer ($source)', ({ pattern, event, answer, source }) => {
    expect(sources[source]).toContain('github.com');
    if (typeof answer === 'string') {
      expect(() => validateEventPattern(pattern)).toThrow(new InvalidEventPatternError(answer));
    } else {
      expect(matchesEventPattern(pattern, event!)).toBe(answer);
    }
  });
});

describe('a wildcard', () => {
  const letters = (length: number) =>
    fc.string({ unit: fc.constantFrom('a', 'b', '𠮷', '\\', '*'), maxLength: length });
  const escaped = (text: string): string => text.replaceAll(/[\\*]/g, String.raw`\$&`);

  /** Whether the parts occur in the text in their order, the first at its start and the last at its end: tries all. */
  function matchesParts(text: string, [first = '', ...others]: string[]): boolean {
    if (!text.startsWith(first)) return false;
    const rest = text.slice(first.length);
    if (others.length === 0) return rest === '';
    return Array.from({ length: rest.length + 1 }, (_, index) => rest.slice(index)).some((each) =>
      matchesParts(each, others),
    );
  }

  test('matches the texts that consist of its parts with anything between them', () => {
    const parts = fc
      .tuple(
        letters(2),
        fc.array(
          letters(2).filter((part) => part !== ''),
          { maxLength: 2 },
        ),
        letters(2),
      )
      .map(([first, middle, last]) => [first, ...middle, last]);
    const run = (patternParts: string[], text: string) => {
      const wildcard = patternParts.map(escaped).join('*');
      expect(matchesEventPattern({ a: [{ wildcard }] }, { a: text })).toBe(matchesParts(text, patternParts));
    };
    fc.assert(fc.property(parts, letters(8), run), { numRuns: 500 });
  });

  test.each([
    ['*a*a*a*b', 'a'.repeat(1_000_000)],
    [`*${'ab'.repeat(4)}*`, 'ab'.repeat(3).concat('b').repeat(100_000)],
    [`*${'a'.repeat(8)}b*`, 'a'.repeat(1_000_000)],
    [`*b${'a'.repeat(1000)}*`, 'a'.repeat(1_000_000)],
    [`x*y${'ab'.repeat(500)}c*`, `x${'ab'.repeat(500_000)}`],
  ])('takes linear time', (wildcard, text) => {
    const started = performance.now();
    expect(matchesEventPattern({ a: [{ wildcard }] }, { a: text })).toBe(false);
    // It takes some ten milliseconds. Backtracking takes longer than anyone waits.
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

test('the time for arrays of objects does not multiply', () => {
  const array = Array.from({ length: 200 }, (_, index) => ({ a: 1, b: index, c: 1 }));
  const event = Object.fromEntries(['p', 'q', 'r', 's', 't', 'u'].map((name) => [name, array]));
  const pattern = Object.fromEntries(Object.keys(event).map((name) => [name, { a: [1], c: [1] }]));
  expect(matchesEventPattern({ ...pattern, u: { a: [1], b: [200] } }, event)).toBe(false);
  expect(matchesEventPattern({ ...pattern, u: { a: [1], b: [199] } }, event)).toBe(true);
});

test.each([
  [
    'two fields of each element',
    { x: ['q'], y: ['q'], z: [{ exists: false }] },
    (i: number) => ({ x: 'q', y: 'q', z: i }),
  ],
  ['a field that most elements lack', { x: ['q'], z: [{ exists: false }, 5] }, (i: number) => ({ x: 'q', z: i + 10 })],
  [
    'arrays in each element',
    { x: { k: ['q'] }, y: { k: ['q'] }, z: ['r'] },
    () => ({ x: Array(5).fill({ k: 'q' }), y: Array(5).fill({ k: 'q' }), z: 'q' }),
  ],
])('a long array of objects takes linear time: %s', (_, pattern, element) => {
  const started = performance.now();
  const long = { a: Array.from({ length: 10_000 }, (_, index) => element(index)) };
  expect(matchesEventPattern({ a: pattern }, long)).toBe(false);
  // It takes a tenth of a second. To compare each element with each takes a minute.
  expect(performance.now() - started).toBeLessThan(5000);
});

test('a pattern with too many combinations of alternatives is refused, not tried', () => {
  const $or = [{ x: [1] }, { y: [1] }];
  const pattern = (length: number) => Object.fromEntries(Array.from({ length }, (_, index) => [`f${index}`, { $or }]));
  expect(matchesEventPattern(pattern(9), {})).toBe(false);
  expect(() => validateEventPattern(pattern(50))).toThrow('combinations of $or alternatives');
});

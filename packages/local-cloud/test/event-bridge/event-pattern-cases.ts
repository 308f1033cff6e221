/** Whether a pattern matches an event, or the reason for which EventBridge refuses the pattern. */
export interface EventPatternCase {
  sentence: string;
  pattern: object;
  /** Not needed for a pattern that is refused. */
  event?: object;
  answer: boolean | string;
  source: keyof typeof sources;
}

/** Where the answers come from. */
export const sources = {
  /** The answer of `Machine.rulesForJSONEvent`, or of `JsonRuleCompiler.check` without overriding. */
  'event-ruler': 'https://github.com/aws/event-ruler at 337e8d9, run with pattern and event',
  /** As above, with `MachineComplexityEvaluator` and a limit of 10. */
  complexity: 'https://github.com/aws/event-ruler at 337e8d9, and its README on complexity',
  'vals-ai/Valkyrie#278': 'https://github.com/vals-ai/Valkyrie/pull/278: AWS accepted three entries and refused four',
} as const;

const tooComplex =
  'Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard ' +
  'character';
const twice = (path: string): string => `Path \`${path}\` cannot be allowed multiple times`;
const stacks = (...names: string[]): object => ({
  detail: { 'stack-id': names.map((name) => ({ wildcard: `*:stack/${name}/*` })) },
});
const wildcard = (...patterns: string[]): object => ({
  detail: { path: patterns.map((each) => ({ wildcard: each })) },
});
const seats = (...elements: object[]): object => ({ detail: { seats: elements } });

export const eventPatternCases: EventPatternCase[] = [
  // $or beside fields of the same array
  {
    sentence: '$or beside a field of an array: another element has the alternative',
    pattern: { detail: { seats: { row: [12], $or: [{ letter: ['A'] }, { exit: [true] }] } } },
    event: seats({ row: 12, letter: 'F' }, { row: 14, letter: 'A' }),
    answer: false,
    source: 'event-ruler',
  },
  {
    sentence: '$or beside a field of an array: the same element has the alternative',
    pattern: { detail: { seats: { row: [12], $or: [{ letter: ['A'] }, { exit: [true] }] } } },
    event: seats({ row: 14 }, { row: 12, exit: true }),
    answer: true,
    source: 'event-ruler',
  },
  {
    sentence: '$or above an array: each alternative needs one element',
    pattern: { $or: [{ detail: { seats: { row: [12], letter: ['A'] } } }, { detail: { seats: { exit: [true] } } }] },
    event: seats({ row: 12, letter: 'F' }, { row: 14, letter: 'A' }),
    answer: false,
    source: 'event-ruler',
  },
  {
    sentence: 'nested $or in an array: fields of two elements',
    pattern: { detail: { seats: { $or: [{ row: [1] }, { row: [12], $or: [{ letter: ['A'] }, { exit: [true] }] }] } } },
    event: seats({ row: 12 }, { letter: 'A' }),
    answer: false,
    source: 'event-ruler',
  },
  {
    sentence: 'two arrays: each has an element',
    pattern: { detail: { seats: { row: [12] }, bags: { kg: [20] } } },
    event: { detail: { seats: [{ row: 1 }, { row: 12 }], bags: [{ kg: 20 }, { kg: 5 }] } },
    answer: true,
    source: 'event-ruler',
  },
  {
    sentence: 'an array in an array: fields of one inner element',
    pattern: { detail: { legs: { seats: { row: [12], letter: ['A'] } } } },
    event: { detail: { legs: [{ seats: [{ row: 12 }, { letter: 'A' }] }, { seats: [{ row: 12, letter: 'F' }] }] } },
    answer: false,
    source: 'event-ruler',
  },
  {
    sentence: 'an array in an array: fields of one outer element, the inner one is not shared',
    pattern: { detail: { legs: { from: ['AMS'], seats: { row: [12] } } } },
    event: { detail: { legs: [{ from: 'AMS', seats: [{ row: 1 }, { row: 12 }] }] } },
    answer: true,
    source: 'event-ruler',
  },
  {
    sentence: 'values directly in an array belong to no element',
    pattern: { detail: { a: [1], b: [2] } },
    event: { detail: [{ a: [0, 1], b: [2, 3] }] },
    answer: true,
    source: 'event-ruler',
  },
  {
    sentence: 'arrays directly in an array are elements of it',
    pattern: { detail: { a: { x: [1], y: [2] } } },
    event: { detail: { a: [[{ x: 1 }], [{ y: 2 }]] } },
    answer: false,
    source: 'event-ruler',
  },

  // exists: false in arrays of objects
  {
    sentence: 'exists: false after a field of the same element: another element has it',
    pattern: { detail: { seats: { letter: ['A'], row: [{ exists: false }] } } },
    event: seats({ letter: 'A' }, { letter: 'F', row: 12 }),
    answer: true,
    source: 'event-ruler',
  },
  {
    sentence: 'exists: false after a field of the same element: that element has it',
    pattern: { detail: { seats: { letter: ['A'], row: [{ exists: false }] } } },
    event: seats({ letter: 'A', row: 1 }, { letter: 'F' }),
    answer: false,
    source: 'event-ruler',
  },
  {
    sentence: 'exists: false before a field of the same element: any element that has it counts',
    pattern: { detail: { seats: { exit: [{ exists: false }], row: [12] } } },
    event: seats({ row: 12 }, { exit: true, row: 14 }),
    answer: false,
    source: 'event-ruler',
  },
  {
    sentence: 'exists: false and a value: the element with the value',
    pattern: { detail: { seats: { letter: ['A'], row: [{ exists: false }, 12] } } },
    event: seats({ letter: 'A', row: 12 }),
    answer: true,
    source: 'event-ruler',
  },
  {
    sentence: 'exists: false in an alternative of $or, in the same element',
    pattern: { detail: { seats: { letter: ['A'], $or: [{ row: [{ exists: false }] }, { row: [1] }] } } },
    event: seats({ letter: 'A', row: 2 }, { letter: 'F' }),
    answer: false,
    source: 'event-ruler',
  },
  {
    sentence: 'exists: false of a field in an empty array',
    pattern: { detail: { seats: { row: [{ exists: false }] } } },
    event: seats(),
    answer: true,
    source: 'event-ruler',
  },
  {
    sentence: 'exists: false of an array that has an empty object only',
    pattern: { detail: { seats: [{ exists: false }] } },
    event: seats({}),
    answer: true,
    source: 'event-ruler',
  },
  {
    sentence: 'exists: true of an array that has objects only',
    pattern: { detail: { seats: [{ exists: true }] } },
    event: seats({ row: 1 }),
    answer: false,
    source: 'event-ruler',
  },

  // Names with dots
  ...[{ detail: { a: { b: { c: 1 } } } }, { detail: { 'a.b': { c: 1 } } }, { 'detail.a.b.c': 1 }].map(
    (event): EventPatternCase => ({
      sentence: `a name with a dot in the pattern, and the event ${JSON.stringify(event)}`,
      pattern: { detail: { a: { 'b.c': [1] } } },
      event,
      answer: true,
      source: 'event-ruler',
    }),
  ),
  {
    sentence: 'a name with a dot in the event only',
    pattern: { detail: { a: { b: [1] } } },
    event: { detail: { 'a.b': 1 } },
    answer: true,
    source: 'event-ruler',
  },
  {
    sentence: 'exists: false, and a name with a dot has the field',
    pattern: { detail: { a: { b: [{ exists: false }] } } },
    event: { detail: { 'a.b': 1 } },
    answer: false,
    source: 'event-ruler',
  },
  {
    sentence: 'a field in two ways of writing its path',
    pattern: { 'detail.a': [1], detail: { a: [2] } },
    answer: twice('detail.a'),
    source: 'event-ruler',
  },

  // A path inside and beside $or
  {
    sentence: 'a path before $or and in it',
    pattern: { source: ['a'], $or: [{ source: ['b'] }, { detail: { x: [1] } }] },
    answer: twice('source'),
    source: 'event-ruler',
  },
  {
    sentence: 'a path in $or and after it',
    pattern: { $or: [{ detail: { x: [1] } }, { source: ['b'] }], source: ['a'] },
    answer: twice('source'),
    source: 'event-ruler',
  },
  {
    sentence: 'a path in $or and in a nested $or',
    pattern: { $or: [{ source: ['a'], $or: [{ source: ['b'] }, { x: [1] }] }, { y: [1] }] },
    answer: twice('source'),
    source: 'event-ruler',
  },
  {
    sentence: 'a path in two alternatives',
    pattern: { $or: [{ source: ['a'] }, { source: ['b'] }] },
    event: { source: 'b' },
    answer: true,
    source: 'event-ruler',
  },

  // Wildcards
  ...(
    [
      ['a*a', 'a', false],
      ['a*a', 'aa', true],
      ['*', '', true],
      ['', '', true],
      ['a*b*b', 'ab', false],
      ['*ab*ba*', 'aba', false],
      ['*ab*ba*', 'xabbay', true],
      ['*aab*', 'aaaab', true],
      ['\\*a', '*a', true],
      ['\\*a', 'ba', false],
      ['*𠮷*', 'x𠮷y', true],
      ['é*', 'e\u0301', false],
    ] as const
  ).map(([pattern, path, answer]): EventPatternCase => ({
    sentence: `the wildcard ${pattern} and the value ${JSON.stringify(path)}`,
    pattern: wildcard(pattern),
    event: { detail: { path } },
    answer,
    source: 'event-ruler',
  })),
  {
    sentence: 'two asterisks in a row',
    pattern: wildcard('a**'),
    // event-ruler counts the position from the quote before the text.
    answer: 'Consecutive wildcard characters at pos 2',
    source: 'event-ruler',
  },
  {
    sentence: 'an escape of another character',
    pattern: wildcard('ab\\c'),
    answer: 'Invalid escape character at pos 3',
    source: 'event-ruler',
  },
  {
    sentence: 'a negated list with two asterisks in a row',
    pattern: { detail: { path: [{ 'anything-but': { wildcard: ['a', '**'] } }] } },
    answer: 'Consecutive wildcard characters at pos 1',
    source: 'event-ruler',
  },
  ...(
    [
      ['*a*a*a*b', false],
      ['*a*a*a*a*', false],
      ['*a*a*a*a*a*', true],
      ['*aaaaaaaa', false],
      ['*aaaaaaaaaa', true],
      ['*abcdefghijklmnopqrstuvwxyz', false],
      ['aaaaaaaaaaaaaaaaaaaaaaaaaaaa*', false],
      ['*éééééééé', false],
      ['*éééééééééé', true],
    ] as const
  ).map(([pattern, isRefused]): EventPatternCase => ({
    sentence: `the complexity of ${pattern}`,
    pattern: wildcard(pattern),
    event: { detail: { path: 'no match' } },
    answer: isRefused ? tooComplex : false,
    source: 'complexity',
  })),
  {
    sentence: 'the complexity of several wildcards is added up',
    pattern: wildcard('*a*a*', '*b*', '*a*b*'),
    answer: tooComplex,
    source: 'complexity',
  },
  {
    sentence: 'wildcards of two fields are not added up',
    pattern: { detail: { a: [{ wildcard: '*a*a*a*' }], b: [{ wildcard: '*a*a*a*' }] } },
    event: { detail: { a: 'aaa', b: 'aaa' } },
    answer: true,
    source: 'complexity',
  },
  {
    sentence: 'the alternatives of $or for one field are added up',
    pattern: { $or: [{ detail: { a: [{ wildcard: '*a*a*a*' }] } }, { detail: { a: [{ wildcard: '*a*a*b*' }] } }] },
    answer: tooComplex,
    source: 'complexity',
  },
  {
    sentence: 'the complexity of a negated wildcard',
    pattern: { detail: { a: [{ 'anything-but': { wildcard: '*a*a*a*a*a*' } }] } },
    answer: tooComplex,
    source: 'complexity',
  },
  {
    sentence: 'three wildcards that AWS accepted',
    pattern: stacks('ApiStack', 'WebStack', 'JobStack'),
    event: { detail: { 'stack-id': 'arn:aws:cloudformation:us-east-1:1:stack/WebStack/1' } },
    answer: true,
    source: 'vals-ai/Valkyrie#278',
  },
  {
    sentence: 'four wildcards that AWS refused',
    pattern: stacks('ApiStack', 'WebStack', 'JobStack', 'MonitoringStack'),
    answer: tooComplex,
    source: 'vals-ai/Valkyrie#278',
  },

  // Values
  {
    sentence: 'a string of digits is no number',
    pattern: { detail: { amount: [100] } },
    event: { detail: { amount: '100' } },
    answer: false,
    source: 'event-ruler',
  },
  {
    sentence: 'anything-but a number, and the value is a boolean',
    pattern: { detail: { amount: [{ 'anything-but': 100 }] } },
    event: { detail: { amount: true } },
    answer: true,
    source: 'event-ruler',
  },
  {
    sentence: 'prefix and suffix of characters beyond the Basic Multilingual Plane',
    pattern: { detail: { name: [{ prefix: '𠮷' }], city: [{ suffix: '🛫' }] } },
    event: { detail: { name: '𠮷田', city: 'Ada 🛫' } },
    answer: true,
    source: 'event-ruler',
  },
  {
    sentence: 'a name that objects inherit',
    pattern: { detail: { __proto__x: [{ exists: false }], constructor: [{ exists: false }] } },
    event: { detail: {} },
    answer: true,
    source: 'event-ruler',
  },
  {
    sentence: 'the name __proto__',
    pattern: JSON.parse('{"detail":{"__proto__":{"a":[1]}}}') as object,
    event: JSON.parse('{"detail":{"__proto__":{"a":1}}}') as object,
    answer: true,
    source: 'event-ruler',
  },
];

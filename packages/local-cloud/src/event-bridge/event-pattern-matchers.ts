import { BlockList, isIP } from 'node:net';

export type JsonObject = Record<string, unknown>;
/** Tests one value of an event: a string, a number, a boolean or null. */
export type ValueTest = (value: unknown) => boolean;

/** The test of one field. The field matches when one of the values matches. */
export interface FieldTest {
  /** Names joined by dots. A name with dots is no different from nested names. */
  path: string;
  /** True for `{"exists": false}`: the field may be absent. */
  absent: boolean;
  values: ValueTest[];
  /** The values as in the pattern. */
  source: readonly unknown[];
}

/** A pattern that EventBridge would reject. The message is the same as PutRule's. */
export class InvalidEventPatternError extends Error {
  override readonly name = 'InvalidEventPatternError';

  constructor(reason: string) {
    super(`Event pattern is not valid. Reason: ${reason}`);
  }
}

const matchers: Record<string, (operand: unknown) => ValueTest> = {
  exactly: (operand) => equals(text('exactly', operand)),
  prefix: (operand) =>
    isJsonObject(operand) ? caseless('prefix', operand, startsWith) : startsWith(text('prefix', operand)),
  suffix: (operand) =>
    isJsonObject(operand) ? caseless('suffix', operand, endsWith) : endsWith(text('suffix', operand)),
  'equals-ignore-case': (operand) => equalsIgnoreCase(text('equals-ignore-case', operand)),
  wildcard: (operand) => wildcard(text('wildcard', operand)),
  'anything-but': anythingBut,
  numeric,
  cidr,
  exists: (operand) => {
    if (operand !== true) throw new InvalidEventPatternError('exists match pattern must be either true or false.');
    return () => true;
  },
};
export const matcherNames = new Set(Object.keys(matchers));

export function compileMatcher(name: string, operand: unknown): ValueTest {
  const compile = Object.hasOwn(matchers, name) ? matchers[name] : undefined;
  if (compile === undefined) throw new InvalidEventPatternError(`Unrecognized match type ${name}`);
  return compile(operand);
}

export const equals =
  (expected: unknown): ValueTest =>
  (value) =>
    value === expected;
const startsWith = (prefix: string): ValueTest => onText((value) => value.startsWith(prefix));
const endsWith = (suffix: string): ValueTest => onText((value) => value.endsWith(suffix));

function equalsIgnoreCase(expected: string): ValueTest {
  const folded = expected.toLowerCase();
  return onText((value) => value.toLowerCase() === folded);
}

/** `{"prefix": {"equals-ignore-case": "Ab"}}`, and the same for suffix. */
function caseless(name: 'prefix' | 'suffix', operand: JsonObject, test: (expected: string) => ValueTest): ValueTest {
  const [modifier, expected] = onlyEntry(operand);
  if (modifier !== 'equals-ignore-case') throw new InvalidEventPatternError(`Unsupported ${name} pattern: ${modifier}`);
  const folded = test(text('equals-ignore-case', expected).toLowerCase());
  return onText((value) => folded(value.toLowerCase()));
}

/**
 * `*` matches any characters. `\*` and `\\` match a literal asterisk and backslash. The time is linear in the length of
 * the value: each part between two asterisks matches at its first place after the part before it.
 */
function wildcard(pattern: string): ValueTest {
  const parts = [''];
  for (let i = 0; i < pattern.length; i++) {
    let character = pattern.charAt(i);
    if (character === '*') {
      if (pattern[i + 1] === '*')
        throw new InvalidEventPatternError(`Consecutive wildcard characters at pos ${bytesBefore(pattern, i)}`);
      parts.push('');
      continue;
    }
    if (character === '\\') {
      character = pattern.charAt(++i);
      if (character !== '*' && character !== '\\')
        throw new InvalidEventPatternError(`Invalid escape character at pos ${bytesBefore(pattern, i - 1)}`);
    }
    parts[parts.length - 1] += character;
  }
  const first = parts.shift()!;
  const last = parts.pop();
  if (last === undefined) return equals(first);
  const searches = parts.map(search);
  return onText((value) => {
    if (value.length < first.length + last.length || !value.startsWith(first) || !value.endsWith(last)) return false;
    let position: number | undefined = first.length;
    for (const find of searches) {
      position = find(value, position, value.length - last.length);
      if (position === undefined) return false;
    }
    return true;
  });
}

/** event-ruler counts positions in bytes of UTF-8, and the quote before the text. */
const bytesBefore = (pattern: string, index: number): number => 1 + Buffer.byteLength(pattern.slice(0, index));

type Search = (text: string, start: number, end: number) => number | undefined;

/**
 * Finds the first place of `part` in text.slice(start, end), and returns the position after it. The algorithm is that
 * of Knuth, Morris and Pratt, since String.prototype.indexOf needs quadratic time for some texts.
 */
function search(part: string): Search {
  /** For each length of a match, the length of its longest proper suffix that is a prefix of `part` too. */
  const shorter = [0];
  const extend = (matched: number, character: string): number => {
    let length = matched;
    while (length > 0 && part[length] !== character) length = shorter[length - 1]!;
    return part[length] === character ? length + 1 : 0;
  };
  for (let length = 1; length < part.length; length++) shorter.push(extend(shorter[length - 1]!, part[length]!));
  return (text, start, end) => {
    let matched = 0;
    for (let position = start; position < end; position++) {
      matched = extend(matched, text[position]!);
      if (matched === part.length) return position + 1;
    }
    return undefined;
  };
}

const negatable: Record<string, (expected: string) => ValueTest> = {
  prefix: startsWith,
  suffix: endsWith,
  'equals-ignore-case': equalsIgnoreCase,
  wildcard,
};

function anythingBut(operand: unknown): ValueTest {
  if (isJsonObject(operand)) {
    const [name, expected] = onlyEntry(operand);
    const test = Object.hasOwn(negatable, name) ? negatable[name] : undefined;
    if (test === undefined) throw new InvalidEventPatternError(`Unsupported anything-but pattern: ${name}`);
    const refused = (Array.isArray(expected) ? expected : [expected]).map((value: unknown) => {
      if (value === '' && (name === 'prefix' || name === 'suffix')) {
        throw new InvalidEventPatternError('Null prefix/suffix not allowed');
      }
      return test(text(name, value));
    });
    return (value) => !refused.some((matches) => matches(value));
  }
  const refused: unknown[] = Array.isArray(operand) ? operand : [operand];
  if (!Array.isArray(operand) && typeof operand !== 'string' && typeof operand !== 'number') {
    throw new InvalidEventPatternError('Value of anything-but must be an array or single string/number value.');
  }
  if (refused.some((value) => typeof value !== 'string' && typeof value !== 'number')) {
    throw new InvalidEventPatternError('Inside anything but list, start|null|boolean is not supported.');
  }
  if (new Set(refused.map((value) => typeof value)).size !== 1) {
    const reason = 'Inside anything but list, either all values are number or string, mixed type is not supported';
    throw new InvalidEventPatternError(reason);
  }
  return (value) => !refused.includes(value);
}

/** `["=", 5]`, `["<", 10]`, or a range with its lower bound first: `[">", 0, "<=", 5]`. */
function numeric(operand: unknown): ValueTest {
  if (!Array.isArray(operand)) throw new InvalidEventPatternError('Value of numeric must be an array.');
  const [operator, bound, upperOperator, upperBound, ...more] = operand as unknown[];
  if (typeof operator !== 'string') {
    throw new InvalidEventPatternError(`Invalid member in numeric match: ${JSON.stringify(operator)}`);
  }
  const first = comparison(operator, bound);
  if (operand.length <= 2) return onNumber(first);
  if (operator !== '>' && operator !== '>=')
    throw new InvalidEventPatternError('Too many elements in numeric expression');
  if (upperOperator !== '<' && upperOperator !== '<=') {
    throw new InvalidEventPatternError(`Bad numeric range operator: ${String(upperOperator)}`);
  }
  const second = comparison(upperOperator, upperBound);
  if (more.length > 0) throw new InvalidEventPatternError('Too many terms in numeric range expression');
  if ((bound as number) >= (upperBound as number)) throw new InvalidEventPatternError('Bottom must be less than top');
  return onNumber((value) => first(value) && second(value));
}

function comparison(operator: string, bound: unknown): (value: number) => boolean {
  if (typeof bound !== 'number') throw new InvalidEventPatternError(`Value of ${operator} must be numeric`);
  switch (operator) {
    case '=':
      return (value) => value === bound;
    case '<':
      return (value) => value < bound;
    case '<=':
      return (value) => value <= bound;
    case '>':
      return (value) => value > bound;
    case '>=':
      return (value) => value >= bound;
    default:
      throw new InvalidEventPatternError(`Unrecognized numeric range operator: ${operator}`);
  }
}

function cidr(operand: unknown): ValueTest {
  const block = text('cidr', operand);
  const [address = '', mask, ...more] = block.split('/');
  const family = isIP(address);
  const bits = Number(mask);
  if (family === 0 || !/^\d{1,3}$/.test(mask ?? '') || more.length > 0 || bits > (family === 4 ? 32 : 128)) {
    throw new InvalidEventPatternError(`Malformed CIDR, one '/' required and a valid address before it: ${block}`);
  }
  const network = new BlockList();
  network.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6');
  return onText((value) => isIP(value) === family && network.check(value, family === 4 ? 'ipv4' : 'ipv6'));
}

const onText =
  (test: (value: string) => boolean): ValueTest =>
  (value) =>
    typeof value === 'string' && test(value);

const onNumber =
  (test: (value: number) => boolean): ValueTest =>
  (value) =>
    typeof value === 'number' && test(value);

function text(name: string, operand: unknown): string {
  if (typeof operand !== 'string') throw new InvalidEventPatternError(`${name} match pattern must be a string`);
  return operand;
}

/** The name and the operand of a matcher such as `{"prefix": "a"}`. */
export function onlyEntry(matcher: JsonObject): [string, unknown] {
  const [entry, ...more] = Object.entries(matcher);
  if (entry === undefined) throw new InvalidEventPatternError('Match expression name not found');
  if (more.length > 0) throw new InvalidEventPatternError('Only one key allowed in match expression');
  return entry;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

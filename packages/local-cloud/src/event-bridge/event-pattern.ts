import {
  compileMatcher,
  equals,
  InvalidEventPatternError,
  isJsonObject,
  matcherNames,
  onlyEntry,
} from './event-pattern-matchers.ts';
import type { JsonObject, ValueTest } from './event-pattern-matchers.ts';

export { InvalidEventPatternError } from './event-pattern-matchers.ts';

/**
 * @throws InvalidEventPatternError
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
 */
export function validateEventPattern(pattern: unknown): void {
  compilePattern(pattern);
}

/**
 * Whether a rule with this pattern matches the event. The semantics are those of https://github.com/aws/event-ruler,
 * which EventBridge uses.
 * @throws InvalidEventPatternError
 */
export function matchesEventPattern(pattern: object, event: object): boolean {
  let compiled = compiledPatterns.get(pattern);
  if (compiled === undefined) {
    compiled = compilePattern(pattern);
    compiledPatterns.set(pattern, compiled);
  }
  return matchesObject(compiled, event, new PresentFields(event));
}

const compiledPatterns = new WeakMap<object, ObjectTest>();

interface FieldTest {
  path: string;
  /** True for `{"exists": false}`: the field may be absent. */
  absent: boolean;
  values: ValueTest[];
}

/** Matches when all fields match, and at least one alternative of each `$or`. */
interface ObjectTest {
  fields: [name: string, test: FieldTest | ObjectTest][];
  alternatives: ObjectTest[][];
}

function compilePattern(pattern: unknown): ObjectTest {
  if (!isJsonObject(pattern)) throw new InvalidEventPatternError('Filter is not an object');
  return compileObject(pattern, '', false);
}

function compileObject(pattern: JsonObject, path: string, insideOr: boolean): ObjectTest {
  const names = Object.keys(pattern);
  if (names.length === 0) throw new InvalidEventPatternError('Empty objects are not allowed');
  const test: ObjectTest = { fields: [], alternatives: [] };
  for (const name of names) {
    const value = pattern[name];
    if (name === '$or') {
      test.alternatives.push(compileOr(value, path));
    } else if (insideOr && matcherNames.has(name)) {
      throw new InvalidEventPatternError(`${name} is Ruler reserved fieldName which cannot be used inside $or.`);
    } else if (Array.isArray(value)) {
      test.fields.push([name, compileField(value, fieldPath(path, name))]);
    } else if (isJsonObject(value)) {
      test.fields.push([name, compileObject(value, fieldPath(path, name), insideOr)]);
    } else {
      throw new InvalidEventPatternError(`"${name}" must be an object or an array`);
    }
  }
  return test;
}

function compileOr(value: unknown, path: string): ObjectTest[] {
  if (!Array.isArray(value)) throw new InvalidEventPatternError('It must be an Array followed with $or.');
  if (value.length < 2) throw new InvalidEventPatternError('There must have at least 2 Objects in $or relationship.');
  return value.map((alternative) => {
    if (!isJsonObject(alternative)) {
      throw new InvalidEventPatternError('Only JSON object is allowed in array of $or relationship.');
    }
    return compileObject(alternative, path, true);
  });
}

function compileField(values: unknown[], path: string): FieldTest {
  if (values.length === 0) throw new InvalidEventPatternError('Empty arrays are not allowed');
  const test: FieldTest = { path, absent: false, values: [] };
  for (const value of values) {
    if (isJsonObject(value)) {
      const [name, operand] = onlyEntry(value);
      if (name === 'exists' && operand === false) test.absent = true;
      else test.values.push(compileMatcher(name, operand));
    } else if (Array.isArray(value)) {
      throw new InvalidEventPatternError('Match value must be String, number, true, false, or null');
    } else {
      test.values.push(equals(value));
    }
  }
  return test;
}

/** An array of objects matches when one of its elements matches the whole pattern. */
function matchesObject(test: ObjectTest, value: unknown, present: PresentFields): boolean {
  const satisfies = (candidate: JsonObject) =>
    test.fields.every(([name, field]) => {
      const child = Object.hasOwn(candidate, name) ? candidate[name] : undefined;
      return 'path' in field ? matchesField(field, child, present) : matchesObject(field, child, present);
    }) && test.alternatives.every((some) => some.some((alternative) => matchesObject(alternative, candidate, present)));
  // An absent object matches a pattern that consists of `{"exists": false}` only.
  return flattened(value).filter(isJsonObject).some(satisfies) || satisfies({});
}

function matchesField(test: FieldTest, value: unknown, present: PresentFields): boolean {
  if (test.absent && !present.has(test.path)) return true;
  return flattened(value).some((leaf) => isValue(leaf) && test.values.some((matches) => matches(leaf)));
}

/** The paths of the event's values. Objects and empty arrays do not count: `exists` applies to leaf nodes only. */
class PresentFields {
  private paths: Set<string> | undefined;
  private readonly event: object;

  constructor(event: object) {
    this.event = event;
  }

  has(path: string): boolean {
    if (this.paths === undefined) {
      this.paths = new Set();
      this.collect(this.event, '', this.paths);
    }
    return this.paths.has(path);
  }

  private collect(value: unknown, path: string, paths: Set<string>): void {
    for (const item of flattened(value)) {
      if (!isJsonObject(item)) paths.add(path);
      else for (const [name, child] of Object.entries(item)) this.collect(child, fieldPath(path, name), paths);
    }
  }
}

const fieldPath = (parent: string, name: string): string => `${parent}\u0000${name}`;

const flattened = (value: unknown): unknown[] => (Array.isArray(value) ? (value.flat(Infinity) as unknown[]) : [value]);

const isValue = (leaf: unknown): boolean => leaf !== undefined && !isJsonObject(leaf);

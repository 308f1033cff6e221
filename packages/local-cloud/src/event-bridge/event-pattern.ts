import {
  compileMatcher,
  equals,
  InvalidEventPatternError,
  isJsonObject,
  matcherNames,
  onlyEntry,
} from './event-pattern-matchers.ts';
import type { FieldTest, JsonObject } from './event-pattern-matchers.ts';
import { refuseComplexWildcards } from './wildcard-complexity.ts';

export { InvalidEventPatternError } from './event-pattern-matchers.ts';

/** The default quota for a rule. An account may raise it to 4,096. */
const MAX_CHARACTERS = 2048;

/**
 * Checks the pattern of a rule or an archive.
 * @throws InvalidEventPatternError
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
 */
export function validateEventPattern(pattern: unknown): void {
  const { length } = JSON.stringify(pattern);
  if (length > MAX_CHARACTERS)
    throw new InvalidEventPatternError(`It has ${length} characters; EventBridge allows ${MAX_CHARACTERS}`);
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
  const fields = collectFields(event, compiled.parents);
  return compiled.branches.some((branch) => matchesBranch(branch, fields));
}

const compiledPatterns = new WeakMap<object, CompiledPattern>();

interface CompiledPattern {
  /**
   * One for each combination of alternatives of the pattern's `$or`s. A branch matches when all its fields match, and
   * the pattern matches when a branch does. Fields are in the order of their paths.
   */
  branches: FieldTest[][];
  /** The paths of the branches' fields, and of everything above these. */
  parents: ReadonlySet<string>;
}

/** More combinations than a pattern of the largest size can need; it bounds time and memory. */
const MAX_BRANCHES = 1000;

function compilePattern(pattern: unknown): CompiledPattern {
  if (!isJsonObject(pattern)) throw new InvalidEventPatternError('Filter is not an object');
  const compiled = addObject([new Map()], pattern, '', false);
  const branches = compiled.map((branch) => [...branch.values()].sort((a, b) => (a.path < b.path ? -1 : 1)));
  refuseComplexWildcards(branches);
  const parents = new Set<string>();
  for (const { path } of branches.flat()) {
    for (let end = path.indexOf('.'); end >= 0; end = path.indexOf('.', end + 1)) parents.add(path.slice(0, end));
    parents.add(path);
  }
  return { branches, parents };
}

type Branch = ReadonlyMap<string, FieldTest>;

/** The branches with the fields of an object added. Each `$or` multiplies them by its alternatives. */
function addObject(branches: Branch[], pattern: JsonObject, parent: string, insideOr: boolean): Branch[] {
  const names = Object.keys(pattern);
  if (names.length === 0) throw new InvalidEventPatternError('Empty objects are not allowed');
  let added = branches;
  for (const name of names) {
    const value = pattern[name];
    if (name === '$or') {
      added = alternatives(value).flatMap((alternative) => addObject(added, alternative, parent, true));
      if (added.length > MAX_BRANCHES)
        throw new InvalidEventPatternError(
          `The pattern has more than ${MAX_BRANCHES} combinations of $or alternatives.`,
        );
    } else if (insideOr && matcherNames.has(name)) {
      throw new InvalidEventPatternError(`${name} is Ruler reserved fieldName which cannot be used inside $or.`);
    } else if (Array.isArray(value)) {
      const field = compileField(value, childPath(parent, name));
      added = added.map((branch) => addField(branch, field));
    } else if (isJsonObject(value)) {
      added = addObject(added, value, childPath(parent, name), insideOr);
    } else {
      throw new InvalidEventPatternError(`"${name}" must be an object or an array`);
    }
  }
  return added;
}

function alternatives(value: unknown): JsonObject[] {
  if (!Array.isArray(value)) throw new InvalidEventPatternError('It must be an Array followed with $or.');
  if (!value.every(isJsonObject))
    throw new InvalidEventPatternError('Only JSON object is allowed in array of $or relationship.');
  if (value.length < 2) throw new InvalidEventPatternError('There must have at least 2 Objects in $or relationship.');
  return value;
}

function addField(branch: Branch, field: FieldTest): Branch {
  if (branch.has(field.path))
    throw new InvalidEventPatternError(`Path \`${field.path}\` cannot be allowed multiple times`);
  return new Map(branch).set(field.path, field);
}

function compileField(source: unknown[], path: string): FieldTest {
  if (source.length === 0) throw new InvalidEventPatternError('Empty arrays are not allowed');
  const test: FieldTest = { path, absent: false, values: [], source };
  for (const value of source) {
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

/** The elements that a value is inside of: the index in each array, by the array's number in the event. */
type Membership = ReadonlyMap<number, number>;

/** A string, number, boolean or null of an event. An object has fields of its own, an empty array has none. */
interface EventField {
  value: unknown;
  membership: Membership;
}

type EventFields = ReadonlyMap<string, EventField[]>;

/** The fields of an event by path, without those that are not below one of the paths in `parents`. */
function collectFields(event: object, parents: ReadonlySet<string>): EventFields {
  const fields = new Map<string, EventField[]>();
  let arrays = 0;
  const collect = (value: unknown, path: string, membership: Membership): void => {
    if (Array.isArray(value)) {
      const array = arrays++;
      value.forEach((element, index) => {
        // Values directly in an array belong to no element: two values of one array may match two fields.
        const isNested = typeof element === 'object' && element !== null;
        collect(element, path, isNested ? new Map(membership).set(array, index) : membership);
      });
    } else if (isJsonObject(value)) {
      for (const name of Object.keys(value)) {
        const child = childPath(path, name);
        if (parents.has(child)) collect(value[name], child, membership);
      }
    } else {
      const known = fields.get(path);
      if (known) known.push({ value, membership });
      else fields.set(path, [{ value, membership }]);
    }
  };
  collect(event, '', new Map());
  return fields;
}

/**
 * Whether all fields match, those inside an array in the same element of it. Fields are decided in the order of their
 * paths, as in event-ruler: `{"exists": false}` regards only the array elements that the fields before it have matched.
 */
function matchesBranch(branch: readonly FieldTest[], fields: EventFields): boolean {
  let possible = new Map<string, Membership>([['', new Map()]]);
  for (const [position, test] of branch.entries()) {
    const present = fields.get(test.path) ?? [];
    const matching = present.filter(({ value }) => test.values.some((matches) => matches(value)));
    const later = arraysOf(branch.slice(position + 1), fields);
    // Arrays that neither the fields before nor later ones are inside of make no difference.
    const known = new Set(later);
    for (const membership of possible.values()) for (const array of membership.keys()) known.add(array);
    const [presentOnes, matchingOnes] = [elementTree(present, known), elementTree(matching, known)];
    const next = new Map<string, Membership>();
    const add = (membership: Membership): void => {
      const relevant = [...membership].filter(([array]) => later.has(array)).sort(([a], [b]) => a - b);
      next.set(relevant.join(' '), new Map(relevant));
    };
    for (const membership of possible.values()) {
      if (test.absent && joinable(presentOnes, membership).next().done) add(membership);
      for (const other of joinable(matchingOnes, membership)) add(new Map([...membership, ...other]));
    }
    if (next.size === 0) return false;
    possible = next;
  }
  return true;
}

function arraysOf(tests: readonly FieldTest[], fields: EventFields): ReadonlySet<number> {
  const arrays = new Set<number>();
  for (const { path } of tests)
    for (const { membership } of fields.get(path) ?? []) for (const array of membership.keys()) arrays.add(array);
  return arrays;
}

/** Memberships by their elements, the outermost array first. Each is there once. */
interface ElementTree {
  membership?: Membership;
  arrays: Map<number, Map<number, ElementTree>>;
}

/** The memberships of fields, without arrays that are not `known`. */
function elementTree(fields: readonly EventField[], known: ReadonlySet<number>): ElementTree {
  const root: ElementTree = { arrays: new Map() };
  for (const { membership } of fields) {
    const relevant = [...membership].filter(([array]) => known.has(array));
    let node = root;
    for (const [array, index] of relevant) {
      const elements = node.arrays.get(array) ?? new Map<number, ElementTree>();
      node.arrays.set(array, elements);
      const child = elements.get(index) ?? { arrays: new Map() };
      elements.set(index, child);
      node = child;
    }
    node.membership ??= new Map(relevant);
  }
  return root;
}

/**
 * The memberships that are in no other element of an array than this one. It goes straight to the element: to compare
 * all fields of an array with each other would take quadratic time.
 */
function* joinable(tree: ElementTree, membership: Membership): Generator<Membership, void> {
  if (tree.membership) yield tree.membership;
  for (const [array, elements] of tree.arrays) {
    const index = membership.get(array);
    const children = index === undefined ? elements.values() : [elements.get(index) ?? { arrays: new Map() }];
    for (const child of children) yield* joinable(child, membership);
  }
}

const childPath = (parent: string, name: string): string => (parent === '' ? name : `${parent}.${name}`);

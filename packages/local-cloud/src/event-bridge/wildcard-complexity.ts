import { InvalidEventPatternError, isJsonObject } from './event-pattern-matchers.ts';
import type { FieldTest } from './event-pattern-matchers.ts';

/** A pattern may have at most this complexity. event-ruler's README has it as example; AWS's answers agree with it. */
const MAX_COMPLEXITY = 10;
const ANY = -1;
const [QUOTE, ASTERISK, BACKSLASH] = Buffer.from('"*\\') as unknown as [number, number, number];

/**
 * Refuses patterns whose wildcards are expensive to match. The complexity of a field is the largest number of prefixes
 * of its wildcards that one value can match: `aa` matches the prefixes `*`, `*a`, `*a*` and `*a*a` of `*a*ab`.
 * @throws InvalidEventPatternError
 * @see https://github.com/aws/event-ruler MachineComplexityEvaluator
 */
export function refuseComplexWildcards(branches: readonly (readonly FieldTest[])[]): void {
  // Fields after equal fields are decided together, as in event-ruler, also if they are of different branches. A value
  // that several branches have counts for each of them.
  const groups = new Map<string, Map<string, string[]>>();
  for (const branch of branches) {
    let before = '';
    for (const { path, source, values } of branch) {
      const key = `${before}${JSON.stringify(path)}`;
      const group = groups.get(key) ?? new Map<string, string[]>();
      for (const value of source) {
        const texts = wildcardsOf(value);
        const name = JSON.stringify(value);
        if (texts.length > 0) group.set(name, [...(group.get(name) ?? []), ...texts]);
      }
      if (group.size > 0) groups.set(key, group);
      // event-ruler does not look behind a field that can only be absent.
      if (values.length === 0) break;
      before = `${key}${JSON.stringify(source)}`;
    }
  }
  for (const group of groups.values()) {
    if (complexity([...group.values()]) <= MAX_COMPLEXITY) continue;
    throw new InvalidEventPatternError(
      'Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a ' +
        'wildcard character',
    );
  }
}

/** The wildcards of a value: `{"wildcard": …}` has one, `{"anything-but": {"wildcard": …}}` may have several. */
function wildcardsOf(value: unknown): string[] {
  if (!isJsonObject(value)) return [];
  const { wildcard, 'anything-but': negated } = value;
  if (wildcard !== undefined) return [wildcard as string];
  return isJsonObject(negated) && negated.wildcard !== undefined
    ? [...new Set([negated.wildcard].flat() as string[])]
    : [];
}

/** A prefix of a wildcard. */
interface State {
  /** The states that follow with a byte. */
  literal: Map<number, Set<State>>;
  /** The state that follows with an asterisk. */
  any?: State;
  /** True for the state after an asterisk: every byte leads to it again. */
  loops: boolean;
}

/**
 * The largest number of prefixes that one value can match, or a number beyond the limit. Prefixes are counted in bytes
 * of UTF-8, with the quotes around a string.
 * @param values the wildcards of each value of the pattern
 */
function complexity(values: readonly string[][]): number {
  const start: State[] = values.map(automaton);
  const seen = new Set<string>();
  const numbers = new Map<State, number>();
  const numberOf = (state: State): number => {
    const known = numbers.get(state) ?? numbers.size;
    numbers.set(state, known);
    return known;
  };
  let largest = 0;
  for (const pending = [new Set(start)]; pending.length > 0;) {
    const active = pending.pop()!;
    const bytes = new Set([ANY]);
    for (const { literal } of active) for (const byte of literal.keys()) bytes.add(byte);
    for (const byte of bytes) {
      const next = new Set<State>();
      for (const state of active) {
        if (state.loops) next.add(state);
        for (const following of state.literal.get(byte) ?? []) {
          next.add(following);
          if (following.any) next.add(following.any);
        }
      }
      if (next.size > MAX_COMPLEXITY) return next.size;
      largest = Math.max(largest, next.size);
      const key = [...next]
        .map(numberOf)
        .sort((a, b) => a - b)
        .join();
      if (next.size > 0 && !seen.has(key)) pending.push(next);
      seen.add(key);
    }
  }
  return largest;
}

/** The state before the first byte of these wildcards. They share the states up to the first asterisk, and the last. */
function automaton(wildcards: readonly string[]): State {
  const newState = (loops = false): State => ({ literal: new Map(), loops });
  const start = newState();
  const last = newState();
  for (const wildcard of wildcards) {
    const bytes = tokens(wildcard);
    let state = start;
    let isShared = true;
    for (const [position, byte] of bytes.entries()) {
      if (byte === ANY) {
        const known: State | undefined = isShared ? state.any : undefined;
        state = state.any = known ?? newState(true);
        isShared = false;
        continue;
      }
      const following = state.literal.get(byte) ?? new Set<State>();
      const isLast = position === bytes.length - 1;
      const known: State | undefined = isShared ? [...following].find((each) => each !== last) : undefined;
      const next: State = isLast ? last : (known ?? newState());
      state.literal.set(byte, following.add(next));
      state = next;
    }
  }
  return start;
}

function tokens(wildcard: string): number[] {
  const bytes = Buffer.from(wildcard);
  const found: number[] = [QUOTE];
  for (let index = 0; index < bytes.length; index++) {
    if (bytes[index] === ASTERISK) found.push(ANY);
    else found.push(bytes[bytes[index] === BACKSLASH ? ++index : index]!);
  }
  return [...found, QUOTE];
}

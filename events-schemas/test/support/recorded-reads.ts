/** For tests: whether what a service declares of its reading is what it does. */
import type { AirlineEvent } from '../../src/events.ts';
import { isObject } from '../../src/is-object.ts';
import type { Reads } from '../../src/reads.ts';

/** Where a declaration and the code differ, each as `PaymentOk data.paidAt`. */
export interface Drift {
  /** Read, and not declared. */
  undeclared: string[];
  /** Declared, and read in no scenario. */
  unread: string[];
  /** Scenarios, by number, that end otherwise when events bring the declared fields only. */
  differing: number[];
}

/**
 * Runs scenarios with events that note which of their fields are read, and again with events that have only the declared ones.
 * @param run the service hears these events from its beginning on; returns all that it did: what it said and what it keeps
 */
export async function findDrift(
  reads: Reads,
  scenarios: readonly (readonly AirlineEvent[])[],
  run: (events: readonly AirlineEvent[]) => Promise<unknown>,
): Promise<Drift> {
  const declared = new Set(
    Object.entries(reads).flatMap(([type, paths]) => paths.map((path) => `${type} ${path.replace(/\?$/, '')}`)),
  );
  const seen = new Set<string>();
  const differing: number[] = [];
  for (const [index, events] of scenarios.entries()) {
    const outcome = await run(events.map((event) => watched(event, seen)));
    const only = await run(events.map((event) => onlyDeclared(event, declared)));
    if (JSON.stringify(outcome) !== JSON.stringify(only)) differing.push(index);
  }
  return {
    undeclared: [...seen].filter((path) => !declared.has(path)).sort(),
    unread: [...declared].filter((path) => !seen.has(path)).sort(),
    differing,
  };
}

/** The event with each field behind a getter that notes it. Getters, not a Proxy: what copies a value whole reads all of it. */
function watched({ type, metadata, data }: AirlineEvent, seen: Set<string>): AirlineEvent {
  const watch = (value: unknown, path: string): unknown => {
    if (Array.isArray(value)) return value.map((item) => watch(item, `${path}[]`));
    if (!isObject(value)) return value;
    const watchedObject = {};
    for (const [name, child] of Object.entries(value)) {
      const childPath = path === '' ? name : `${path}.${name}`;
      const inside = watch(child, childPath);
      Object.defineProperty(watchedObject, name, {
        enumerable: true,
        get: () => {
          if (isField(child)) seen.add(`${type} ${childPath}`);
          return inside;
        },
      });
    }
    return watchedObject;
  };
  const detail = watch({ metadata, data }, '') as Pick<AirlineEvent, 'metadata' | 'data'>;
  return { type, ...detail } as AirlineEvent;
}

function onlyDeclared({ type, metadata, data }: AirlineEvent, declared: ReadonlySet<string>): AirlineEvent {
  const reduce = (value: unknown, path: string): unknown => {
    if (Array.isArray(value)) return value.map((item) => reduce(item, `${path}[]`));
    if (!isObject(value)) return value;
    const kept = Object.entries(value).filter(([name, child]) => {
      const childPath = path === '' ? name : `${path}.${name}`;
      return !isField(child) || declared.has(`${type} ${childPath}`);
    });
    return Object.fromEntries(
      kept.map(([name, child]) => [name, reduce(child, path === '' ? name : `${path}.${name}`)]),
    );
  };
  return { type, ...(reduce({ metadata, data }, '') as object) } as AirlineEvent;
}

/** Holds no further fields: a scalar, or a list of scalars. */
function isField(value: unknown): boolean {
  return Array.isArray(value) ? value.every((item) => !isObject(item)) : !isObject(value);
}

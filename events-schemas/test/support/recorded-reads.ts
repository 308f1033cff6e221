/** Compares the fields that a service declares to read with those that it reads. */
import type { AirlineEvent } from '../../src/events.ts';
import { isObject } from '../../src/is-object.ts';
import type { Reads } from '../../src/reads.ts';

/** The differences between a declaration and the code. Fields are written as `PaymentOk data.paidAt`. */
export interface Drift {
  /** Fields that are read but not declared. */
  undeclared: string[];
  /** Fields that are declared but read in no scenario. */
  unread: string[];
  /** Indexes of scenarios whose outcome is different when events have only the declared fields. */
  differing: number[];
}

/**
 * Runs each scenario twice: with events that record which of their fields are read, and with events that have only the
 * declared fields.
 * @param run handles the events in a new service, and returns all effects: the published events and the stored records
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

/** The event with a getter for each field, which records the read. Unlike a Proxy, getters also record a whole copy. */
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
    // JSON text of the whole, for a digest, depends on every field and reads none. `differing` notices if such text
    // ends in an effect.
    Object.defineProperty(watchedObject, 'toJSON', { value: () => value });
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

/** Whether a value has no subfields: a scalar, or a list of scalars. */
function isField(value: unknown): boolean {
  return Array.isArray(value) ? value.every((item) => !isObject(item)) : !isObject(value);
}

import { invalidRequest, resourceMissing } from './api-error.ts';
import type { Ledger } from './ledger.ts';
import type { ApiObject } from './objects.ts';
import type { RequestParameters } from './request-parameters.ts';

/** The fields with the id of another object. `expand[]` replaces such an id by the object. */
const EXPANDABLE: Record<ApiObject['object'], Record<string, ApiObject['object']>> = {
  payment_intent: { latest_charge: 'charge' },
  charge: { payment_intent: 'payment_intent' },
  refund: { charge: 'charge', payment_intent: 'payment_intent' },
};
const MAXIMUM_DEPTH = 4;

/** Reads `expand[]`. @returns a function that expands these fields of an object */
export function readExpand(
  parameters: RequestParameters,
  ledger: Ledger,
  kind: ApiObject['object'],
  prefix = '',
): (object: ApiObject) => object {
  const paths = (parameters.list('expand') ?? []).map((path) => {
    const segments = path.startsWith(prefix) ? path.slice(prefix.length).split('.') : [];
    let current: ApiObject['object'] | undefined = kind;
    for (const segment of segments) current = current && EXPANDABLE[current][segment];
    if (segments.length === 0 || segments.length > MAXIMUM_DEPTH || current === undefined) {
      throw invalidRequest(`This property cannot be expanded (${path}).`);
    }
    return segments;
  });
  return (object) => paths.reduce((shown, path) => expand(shown, path, ledger), object as object);
}

function expand(object: object, [field, ...rest]: string[], ledger: Ledger): object {
  if (field === undefined) return object;
  const value = (object as Record<string, unknown>)[field];
  const target = typeof value === 'string' ? find(value, ledger) : value;
  // The latest charge of an intent is null until there is one.
  if (typeof target !== 'object' || target === null) return object;
  return { ...object, [field]: expand(target, rest, ledger) };
}

function find(id: string, ledger: Ledger): ApiObject | undefined {
  return ledger.intents.get(id) ?? ledger.charges.get(id);
}

/** A list that pages are taken from. */
export interface Listing<Value> {
  /** Oldest first. */
  values: readonly Value[];
  positionOf: (id: string) => number | undefined;
}

/** Reads `limit`, `starting_after` and `expand[]`. @returns a function that takes one page of a list, newest first */
export function readPage<Value extends ApiObject>(
  parameters: RequestParameters,
  ledger: Ledger,
  kind: Value['object'],
  url: string,
): (listing: Listing<Value>) => object {
  const limit = parameters.integer('limit', { minimum: 1, maximum: 100 }) ?? 10;
  const startingAfter = parameters.string('starting_after');
  const show = readExpand(parameters, ledger, kind, 'data.');
  return ({ values, positionOf }) => {
    const end = startingAfter === undefined ? values.length : positionOf(startingAfter);
    if (end === undefined) throw resourceMissing(kind, startingAfter ?? '', 'starting_after');
    const start = Math.max(0, end - limit);
    return { object: 'list', url, has_more: start > 0, data: values.slice(start, end).reverse().map(show) };
  };
}

/** A listing of a few objects, such as the refunds of one charge. It finds positions by a scan. */
export function listingOf<Value extends { id: string }>(values: readonly Value[]): Listing<Value> {
  return {
    values,
    positionOf: (id) => {
      const position = values.findIndex((value) => value.id === id);
      return position < 0 ? undefined : position;
    },
  };
}

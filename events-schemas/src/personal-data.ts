import { isEventType } from './events.ts';
import { catalogue } from './generated/catalogue.ts';
import { isObject } from './is-object.ts';

const mask = '***';

/** All field names that the contract marks as personal. They are masked by name in an event of unknown type. */
const personalNames: ReadonlySet<string> = new Set(
  Object.values(catalogue).flatMap(({ personal }) => personal.map((path) => path[path.length - 1]!)),
);

/**
 * Copies an event's envelope and replaces every field that the contract marks `"x-personal"` by `***`. All code that
 * prints events must use it. In any other JSON value, every field with the name of a personal field is masked.
 */
export function maskPersonalData(value: unknown): unknown {
  const { 'detail-type': type, detail } = (isObject(value) ? value : {}) as {
    'detail-type'?: unknown;
    detail?: unknown;
  };
  if (!isEventType(type) || !isObject(detail) || !isObject(detail.data)) return maskByName(value);
  const data = catalogue[type].personal.reduce<unknown>((masked, path) => maskPath(masked, path), detail.data);
  return { ...(value as object), detail: { ...detail, data } };
}

function maskPath(value: unknown, [name, ...rest]: readonly string[]): unknown {
  // A value of the wrong shape is masked whole. A passenger that is a string may be the name itself.
  if (name === undefined || !isObject(value)) return mask;
  if (value[name] === undefined) return value;
  return { ...value, [name]: maskPath(value[name], rest) };
}

function maskByName(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(maskByName);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => [name, personalNames.has(name) ? mask : maskByName(child)]),
  );
}

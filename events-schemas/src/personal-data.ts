import { isEventType } from './events.ts';
import { catalogue } from './generated/catalogue.ts';
import { isObject } from './is-object.ts';

const mask = '***';

/** Names that the contract marks as personal anywhere: what an event of unknown type is masked by. */
const personalNames: ReadonlySet<string> = new Set(
  Object.values(catalogue).flatMap(({ personal }) => personal.map((path) => path[path.length - 1]!)),
);

/**
 * A copy of an event's envelope, or of any JSON value, with every field that the contract marks `"x-personal"` replaced by `***`.
 * Whatever prints an event goes through it. A value that is no event of the contract is masked wherever a field bears the name
 * of a personal one.
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
  // A value of the wrong shape (a passenger that is a string, say) is masked whole: it may be the personal data itself.
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

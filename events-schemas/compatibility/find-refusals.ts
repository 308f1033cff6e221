import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import { annotations, equalExceptAnnotations, type JsonSchema, type SchemaObject } from './json-schema.ts';
import { findNumberRefusals, findStringRefusals } from './scalar-refusals.ts';

/** A reason why a reader may refuse a value that a producer may write. */
export interface Refusal {
  /** Path of the field, e.g. `data.cabins[].fare`. Empty for the whole value. */
  path: string;
  /** What the producer may write and what the reader requires, e.g. `may be missing; the reader requires it`. */
  why: string;
}

const addFormats = (addFormatsModule as unknown as { default: (ajv: Ajv2020) => void }).default;
const ajv = new Ajv2020({ strict: false, logger: false, validateSchema: false, ownProperties: true });
addFormats(ajv);

const understood: ReadonlySet<string> = new Set([
  ...['type', 'enum', 'const'],
  ...['minLength', 'maxLength', 'pattern', 'format'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ...['items', 'minItems', 'maxItems', 'uniqueItems'],
  ...['properties', 'required', 'additionalProperties'],
]);

/** JSON's kinds of values. Whole numbers are a kind of their own, because `integer` is a type of JSON Schema. */
const kinds = ['null', 'boolean', 'integer', 'fraction', 'string', 'array', 'object'] as const;
type Kind = (typeof kinds)[number];

/**
 * Finds why a reader may refuse what a producer may write. A field that its schema does not name is not written by a
 * producer, and accepted by a reader. A value counts as refused when it cannot be decided whether the reader accepts it
 * (two patterns, an unknown keyword).
 * @param written schema of the producer, without references
 * @param read schema of the reader, without references
 * @returns an empty list only if the reader accepts everything that the producer may write
 */
export function findRefusals(written: JsonSchema, read: JsonSchema, path = ''): Refusal[] {
  const refuse = (why: string): Refusal[] => [{ path, why }];
  if (written === false || equalExceptAnnotations(written, read)) return [];
  const producer = written === true ? {} : written;
  if (read === false) return refuse('may be there; the reader refuses it');
  const reader = read === true ? {} : read;

  const unknown = [...Object.keys(producer), ...Object.keys(reader)].find(
    (keyword) => !understood.has(keyword) && !annotations.has(keyword),
  );
  if (unknown !== undefined) return refuse(`changed, and the check does not understand the keyword ${unknown}`);

  const values = finiteValues(producer);
  if (values) return values.flatMap((value) => refuseValue(value, reader)).map((why) => ({ path, why }));
  if (choices(reader))
    return refuse(
      `may be any of ${kindsOf(producer).map(nameOf).join(', ')}; the reader accepts only ${list(choices(reader)!)}`,
    );

  const taken = kindsOf(reader);
  return kindsOf(producer).flatMap((kind) => {
    if (!taken.includes(kind))
      return refuse(`may be ${nameOf(kind)}; the reader accepts ${taken.map(nameOf).join(' or ')}`);
    switch (kind) {
      case 'string':
        return findStringRefusals(producer, reader).map((why) => ({ path, why }));
      case 'integer':
      case 'fraction':
        return findNumberRefusals(producer, reader, kind === 'integer').map((why) => ({ path, why }));
      case 'array':
        return findArrayRefusals(producer, reader, path);
      case 'object':
        return findObjectRefusals(producer, reader, path);
      default:
        return [];
    }
  });
}

function findArrayRefusals(producer: SchemaObject, reader: SchemaObject, path: string): Refusal[] {
  const least = numberOf(producer.minItems, 0);
  const most = numberOf(producer.maxItems, Infinity);
  const refusals: string[] = [];
  if (least < numberOf(reader.minItems, 0))
    refusals.push(`may have ${least} items; the reader requires ${String(reader.minItems)} or more`);
  if (most > numberOf(reader.maxItems, Infinity)) {
    refusals.push(`may have ${upTo(most)} items; the reader accepts ${String(reader.maxItems)} at most`);
  }
  if (reader.uniqueItems === true && producer.uniqueItems !== true)
    refusals.push('may name an item twice; the reader refuses that');
  return [
    ...refusals.map((why) => ({ path, why })),
    ...findRefusals(schemaOf(producer.items), schemaOf(reader.items), `${path}[]`),
  ];
}

function findObjectRefusals(producer: SchemaObject, reader: SchemaObject, path: string): Refusal[] {
  const writes = propertiesOf(producer);
  const reads = propertiesOf(reader);
  const required = new Set(requiredOf(producer));
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);

  const missing = requiredOf(reader)
    .filter((name) => !required.has(name))
    .map((name) => ({ path: at(name), why: 'may be missing; the reader requires it' }));

  // A required field without a schema may have any value.
  const named = [...new Set([...Object.keys(writes), ...required])];
  const ofOthers = schemaOf(reader.additionalProperties);
  const refused = named.flatMap((name) =>
    findRefusals(schemaOf(own(writes, name) ?? producer.additionalProperties), own(reads, name) ?? ofOthers, at(name)),
  );

  const others = producer.additionalProperties;
  // Without additionalProperties a producer writes no further field. Its next version may: so readers must let it pass.
  if (others === undefined || others === false) {
    const isStrict =
      others === undefined && reader.additionalProperties !== undefined && reader.additionalProperties !== true;
    return [
      ...missing,
      ...refused,
      ...(isStrict ? [{ path, why: 'may gain fields; the reader must let unknown fields pass' }] : []),
    ];
  }
  const unnamed = Object.keys(reads).filter((name) => !named.includes(name));
  return [
    ...missing,
    ...refused,
    ...unnamed.flatMap((name) => findRefusals(schemaOf(others), own(reads, name)!, at(name))),
    ...findRefusals(schemaOf(others), ofOthers, at('*')),
  ];
}

/** All values that a schema admits, if it can be listed: it has choices, or admits only null and booleans. */
function finiteValues(schema: SchemaObject): unknown[] | undefined {
  const given = choices(schema) ?? countable(kindsOf(schema));
  return given?.filter((value) => ajv.validate(schema, value));
}

function countable(some: readonly Kind[]): unknown[] | undefined {
  if (some.some((kind) => kind !== 'null' && kind !== 'boolean')) return undefined;
  return some.flatMap((kind) => (kind === 'null' ? [null] : [true, false]));
}

function choices(schema: SchemaObject): unknown[] | undefined {
  if ('const' in schema) return [schema.const];
  return Array.isArray(schema.enum) ? (schema.enum as unknown[]) : undefined;
}

function refuseValue(value: unknown, reader: SchemaObject): string[] {
  if (ajv.validate(reader, value)) return [];
  const known = choices(reader);
  const wanted = known
    ? `the reader accepts only ${list(known)}`
    : `the reader refuses it (${ajv.errorsText(null, { dataVar: 'it' })})`;
  return [`may be ${JSON.stringify(value)}; ${wanted}`];
}

function kindsOf({ type }: SchemaObject): Kind[] {
  if (type === undefined) return [...kinds];
  const types = (Array.isArray(type) ? type : [type]) as string[];
  return kinds.filter(
    (kind) => types.includes(kind) || (types.includes('number') && (kind === 'integer' || kind === 'fraction')),
  );
}

function nameOf(kind: Kind): string {
  return kind === 'fraction'
    ? 'a number that is not whole'
    : kind === 'null'
      ? 'null'
      : /^[aeio]/.test(kind)
        ? `an ${kind}`
        : `a ${kind}`;
}

function propertiesOf({ properties }: SchemaObject): Record<string, JsonSchema> {
  return (properties ?? {}) as Record<string, JsonSchema>;
}

function requiredOf({ required }: SchemaObject): string[] {
  return (required ?? []) as string[];
}

/** Reads an own property: a field may be called `constructor`. */
function own(properties: Record<string, JsonSchema>, name: string): JsonSchema | undefined {
  return Object.hasOwn(properties, name) ? properties[name] : undefined;
}

function schemaOf(schema: unknown): JsonSchema {
  return (schema ?? true) as JsonSchema;
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}

function upTo(most: number): string {
  return most === Infinity ? 'any number of' : `up to ${most}`;
}

function list(values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join(', ');
}

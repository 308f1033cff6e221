/** The fields of a JSON Schema as rows, for events and for the API alike. */
import type { SchemaObject } from '@airline/events-schemas/compatibility/json-schema';

export interface FieldRow {
  /** Such as `data.cabins[].fare.currency`. */
  path: string;
  /** Such as `string` or `list of integer`. */
  type: string;
  isRequired: boolean;
  isPersonal: boolean;
  description: string;
  rules: FieldRule[];
  /** The only values that are allowed. */
  values: string[];
  /** The schema that has the fields of this one. */
  component?: string;
}

interface FieldRule {
  text: string;
  /** A pattern or a value, as a machine reads it. */
  code?: string;
}

/** The schemas that references lead to, by name. */
export type Components = Readonly<Record<string, SchemaObject>>;

/**
 * All fields of an object, its parents before their parts.
 * @param components a field whose schema is one of these objects refers to it, and its parts are not repeated
 */
export function fieldsOf(schema: SchemaObject, components: Components = {}, path = ''): FieldRow[] {
  const { properties = {}, required = [] } = merged(schema, components) as {
    properties?: Record<string, SchemaObject>;
    required?: string[];
  };
  return Object.entries(properties).flatMap(([name, child]) => {
    const own = path === '' ? name : `${path}.${name}`;
    const whole = merged(child, components);
    const item = whole.type === 'array' ? (whole.items as SchemaObject) : undefined;
    const component = objectComponent(child, components) ?? (item && objectComponent(item, components));
    const row = { path: own, ...rowOf(whole, components), isRequired: required.includes(name) };
    if (component !== undefined) return [{ ...row, component }];
    return [row, ...(item ? fieldsOf(item, components, `${own}[]`) : fieldsOf(child, components, own))];
  });
}

/** The facts of a single value, e.g. of a parameter. */
export function rowOf(
  schema: SchemaObject,
  components: Components = {},
): Pick<FieldRow, 'type' | 'isPersonal' | 'description' | 'rules' | 'values'> {
  const whole = merged(schema, components);
  const item = whole.type === 'array' ? merged(whole.items as SchemaObject, components) : undefined;
  const values = ((item ?? whole).enum ?? []) as unknown[];
  return {
    type: item ? `list of ${typeOf(item)}` : typeOf(whole),
    isPersonal: whole['x-personal'] === true,
    description: textOf(whole.description) || textOf(item?.description),
    rules: [
      ...rulesOf(whole),
      ...(item
        ? rulesOf(item).map(({ text, code }) => ({ text: `each ${text}`, ...(code !== undefined && { code }) }))
        : []),
    ],
    values: values.map(textOf),
  };
}

/** A schema with its reference followed, and with the parts of `allOf` as one. What stands beside a reference wins. */
export function merged(schema: SchemaObject, components: Components): SchemaObject {
  const { $ref, allOf, ...own } = schema as SchemaObject & { $ref?: string; allOf?: SchemaObject[] };
  const parts = [...(allOf ?? []), ...($ref === undefined ? [] : [componentAt($ref, components)])];
  return parts
    .map((part) => merged(part, components))
    .reduceRight<SchemaObject>((whole, part) => {
      const properties = mergedProperties(part.properties, whole.properties);
      const required = [...((part.required ?? []) as string[]), ...((whole.required ?? []) as string[])];
      return { ...part, ...whole, ...(properties && { properties }), ...(required.length > 0 && { required }) };
    }, own);
}

function mergedProperties(first: unknown, second: unknown): Record<string, SchemaObject> | undefined {
  if (first === undefined && second === undefined) return undefined;
  const [before, after] = [first ?? {}, second ?? {}] as Record<string, SchemaObject>[];
  const names = [...new Set([...Object.keys(before!), ...Object.keys(after!)])];
  return Object.fromEntries(
    names.map((name) => {
      const parts = [before![name], after![name]].filter((part) => part !== undefined);
      return [name, parts.length === 1 ? parts[0]! : { allOf: parts }];
    }),
  );
}

/** The name of the component that a schema refers to. */
export function componentName(schema: SchemaObject): string | undefined {
  return typeof schema.$ref === 'string' ? schema.$ref.replace(/^.*\//, '') : undefined;
}

function componentAt($ref: string, components: Components): SchemaObject {
  const found = components[$ref.replace(/^.*\//, '')];
  if (!found) throw new Error(`There is no schema ${$ref}.`);
  return found;
}

function objectComponent(schema: SchemaObject, components: Components): string | undefined {
  const name = componentName(schema);
  return name !== undefined && merged(schema, components).properties !== undefined ? name : undefined;
}

function typeOf({ type, const: fixed, properties }: SchemaObject): string {
  if (typeof type === 'string') return type;
  return fixed === undefined ? (properties ? 'object' : 'any') : typeof fixed;
}

function rulesOf(schema: SchemaObject): FieldRule[] {
  const { minLength, maxLength, minimum, maximum, minItems, maxItems } = schema as Record<string, number | undefined>;
  const coded = (text: string, value: unknown): FieldRule[] =>
    value === undefined ? [] : [{ text, code: textOf(value) }];
  return [
    ...range(minLength, maxLength, 'characters'),
    ...range(minimum, maximum, ''),
    ...range(minItems, maxItems, 'items'),
    ...(schema.uniqueItems === true ? [{ text: 'all different' }] : []),
    ...(schema.additionalProperties === false ? [{ text: 'no other fields' }] : []),
    ...coded('always', schema.const),
    ...coded('default', schema.default),
    ...coded('format', schema.format),
    ...coded('pattern', schema.pattern),
  ];
}

function range(least: number | undefined, most: number | undefined, unit: string): FieldRule[] {
  const bounds =
    least === undefined
      ? most === undefined
        ? ''
        : `at most ${most}`
      : `${most === undefined ? 'at least ' : ''}${least}${most === undefined ? '' : ` to ${most}`}`;
  return bounds === '' ? [] : [{ text: `${bounds} ${unit}`.trim() }];
}

function textOf(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

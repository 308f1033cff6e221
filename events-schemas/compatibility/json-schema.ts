/** A schema of the contract or a part of one, as parsed JSON. */
export type JsonSchema = boolean | SchemaObject;
export type SchemaObject = Record<string, unknown>;

/** A schema uses something that these tools do not support. The caller must stop, and not treat the schema as valid. */
export class UnsupportedSchemaError extends Error {
  override readonly name = 'UnsupportedSchemaError';
}

/** Keywords that do not affect whether a value is valid. */
export const annotations: ReadonlySet<string> = new Set([
  '$schema',
  '$id',
  '$comment',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  'x-source',
  'x-personal',
]);

/** Keywords with data as value. A `$ref` in data is no reference. */
const holdsData: ReadonlySet<string> = new Set(['enum', 'const', 'default', 'examples']);

/** Keywords with an object of schemas as value. The names in it are never keywords. */
const holdsNames: ReadonlySet<string> = new Set(['properties', 'patternProperties', 'dependentSchemas']);

/** Keywords that refer to a schema in ways that these tools do not support. */
const unsupportedReferences: ReadonlySet<string> = new Set([
  '$dynamicRef',
  '$recursiveRef',
  '$anchor',
  '$dynamicAnchor',
]);

/**
 * Replaces every `$ref` of a schema by its target, and drops definitions. Schemas without references can be compared
 * part by part.
 * @param documents every schema file that a reference may name, by its `$id`
 * @throws UnsupportedSchemaError for a reference without target, in a circle, or with further keywords beside it
 */
export function withoutReferences(documentId: string, documents: ReadonlyMap<string, SchemaObject>): SchemaObject {
  const root = documents.get(documentId);
  if (!root) throw new UnsupportedSchemaError(`There is no schema ${documentId}.`);
  const { $id: _, ...alone } = inline(root, documentId, []) as SchemaObject;
  return alone;

  function inline(schema: unknown, base: string, following: readonly string[]): unknown {
    if (Array.isArray(schema)) return schema.map((item) => inline(item, base, following));
    if (typeof schema !== 'object' || schema === null) return schema;
    const inside = (keyword: string, value: unknown): unknown => {
      if (holdsData.has(keyword)) return value;
      if (!holdsNames.has(keyword)) return inline(value, base, following);
      const named = Object.entries(value as Record<string, unknown>);
      return Object.fromEntries(named.map(([name, child]) => [name, inline(child, base, following)]));
    };
    const { $ref, ...rest } = schema as SchemaObject;
    if (schema !== root && typeof rest.$id === 'string' && !documents.has(rest.$id)) refuse(base, 'has a nested $id');
    for (const keyword of Object.keys(rest)) if (unsupportedReferences.has(keyword)) refuse(base, `uses ${keyword}`);

    if (typeof $ref === 'string') {
      const beside = Object.keys(rest).filter((keyword) => !annotations.has(keyword));
      if (beside.length > 0) refuse(base, `has ${beside.join(', ')} beside $ref ${$ref}`);
      return { ...(follow($ref, base, following) as SchemaObject), ...rest };
    }
    const entries = Object.entries(schema as SchemaObject).filter(([keyword]) => keyword !== '$defs');
    return Object.fromEntries(entries.map(([keyword, value]) => [keyword, inside(keyword, value)]));
  }

  function follow($ref: string, base: string, following: readonly string[]): unknown {
    const [file = '', pointer = ''] = $ref.split('#');
    const document = file === '' ? base : file;
    const name = `${document}#${pointer}`;
    if (following.includes(name)) refuse(base, `refers to itself by ${$ref}`);
    let target: unknown = documents.get(document);
    for (const step of pointer.split('/').slice(1)) {
      const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
      target = typeof target === 'object' && target !== null ? (target as SchemaObject)[key] : undefined;
    }
    if (typeof target === 'boolean') refuse(base, `refers to the boolean schema ${$ref}`);
    if (typeof target !== 'object' || target === null) refuse(base, `refers to ${$ref}, which does not exist`);
    return inline(target, document, [...following, name]);
  }

  function refuse(base: string, why: string): never {
    throw new UnsupportedSchemaError(`${base} ${why}, which the contract's tools do not support.`);
  }
}

/** Whether two schemas are equal, except for annotations. They then admit the same values. */
export function equalExceptAnnotations(one: unknown, other: unknown): boolean {
  return canonicalSchema(one) === canonicalSchema(other);
}

/** The schema as text, sorted and without annotations. The value of an unknown keyword keeps its annotations. */
function canonicalSchema(schema: unknown): string {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return canonical(schema);
  const entries = inOrder(schema).filter(([keyword]) => !annotations.has(keyword));
  return `{${entries.map(([keyword, value]) => `${JSON.stringify(keyword)}:${canonicalKeyword(keyword, value)}`).join()}}`;
}

function canonicalKeyword(keyword: string, value: unknown): string {
  if (keyword === 'items' || keyword === 'additionalProperties') return canonicalSchema(value);
  if (keyword !== 'properties') return canonical(value);
  const named = inOrder(value as object);
  return `{${named.map(([name, child]) => `${JSON.stringify(name)}:${canonicalSchema(child)}`).join()}}`;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${inOrder(value)
    .map(([name, child]) => `${JSON.stringify(name)}:${canonical(child)}`)
    .join()}}`;
}

function inOrder(value: object): [string, unknown][] {
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A schema of the contract, or a part of one, as JSON. */
export type JsonSchema = boolean | SchemaObject;
export type SchemaObject = Record<string, unknown>;

/** A schema says something that nothing here can reason about. Whoever meets it must refuse, never pass. */
export class UnsupportedSchemaError extends Error {
  override readonly name = 'UnsupportedSchemaError';
}

/** Keywords that neither admit nor refuse a value. */
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

/** Their values are data, in which a `$ref` is no reference. */
const holdsData: ReadonlySet<string> = new Set(['enum', 'const', 'default', 'examples']);

/** Their values are schemas by name: whatever a name is called, it is no keyword. */
const holdsNames: ReadonlySet<string> = new Set(['properties', 'patternProperties', 'dependentSchemas']);

/** Each names a schema in a way that is not followed here. */
const unsupportedReferences: ReadonlySet<string> = new Set([
  '$dynamicRef',
  '$recursiveRef',
  '$anchor',
  '$dynamicAnchor',
]);

/**
 * A schema that stands alone: every `$ref` is replaced by what it names, and definitions are dropped. Two schemas without references can be
 * compared part by part.
 * @param documents every schema file that may be named, by its `$id`
 * @throws UnsupportedSchemaError for a reference that leads nowhere, in a circle, or that changes what it refers to
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
    throw new UnsupportedSchemaError(`${base} ${why}, which the contract's tools cannot follow.`);
  }
}

/** Whether two schemas admit the same values because they say the same, annotations aside. */
export function saysTheSame(one: unknown, other: unknown): boolean {
  return meaningOf(one) === meaningOf(other);
}

/** The schema as text, in one order, without annotations. What stands below a keyword that is not known here is compared to the letter. */
function meaningOf(schema: unknown): string {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return canonical(schema);
  const entries = inOrder(schema).filter(([keyword]) => !annotations.has(keyword));
  return `{${entries.map(([keyword, value]) => `${JSON.stringify(keyword)}:${meaningOfKeyword(keyword, value)}`).join()}}`;
}

function meaningOfKeyword(keyword: string, value: unknown): string {
  if (keyword === 'items' || keyword === 'additionalProperties') return meaningOf(value);
  if (keyword !== 'properties') return canonical(value);
  const named = inOrder(value as object);
  return `{${named.map(([name, child]) => `${JSON.stringify(name)}:${meaningOf(child)}`).join()}}`;
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

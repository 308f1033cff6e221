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

/** Each names a schema in a way that is not followed here. */
const unsupportedReferences: ReadonlySet<string> = new Set(['$dynamicRef', '$recursiveRef', '$anchor', '$dynamicAnchor']);

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
    const { $ref, ...rest } = schema as SchemaObject;
    if (schema !== root && typeof rest.$id === 'string' && !documents.has(rest.$id)) refuse(base, 'has a nested $id');
    for (const keyword of Object.keys(rest)) if (unsupportedReferences.has(keyword)) refuse(base, `uses ${keyword}`);

    if (typeof $ref === 'string') {
      const beside = Object.keys(rest).filter((keyword) => !annotations.has(keyword));
      if (beside.length > 0) refuse(base, `has ${beside.join(', ')} beside $ref ${$ref}`);
      return { ...(follow($ref, base, following) as SchemaObject), ...rest };
    }
    const entries = Object.entries(schema as SchemaObject).filter(([keyword]) => keyword !== '$defs');
    return Object.fromEntries(
      entries.map(([keyword, value]) => [keyword, holdsData.has(keyword) ? value : inline(value, base, following)]),
    );
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

/** The schema as text, in one order, without annotations. Property names are names, also when they are called `title`. */
function meaningOf(schema: unknown, isNames = false): string {
  if (Array.isArray(schema)) return `[${schema.map((item) => meaningOf(item)).join()}]`;
  if (typeof schema !== 'object' || schema === null) return JSON.stringify(schema);
  const entries = Object.entries(schema)
    .filter(([keyword]) => isNames || !annotations.has(keyword))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([keyword, value]) => {
      const meaning =
        holdsData.has(keyword) && !isNames ? canonical(value) : meaningOf(value, !isNames && keyword === 'properties');
      return `${JSON.stringify(keyword)}:${meaning}`;
    });
  return `{${entries.join()}}`;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, child]) => `${JSON.stringify(name)}:${canonical(child)}`).join()}}`;
}

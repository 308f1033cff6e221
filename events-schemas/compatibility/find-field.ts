import type { JsonSchema, SchemaObject } from './json-schema.ts';

export interface Field {
  schema: SchemaObject;
  /** Whether every event has the field: it and all its parents are required. In a list: every item has it. */
  isGuaranteed: boolean;
}

/**
 * Finds a field in a schema without references.
 * @param path such as `data.cabins[].rows.first`; brackets may be left out, as in EventBridge's patterns
 * @returns undefined when the schema has no such field
 */
export function findField(schema: SchemaObject, path: string): Field | undefined {
  let found: Field = { schema, isGuaranteed: true };
  for (const step of path.split('.')) {
    const parent = itemOf(found.schema);
    const name = step.replace(/\[\]$/, '');
    const properties = (parent.properties ?? {}) as Record<string, JsonSchema>;
    const child = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (child === undefined || child === false) return undefined;
    const isRequired = ((parent.required ?? []) as string[]).includes(name);
    found = { schema: child === true ? {} : child, isGuaranteed: found.isGuaranteed && isRequired };
  }
  return found;
}

/** The schema of a list's items; for any other schema the schema itself. */
export function itemOf(schema: SchemaObject): SchemaObject {
  return schema.type === 'array' && typeof schema.items === 'object' ? itemOf(schema.items as SchemaObject) : schema;
}

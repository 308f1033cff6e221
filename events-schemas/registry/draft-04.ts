import { type JsonSchema, type SchemaObject, UnsupportedSchemaError } from '../compatibility/json-schema.ts';

/** Keywords that have the same meaning in both drafts. */
const same: ReadonlySet<string> = new Set([
  ...['title', 'description', 'default', 'x-personal', 'type', 'enum'],
  ...['minLength', 'maxLength', 'pattern', 'format', 'multipleOf'],
  ...['minItems', 'maxItems', 'uniqueItems'],
]);

/** Annotations that draft 4 does not have. */
const dropped: ReadonlySet<string> = new Set([
  ...['$schema', '$id', '$comment', 'examples', 'deprecated', 'readOnly', 'writeOnly', 'x-source'],
]);

/**
 * Converts a schema of draft 2020-12 without references to draft 4, which EventBridge's schema registry requires. Both
 * admit the same values.
 * @throws UnsupportedSchemaError for a keyword that has no translation here
 */
export function toDraft04(schema: JsonSchema): SchemaObject {
  if (schema === true) return {};
  if (schema === false) return { not: {} };
  const translated: SchemaObject = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (dropped.has(keyword)) continue;
    if (same.has(keyword)) translated[keyword] = value;
    else Object.assign(translated, translate(keyword, value, schema));
  }
  return translated;
}

function translate(keyword: string, value: unknown, schema: SchemaObject): SchemaObject {
  switch (keyword) {
    case 'const':
      return { enum: [value] };
    case 'required':
      // Draft 4 requires at least one name.
      return (value as string[]).length === 0 ? {} : { required: value };
    case 'properties':
      return {
        properties: Object.fromEntries(
          Object.entries(value as Record<string, JsonSchema>).map(([name, child]) => [name, toDraft04(child)]),
        ),
      };
    case 'items':
      return { items: toDraft04(value as JsonSchema) };
    case 'additionalProperties':
      return { additionalProperties: typeof value === 'boolean' ? value : toDraft04(value as JsonSchema) };
    // In draft 4 `exclusiveMinimum` is a boolean beside `minimum`. Of two limits, the tighter one applies.
    case 'minimum':
      return (schema.exclusiveMinimum as number) >= (value as number) ? {} : { minimum: value };
    case 'exclusiveMinimum':
      return (schema.minimum as number) > (value as number) ? {} : { minimum: value, exclusiveMinimum: true };
    case 'maximum':
      return (schema.exclusiveMaximum as number) <= (value as number) ? {} : { maximum: value };
    case 'exclusiveMaximum':
      return (schema.maximum as number) < (value as number) ? {} : { maximum: value, exclusiveMaximum: true };
    default:
      throw new UnsupportedSchemaError(
        `The keyword ${keyword} has no translation to JSON Schema draft 4, which EventBridge's registry requires.`,
      );
  }
}

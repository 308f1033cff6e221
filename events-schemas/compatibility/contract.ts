import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import { type SchemaObject, UnsupportedSchemaError, withoutReferences } from './json-schema.ts';

/** One event of the contract. */
export interface EventContract {
  detailType: string;
  source: string;
  /** Without references. */
  schema: SchemaObject;
}

/** The events of a contract by file name without `.json`, e.g. `SeatBooked.v1`. */
export type Contract = ReadonlyMap<string, EventContract>;

/** The content of schema files by file name. */
export type SchemaFiles = Readonly<Record<string, SchemaObject>>;

const addFormats = (addFormatsModule as unknown as { default: (ajv: Ajv2020) => void }).default;

export const schemaFolder = path.join(import.meta.dirname, '..', 'schemas');

/** @throws UnsupportedSchemaError when there is no such folder, or a file in it is not JSON */
export function readSchemaFiles(folder = schemaFolder): SchemaFiles {
  if (!existsSync(folder)) throw new UnsupportedSchemaError(`There is no folder ${folder}.`);
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort();
  return Object.fromEntries(names.map((name) => [name, readJson(path.join(folder, name))]));
}

/**
 * @throws UnsupportedSchemaError for a file that is no JSON Schema 2020-12, has a wrong `$id`, or no title or source
 */
export function contractOf(files: SchemaFiles): Contract {
  const documents = new Map(Object.values(files).map((schema) => [schema.$id as string, schema]));
  const ajv = new Ajv2020({ strict: false, logger: false });
  addFormats(ajv);
  for (const [name, schema] of Object.entries(files)) {
    if (schema.$id !== name)
      throw new UnsupportedSchemaError(`${name}: its $id must be its file name, not ${JSON.stringify(schema.$id)}.`);
    if (!ajv.validateSchema(schema))
      throw new UnsupportedSchemaError(`${name} is not a valid JSON Schema: ${ajv.errorsText()}.`);
  }
  const events = Object.entries(files).filter(([name]) => name !== 'common.json');
  return new Map(
    events.map(([name, { title, 'x-source': source }]) => {
      if (typeof title !== 'string' || typeof source !== 'string') {
        throw new UnsupportedSchemaError(`${name} must have its detail-type as title and its producer as x-source.`);
      }
      return [name.replace(/\.json$/, ''), { detailType: title, source, schema: withoutReferences(name, documents) }];
    }),
  );
}

function readJson(file: string): SchemaObject {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as SchemaObject;
  } catch (error) {
    throw new UnsupportedSchemaError(`${file} is not JSON: ${(error as Error).message}`);
  }
}

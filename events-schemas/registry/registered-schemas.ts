import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type SchemaObject, withoutReferences } from '../compatibility/json-schema.ts';
import { toDraft04 } from './draft-04.ts';

/** One event's schema for EventBridge's schema registry. */
export interface RegisteredSchema {
  detailType: string;
  /** `source@DetailType`, like the schemas that EventBridge discovers itself. */
  name: string;
  description: string;
  /** JSON Schema draft 4 of the whole event, including EventBridge's envelope. */
  content: string;
}

const folder = path.join(import.meta.dirname, '..', 'schemas');

/** The schemas of the events with this source. */
export function registeredSchemas(source: string): RegisteredSchema[] {
  const files = readdirSync(folder).map(
    (name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as SchemaObject,
  );
  const documents = new Map(files.map((schema) => [schema.$id as string, schema]));
  return files
    .filter((schema) => schema['x-source'] === source)
    .map((schema) => {
      const [detailType, description] = [schema.title as string, schema.description as string];
      const detail = toDraft04(withoutReferences(schema.$id as string, documents));
      const content = JSON.stringify(envelopeOf(source, detailType, description, detail));
      return { detailType, name: `${source}@${detailType}`, description, content };
    });
}

/** The schema of the event that a target receives: EventBridge's documented envelope with our `detail` in it. */
function envelopeOf(source: string, detailType: string, description: string, detail: SchemaObject): SchemaObject {
  const text = { type: 'string' };
  return {
    $schema: 'http://json-schema.org/draft-04/schema#',
    title: detailType,
    description,
    type: 'object',
    // EventBridge's console uses these two to find the schema of an event and to propose patterns.
    'x-amazon-events-source': source,
    'x-amazon-events-detail-type': detailType,
    properties: {
      version: text,
      id: text,
      'detail-type': { type: 'string', enum: [detailType] },
      source: { type: 'string', enum: [source] },
      account: text,
      time: { type: 'string', format: 'date-time' },
      region: text,
      resources: { type: 'array', items: text },
      detail,
    },
    required: ['version', 'id', 'detail-type', 'source', 'account', 'time', 'region', 'resources', 'detail'],
  };
}

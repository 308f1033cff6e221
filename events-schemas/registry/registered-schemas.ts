import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type SchemaObject, withoutReferences } from '../compatibility/json-schema.ts';
import { toDraft04 } from './draft-04.ts';

/** One event as EventBridge's schema registry keeps it. */
export interface RegisteredSchema {
  detailType: string;
  /** `source@DetailType`, the form that EventBridge itself gives to schemas it discovers. */
  name: string;
  description: string;
  /** JSON Schema draft 4 of the whole event, EventBridge's envelope included. */
  content: string;
}

const folder = path.join(import.meta.dirname, '..', 'schemas');

/** The events that a producer publishes. */
export function registeredSchemas(source: string): RegisteredSchema[] {
  const files = readdirSync(folder).map(
    (name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as SchemaObject,
  );
  const documents = new Map(files.map((schema) => [schema.$id as string, schema]));
  return files
    .filter((schema) => schema['x-source'] === source)
    .map(({ $id, title, description }) => {
      const [detailType, said] = [title as string, description as string];
      const content = JSON.stringify(
        envelopeOf(source, detailType, said, toDraft04(withoutReferences($id as string, documents))),
      );
      return { detailType, name: `${source}@${detailType}`, description: said, content };
    });
}

/** What reaches a target: the envelope as EventBridge documents it, and in it our event. */
function envelopeOf(source: string, detailType: string, description: string, detail: SchemaObject): SchemaObject {
  const text = { type: 'string' };
  return {
    $schema: 'http://json-schema.org/draft-04/schema#',
    title: detailType,
    description,
    type: 'object',
    // By these EventBridge's console finds the schema of an event, and proposes patterns.
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

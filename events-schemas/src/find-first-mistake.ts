import type { EventType } from './events.ts';
import { catalogue } from './generated/catalogue.ts';
import * as validators from './generated/validators.ts';
import { isObject } from './is-object.ts';
import type { Mistake } from './mistake.ts';
import { dataMistakes, run } from './validation.ts';

/**
 * The first mistake in the `detail` of an event; undefined when it is valid. It stops there, so its time does not
 * depend on how many mistakes a message has.
 */
export function findFirstMistake(type: EventType, detail: unknown): Mistake | undefined {
  if (!isObject(detail)) return { path: '', message: 'must be an object with metadata and data' };
  const { metadata, data } = detail;
  const required = catalogue[type].metadataRequired;
  if (metadata === undefined && required) return { path: '/metadata', message: 'is missing' };
  if (metadata !== undefined) {
    const [mistake] = run(required ? validators.metadata : validators.outsideMetadata, metadata, '/metadata');
    if (mistake) return mistake;
  }
  if (data === undefined) return { path: '/data', message: 'is missing' };
  return dataMistakes(validators[type], type, data, '/data')[0];
}

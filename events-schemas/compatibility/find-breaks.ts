import type { Contract, EventContract } from './contract.ts';
import { findRefusals } from './find-refusals.ts';
import type { JsonSchema, SchemaObject } from './json-schema.ts';

/** A change after which some readers cannot read some events. */
export interface Break {
  /** E.g. `BookingRequested.v1`. */
  event: string;
  detailType: string;
  /** Path of the field in the event's detail, e.g. `data.payment.method`. Empty for the whole event. */
  path: string;
  /** The readers that break: those deployed before the change, or those deployed after it. */
  breaks: 'old readers' | 'new readers';
  why: string;
}

/**
 * Finds what a change of the contract breaks. Services are never deployed at the same moment, and messages stay in
 * queues, dead-letter queues and the archive for weeks. So readers of each version must accept the other's events.
 */
export function findBreaks(released: Contract, current: Contract): Break[] {
  return [...released].flatMap(([event, before]) => {
    const after = current.get(event);
    const found = (breaks: Break['breaks'], path: string, why: string): Break => ({
      event,
      detailType: before.detailType,
      path,
      breaks,
      why,
    });
    if (!after)
      return [
        found(
          'new readers',
          '',
          'has no schema any more, but old events may still arrive: keep it until none is published or stored any more',
        ),
      ];
    return [
      ...changesOfName(before, after).map((why) => found('old readers', '', why)),
      ...findRefusals(after.schema, before.schema).map(({ path, why }) =>
        found('old readers', path, `in a new event it ${why}`),
      ),
      ...findRefusals(before.schema, after.schema).map(({ path, why }) =>
        found('new readers', path, `in an old event it ${why}`),
      ),
      ...unmasked(before.schema, after.schema).map((path) =>
        found(
          'new readers',
          path,
          'is personal data in old events, and nothing masks it without the mark "x-personal"',
        ),
      ),
    ];
  });
}

function changesOfName(before: EventContract, after: EventContract): string[] {
  const changes: string[] = [];
  if (after.detailType !== before.detailType)
    changes.push(`is called ${after.detailType} now; rules and readers expect ${before.detailType}`);
  if (after.source !== before.source)
    changes.push(`comes from ${after.source} now; rules and readers accept ${before.source} only`);
  return changes;
}

/** Paths that had the mark "x-personal" before, and now neither have it nor lie below a path that has it. */
function unmasked(before: SchemaObject, after: SchemaObject): string[] {
  const masked = personalPaths(after);
  return personalPaths(before).filter(
    (path) => !masked.some((mask) => path === mask || path.startsWith(`${mask}.`) || path.startsWith(`${mask}[]`)),
  );
}

function personalPaths(schema: JsonSchema, path = ''): string[] {
  if (typeof schema !== 'object') return [];
  if (schema['x-personal'] === true) return [path];
  const properties = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>);
  return [
    ...properties.flatMap(([name, child]) => personalPaths(child, path === '' ? name : `${path}.${name}`)),
    ...personalPaths((schema.items ?? true) as JsonSchema, `${path}[]`),
  ];
}

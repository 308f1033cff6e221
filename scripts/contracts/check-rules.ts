import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Contract, EventContract } from '@airline/events-schemas/compatibility/contract';
import { findField, itemOf } from '@airline/events-schemas/compatibility/find-field';
import type { SchemaObject } from '@airline/events-schemas/compatibility/json-schema';
import { matchesEventPattern } from '@airline/local-cloud/event-bridge/event-pattern';
import type { EventRule } from './rules.ts';

const ajv = new Ajv2020({ strict: false, logger: false, validateFormats: false, validateSchema: false });

/** The fields that EventBridge adds to every event. */
const envelope: ReadonlySet<string> = new Set(['version', 'id', 'account', 'time', 'region', 'resources']);

/** Parts of a rule's pattern that no published event can match, each as a sentence with stack, rule and part. */
export function findRuleMistakes({ stack, name, pattern, bus }: EventRule, contract: Contract): string[] {
  const events = [...contract.values()];
  const mistakes: string[] = [];
  const report = (what: string): void => void mistakes.push(`${stack}: rule ${name} ${what}`);

  if (bus === undefined) report('listens on the default bus of the account, where the airline publishes nothing.');
  for (const key of Object.keys(pattern)) {
    if (key !== 'source' && key !== 'detail-type' && key !== 'detail' && !envelope.has(key))
      report(`filters on ${key}, which no event has.`);
  }

  const wanted = (key: 'source' | 'detail-type'): unknown[] => (pattern[key] ?? []) as unknown[];
  const fits = ({ source, detailType }: EventContract, only: object): boolean =>
    Object.keys(only).length === 0 || matchesEventPattern(only, { source, 'detail-type': detailType });
  for (const source of wanted('source')) {
    if (!events.some((event) => fits(event, { source: [source] })))
      report(`listens to the source ${text(source)}, which no producer has.`);
  }
  for (const detailType of wanted('detail-type')) {
    const published = events.filter((event) => fits(event, { 'detail-type': [detailType] }));
    if (published.length === 0) {
      report(`hears the detail-type ${text(detailType)}, which nobody publishes; published are ${names(events)}.`);
    } else if (pattern.source !== undefined && !published.some((event) => fits(event, { source: pattern.source }))) {
      const producers = [...new Set(published.map(({ source }) => source))].join(', ');
      report(
        `hears ${text(detailType)} of ${wanted('source').map(text).join(', ')} only, but its source is ${producers}.`,
      );
    }
  }

  const { source, 'detail-type': detailType } = pattern;
  const matched = events.filter((event) =>
    fits(event, {
      ...(source !== undefined && { source }),
      ...(detailType !== undefined && { 'detail-type': detailType }),
    }),
  );
  if (pattern.detail !== undefined)
    for (const mistake of findDetailMistakes(pattern.detail as Pattern, '', matched)) report(mistake);
  return mistakes;
}

interface Pattern {
  [name: string]: unknown;
}

/** @param events those that match the rest of the rule's pattern */
function findDetailMistakes(pattern: Pattern, path: string, events: readonly EventContract[]): string[] {
  return Object.entries(pattern).flatMap(([name, value]) => {
    // An event needs to match one alternative only, but some event must be able to match each.
    if (name === '$or') {
      return (value as Pattern[]).flatMap((alternative) => {
        const each = events.map((event) => findDetailMistakes(alternative, path, [event]));
        return each.some((mistakes) => mistakes.length === 0) ? [] : (each[0] ?? []);
      });
    }
    const here = path === '' ? name : `${path}.${name}`;
    if (!Array.isArray(value)) return findDetailMistakes(value as Pattern, here, events);
    return events.flatMap(({ detailType, schema }) => {
      const field = findField(schema, here);
      if (!field) return [`filters on detail.${here}, which ${detailType} does not have.`];
      return (value as unknown[]).flatMap((wanted) => {
        const mistake = findValueMistake(wanted, itemOf(field.schema), field.isGuaranteed);
        return mistake === undefined ? [] : [`filters on detail.${here} of ${detailType} ${mistake}`];
      });
    });
  });
}

/** Why a matcher can never match a field, as the end of the sentence `filters on detail.… of … …`. */
function findValueMistake(wanted: unknown, schema: SchemaObject, isGuaranteed: boolean): string | undefined {
  if (typeof wanted !== 'object' || wanted === null) return cannotBe(wanted, schema);
  const [matcher, operand] = Object.entries(wanted)[0] ?? [];
  switch (matcher) {
    case 'exists':
      return operand === false && isGuaranteed ? 'for its absence, but it is always present.' : undefined;
    case 'anything-but': {
      const operands = [operand].flat() as unknown[];
      const literals = operands.filter((each) => typeof each !== 'object' || each === null);
      const never = literals.map((literal) => cannotBe(literal, schema)).find((mistake) => mistake !== undefined);
      const inner = operands.find((each) => typeof each === 'object' && each !== null);
      return never ?? (inner === undefined ? undefined : findValueMistake(inner, schema, isGuaranteed));
    }
    case 'numeric':
      return ['integer', 'number'].includes(schema.type as string) ? undefined : 'for a number, but it is none.';
    case 'prefix':
    case 'suffix':
    case 'wildcard':
    case 'equals-ignore-case':
    case 'cidr': {
      if (schema.type !== 'string') return 'for a text, but it is none.';
      const values = schema.enum as unknown[] | undefined;
      if (!values || values.some((value) => matchesEventPattern({ value: [wanted] }, { value }))) return undefined;
      return `for ${text(wanted)}, which none of its values (${values.join(', ')}) matches.`;
    }
    default:
      return `with the matcher ${text(wanted)}, which this check does not support yet.`;
  }
}

/** Why a field with this schema can never have a value. */
function cannotBe(value: unknown, schema: SchemaObject): string | undefined {
  if (ajv.validate(schema, value)) return undefined;
  const values = schema.enum as unknown[] | undefined;
  return `for ${text(value)}, which it cannot be${values ? ` (it is ${values.join(', ')})` : ''}.`;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function names(events: readonly EventContract[]): string {
  return events.map(({ detailType }) => detailType).join(', ');
}

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import draft04Module from 'ajv-draft-04';
import addFormatsModule from 'ajv-formats';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { withoutReferences } from '../compatibility/json-schema.ts';
import { toDraft04 } from '../registry/draft-04.ts';
import { registeredSchemas } from '../registry/registered-schemas.ts';
import { catalogue } from '../src/generated/catalogue.ts';
import { anySchema, anyValue, changed } from './fixtures/arbitrary-schema.ts';

const { default: addFormats } = addFormatsModule as unknown as { default: (ajv: object) => void };
const AjvDraft04 = draft04Module as unknown as new (options: object) => Ajv2020;
const options = { strict: false, logger: false, ownProperties: true } as const;
const draft04 = new AjvDraft04(options);
const draft2020 = new Ajv2020({ ...options, validateSchema: false });
for (const ajv of [draft04, draft2020]) addFormats(ajv);

const sources = [...new Set(Object.values(catalogue).map(({ source }) => source))];
const registered = sources.flatMap((source) => registeredSchemas(source).map((schema) => ({ ...schema, source })));

function golden(detailType: string, source: string): { detail: Record<string, unknown> } & Record<string, unknown> {
  const file = path.join(import.meta.dirname, '..', 'examples', `${detailType}.v1.json`);
  const envelope = {
    version: '0',
    id: 'x',
    account: '1',
    region: 'eu-west-1',
    resources: [],
    time: '2026-12-01T09:30:00Z',
  };
  return { ...envelope, source, 'detail-type': detailType, detail: JSON.parse(readFileSync(file, 'utf8')) };
}

test('every event is registered, as source@DetailType', () => {
  const examples = readdirSync(path.join(import.meta.dirname, '..', 'examples')).map((file) =>
    file.replace('.v1.json', ''),
  );
  expect(registered.map(({ detailType }) => detailType).sort()).toEqual(examples.sort());
  expect(registered.map(({ name }) => name)).toContain('airline.seats@SeatBooked');
});

describe.each(registered)('$name', ({ detailType, source, content }) => {
  const schema = JSON.parse(content) as Record<string, unknown>;

  test('is a schema of draft 4, which accepts the golden event and refuses an invalid one', () => {
    expect(draft04.validateSchema(schema)).toBe(true);
    const validate = draft04.compile(schema);
    const event = golden(detailType, source);
    expect(validate(event)).toBe(true);
    expect(validate({ ...event, source: 'airline.paint' })).toBe(false);
    expect(validate({ ...event, detail: { ...event.detail, data: {} } })).toBe(false);
    // Unknown fields pass.
    expect(validate({ ...event, detail: { ...event.detail, addedLater: true } })).toBe(true);
  });

  test('is small enough for the console, and has no references', () => {
    expect(content.length).toBeLessThan(20_000);
    expect(content).not.toContain('$ref');
  });
});

test('the converted schema admits the same values as the original', () => {
  let taken = 0;
  let refused = 0;
  fc.assert(
    fc.property(fc.gen(), (g) => {
      const schema = anySchema(g);
      const [before, after] = [draft2020.compile(schema), draft04.compile(toDraft04(schema))];
      const other = changed(g, schema);
      for (let attempt = 0; attempt < 15; attempt++) {
        const value = anyValue(g, g(fc.boolean) ? schema : other);
        const verdict = before(value);
        if (after(value) !== verdict)
          throw new Error(`${JSON.stringify(schema)}: ${JSON.stringify(value)} is ${String(verdict)} in 2020-12`);
        if (verdict) taken++;
        else refused++;
      }
    }),
    { numRuns: 400, seed: 3, endOnFailure: true },
  );
  expect(taken).toBeGreaterThan(1000);
  expect(refused).toBeGreaterThan(1000);
});

test('exclusive limits are converted to draft 4; of two limits the tighter one stays', () => {
  expect(toDraft04({ type: 'number', minimum: 1, exclusiveMinimum: 1, maximum: 4, exclusiveMaximum: 5 })).toEqual({
    type: 'number',
    minimum: 1,
    exclusiveMinimum: true,
    maximum: 4,
  });
});

test.each(['if', 'oneOf', 'prefixItems', 'dependentRequired', 'unevaluatedProperties', '$ref'])(
  'the keyword %s is not supported',
  (keyword) => {
    expect(() => toDraft04({ type: 'object', properties: { a: { [keyword]: [] } } })).toThrow(
      `The keyword ${keyword} has no translation`,
    );
  },
);

describe('references', () => {
  const documents = (schema: object) => new Map([['x.json', { $id: 'x.json', ...schema }]]);
  test.each([
    [
      'in a circle',
      { properties: { a: { $ref: '#/$defs/a' } }, $defs: { a: { items: { $ref: '#/$defs/a' } } } },
      'refers to itself by #/$defs/a',
    ],
    ['without target', { properties: { a: { $ref: '#/$defs/b' } } }, 'refers to #/$defs/b, which does not exist'],
    ['beside other keywords', { properties: { a: { $ref: '#/$defs/b', minLength: 1 } } }, 'has minLength beside $ref'],
    ['that are dynamic', { properties: { a: { $dynamicRef: '#b' } } }, 'uses $dynamicRef'],
  ])('%s are not supported', (_, schema, why) => {
    expect(() => withoutReferences('x.json', documents(schema))).toThrow(why);
  });
});

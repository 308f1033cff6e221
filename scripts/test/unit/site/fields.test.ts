import { expect, test } from '@jest/globals';
import { fieldsOf, rowOf } from '../../../site/fields.ts';

const components = {
  Money: { type: 'object', properties: { amount: { type: 'integer' } }, required: ['amount'] },
  Seat: { description: 'Row and letter.', type: 'string', pattern: '^[0-9]+[A-Z]$' },
  Problem: { type: 'object', properties: { title: { type: 'string' } }, required: ['title'] },
};
const $ref = (name: string): { $ref: string } => ({ $ref: `#/components/schemas/${name}` });

test('fields have paths, with brackets for lists', () => {
  const schema = {
    properties: {
      data: {
        type: 'object',
        required: ['cabins'],
        properties: { cabins: { type: 'array', items: { properties: { name: { type: 'string' } } } } },
      },
    },
  };
  expect(fieldsOf(schema).map(({ path, type, isRequired }) => [path, type, isRequired])).toEqual([
    ['data', 'object', false],
    ['data.cabins', 'list of object', true],
    ['data.cabins[].name', 'string', false],
  ]);
});

test('a component that is an object is named, and any other is shown', () => {
  const schema = {
    properties: { fare: $ref('Money'), fares: { type: 'array', items: $ref('Money') }, seat: $ref('Seat') },
  };
  expect(fieldsOf(schema, components)).toMatchObject([
    { path: 'fare', component: 'Money' },
    { path: 'fares', component: 'Money', type: 'list of object' },
    { path: 'seat', description: 'Row and letter.', rules: [{ text: 'pattern', code: '^[0-9]+[A-Z]$' }] },
  ]);
});

test('what stands beside a reference wins, and parts of allOf are one object', () => {
  const schema = {
    allOf: [$ref('Problem'), { properties: { title: { enum: ['Unknown flight'] }, more: { type: 'boolean' } } }],
  };
  expect(fieldsOf(schema, components)).toMatchObject([
    { path: 'title', type: 'string', isRequired: true, values: ['Unknown flight'] },
    { path: 'more', type: 'boolean', isRequired: false },
  ]);
  expect(rowOf({ ...$ref('Seat'), description: 'Yours.' }, components)).toMatchObject({ description: 'Yours.' });
});

test.each([
  [{ minLength: 1, maxLength: 50 }, '1 to 50 characters'],
  [{ minimum: 0 }, 'at least 0'],
  [{ maxItems: 9 }, 'at most 9 items'],
  [{ uniqueItems: true }, 'all different'],
  [{ additionalProperties: false }, 'no other fields'],
])('%j is shown as %s', (schema, text) => {
  expect(rowOf(schema).rules).toEqual([{ text }]);
});

test('a list shows the rules of its items', () => {
  expect(rowOf({ type: 'array', items: { type: 'string', maxLength: 3 } })).toMatchObject({
    type: 'list of string',
    rules: [{ text: 'each at most 3 characters' }],
  });
});

test('a reference to nothing is an error', () => {
  expect(() => fieldsOf({ properties: { a: $ref('Nothing') } }, components)).toThrow(
    'There is no schema #/components/schemas/Nothing.',
  );
});

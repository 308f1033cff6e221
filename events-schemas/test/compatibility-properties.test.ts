import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { contractOf, readSchemaFiles } from '../compatibility/contract.ts';
import { findRefusals } from '../compatibility/find-refusals.ts';
import type { SchemaObject } from '../compatibility/json-schema.ts';
import { anySchema, anyValue, changed } from './fixtures/arbitrary-schema.ts';

const addFormats = (addFormatsModule as unknown as { default: (ajv: Ajv2020) => void }).default;

/** ajv itself: the judge of the judge. */
const ajv = new Ajv2020({ strict: false, logger: false, validateSchema: false, ownProperties: true });
addFormats(ajv);

/** How many verdicts were put to the test, so that a test of nothing does not pass. */
interface Tally {
  passed: number;
  refused: number;
  witnessed: number;
  values: number;
}

/**
 * A reader that is said to take all that a producer writes takes every value that we can think of; and most readers that are said to
 * refuse something are seen refusing it.
 */
function judge(g: fc.GeneratorValue, written: SchemaObject, read: SchemaObject, tally: Tally): void {
  const refusals = findRefusals(written, read);
  const [mayBeWritten, isRead] = [ajv.compile(written), ajv.compile(read)];
  let isWitnessed = false;
  for (let attempt = 0; attempt < 30; attempt++) {
    const value = anyValue(g, written);
    if (!mayBeWritten(value)) continue;
    tally.values++;
    if (isRead(value)) continue;
    isWitnessed = true;
    if (refusals.length === 0) {
      throw new Error(
        `${JSON.stringify(read)} refuses ${JSON.stringify(value)}, which ${JSON.stringify(written)} lets be written.`,
      );
    }
    break;
  }
  if (refusals.length === 0) tally.passed++;
  else tally.refused++;
  if (isWitnessed) tally.witnessed++;
}

function run(numRuns: number, seed: number, schemas: (g: fc.GeneratorValue) => SchemaObject): Tally {
  const tally: Tally = { passed: 0, refused: 0, witnessed: 0, values: 0 };
  fc.assert(
    fc.property(fc.gen(), (g) => {
      const before = schemas(g);
      const once = changed(g, before);
      const after = g(fc.boolean) ? changed(g, once) : once;
      judge(g, before, after, tally);
      judge(g, after, before, tally);
    }),
    // What fails is small already, and shrinking it would take minutes.
    { numRuns, seed, endOnFailure: true },
  );
  return tally;
}

test('what is called compatible refuses nothing that is written: schemas of every kind', () => {
  const tally = run(800, 1, (g) => anySchema(g));
  expect(tally.passed).toBeGreaterThan(400);
  expect(tally.refused).toBeGreaterThan(400);
  expect(tally.values).toBeGreaterThan(10_000);
  // The rest is what cannot be decided (two patterns), or too rare for a random value to hit.
  expect(tally.witnessed / tally.refused).toBeGreaterThan(0.85);
}, 60_000);

test('what is called compatible refuses nothing that is written: the events of the contract', () => {
  const contracts = [...contractOf(readSchemaFiles()).values()].map(({ schema }) => schema);
  const tally = run(150, 2, (g): SchemaObject => contracts[g(fc.nat, contracts.length - 1)]!);
  expect(tally.passed).toBeGreaterThan(100);
  expect(tally.values).toBeGreaterThan(2000);
}, 60_000);

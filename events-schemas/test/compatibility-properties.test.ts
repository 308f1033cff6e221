import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { contractOf, readSchemaFiles } from '../compatibility/contract.ts';
import { findRefusals } from '../compatibility/find-refusals.ts';
import type { SchemaObject } from '../compatibility/json-schema.ts';
import { anySchema, anyValue, changed } from './fixtures/arbitrary-schema.ts';

const addFormats = (addFormatsModule as unknown as { default: (ajv: Ajv2020) => void }).default;

/** The results of `findRefusals` are compared with ajv's. */
const ajv = new Ajv2020({ strict: false, logger: false, validateSchema: false, ownProperties: true });
addFormats(ajv);

/** Counts what was tested, so that a run without cases fails. */
interface Tally {
  /** Pairs of schemas without refusals. */
  passed: number;
  /** Pairs of schemas with refusals. */
  refused: number;
  /** Pairs of which ajv refused a value. */
  witnessed: number;
  /** Values that the producer may write. */
  values: number;
}

/**
 * Validates up to 30 values that the producer may write. If `findRefusals` found nothing, ajv must accept all of them.
 * @throws Error when ajv refuses one of them
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
    // A failing case is small already, and shrinking it would take minutes.
    { numRuns, seed, endOnFailure: true },
  );
  return tally;
}

test('a compatible reader accepts everything that the producer may write: schemas of every kind', () => {
  const tally = run(800, 1, (g) => anySchema(g));
  expect(tally.passed).toBeGreaterThan(400);
  expect(tally.refused).toBeGreaterThan(400);
  expect(tally.values).toBeGreaterThan(10_000);
  // The others cannot be decided (two patterns), or random values rarely show the refusal.
  expect(tally.witnessed / tally.refused).toBeGreaterThan(0.85);
});

test('a compatible reader accepts everything that the producer may write: the events of the contract', () => {
  const contracts = [...contractOf(readSchemaFiles()).values()].map(({ schema }) => schema);
  const tally = run(150, 2, (g): SchemaObject => contracts[g(fc.nat, contracts.length - 1)]!);
  expect(tally.passed).toBeGreaterThan(100);
  expect(tally.values).toBeGreaterThan(2000);
});

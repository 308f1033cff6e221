import type { SchemaObject } from './json-schema.ts';

/** Reasons why a reader may refuse a string that a producer may write. */
export function findStringRefusals(producer: SchemaObject, reader: SchemaObject): string[] {
  const shortest = bound(producer.minLength, 0);
  const longest = bound(producer.maxLength, Infinity);
  const refusals: string[] = [];
  if (shortest < bound(reader.minLength, 0)) {
    refusals.push(`may have ${shortest} characters; the reader requires ${String(reader.minLength)} or more`);
  }
  if (longest > bound(reader.maxLength, Infinity)) {
    const most = longest === Infinity ? 'any number of' : `${longest}`;
    refusals.push(`may have ${most} characters; the reader accepts ${String(reader.maxLength)} at most`);
  }
  // Whether one pattern includes another cannot be decided here, so a changed pattern counts as a refusal.
  for (const keyword of ['pattern', 'format']) {
    if (reader[keyword] === undefined || reader[keyword] === producer[keyword]) continue;
    const written =
      producer[keyword] === undefined ? `no ${keyword}` : `the ${keyword} ${JSON.stringify(producer[keyword])}`;
    refusals.push(`has ${written}; the reader requires the ${keyword} ${JSON.stringify(reader[keyword])}`);
  }
  return refusals;
}

/**
 * Reasons why a reader may refuse a number that a producer may write.
 * @param isWhole whether the producer writes only integers; then `exclusiveMinimum: 0` is the same as `minimum: 1`
 */
export function findNumberRefusals(producer: SchemaObject, reader: SchemaObject, isWhole: boolean): string[] {
  const written = limitsOf(producer, isWhole);
  const taken = limitsOf(reader, isWhole);
  const refusals: string[] = [];
  if (isBeyond(written.low, taken.low))
    refusals.push(`may be ${below(written.low)}; the reader accepts ${atLeast(taken.low)}`);
  if (isBeyond(mirrored(written.high), mirrored(taken.high))) {
    refusals.push(`may be ${above(written.high)}; the reader accepts ${atMost(taken.high)}`);
  }
  const step = reader.multipleOf;
  if (typeof step === 'number' && !(isWhole && step === 1) && !isMultiple(producer.multipleOf, step)) {
    const given =
      producer.multipleOf === undefined
        ? 'need not be a multiple'
        : `may be a multiple of ${JSON.stringify(producer.multipleOf)}`;
    refusals.push(`${given}; the reader accepts multiples of ${step} only`);
  }
  return refusals;
}

interface Limit {
  value: number;
  /** Whether the value itself is outside the limit. */
  isExclusive: boolean;
}

function limitsOf(schema: SchemaObject, isWhole: boolean): { low: Limit; high: Limit } {
  const low = tighter(bound(schema.minimum, -Infinity), bound(schema.exclusiveMinimum, -Infinity));
  const high = mirrored(tighter(-bound(schema.maximum, Infinity), -bound(schema.exclusiveMaximum, Infinity)));
  return isWhole ? { low: whole(low), high: mirrored(whole(mirrored(high))) } : { low, high };
}

function tighter(inclusive: number, exclusive: number): Limit {
  return exclusive >= inclusive && exclusive !== -Infinity
    ? { value: exclusive, isExclusive: true }
    : { value: inclusive, isExclusive: false };
}

/** The smallest whole number that a lower limit admits, as a limit. */
function whole({ value, isExclusive }: Limit): Limit {
  if (!Number.isFinite(value)) return { value, isExclusive };
  return { value: isExclusive ? Math.floor(value) + 1 : Math.ceil(value), isExclusive: false };
}

/** Converts an upper limit into a lower one and back, by negating it. */
function mirrored({ value, isExclusive }: Limit): Limit {
  return { value: -value, isExclusive };
}

/** Whether the written lower limit admits values that the taken one does not. */
function isBeyond(written: Limit, taken: Limit): boolean {
  return written.value < taken.value || (written.value === taken.value && taken.isExclusive && !written.isExclusive);
}

function below({ value, isExclusive }: Limit): string {
  return value === -Infinity ? 'any number downwards' : isExclusive ? `just above ${value}` : `as low as ${value}`;
}

function above({ value, isExclusive }: Limit): string {
  return value === Infinity ? 'any number upwards' : isExclusive ? `just below ${value}` : `as high as ${value}`;
}

function atLeast({ value, isExclusive }: Limit): string {
  return isExclusive ? `more than ${value}` : `${value} or more`;
}

function atMost({ value, isExclusive }: Limit): string {
  return isExclusive ? `less than ${value}` : `${value} at most`;
}

/** For whole numbers only: with binary fractions, divisions in JavaScript, and so in ajv, are not exact. */
function isMultiple(written: unknown, step: number): boolean {
  return written === step || (Number.isInteger(written) && Number.isInteger(step) && (written as number) % step === 0);
}

function bound(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}

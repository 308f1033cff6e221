import type { EventType } from './events.ts';
import { findFlightMistakes } from './flight-mistakes.ts';
import { patterns } from './generated/catalogue.ts';
import type { FlightScheduled } from './generated/types.ts';
import type { Mistake } from './mistake.ts';

/** A validation error of ajv. */
interface ValidationError {
  instancePath: string;
  keyword: string;
  params: Record<string, unknown>;
  message?: string;
}

interface Validator {
  (value: unknown): boolean;
  errors?: ValidationError[] | null;
}

/** The mistakes in the `data` of an event that a generated validator finds. @param prefix of the paths */
export function dataMistakes(validator: unknown, type: EventType, data: unknown, prefix: string): Mistake[] {
  const mistakes = run(validator, data, prefix);
  if (mistakes.length > 0 || type !== 'FlightScheduled') return mistakes;
  // Rules that a schema cannot express: rows in order, no seat in two cabins, one currency, one day and number.
  return findFlightMistakes(data as FlightScheduled['data']).map((mistake) => ({
    ...mistake,
    path: prefix + mistake.path,
  }));
}

/** The mistakes that a generated validator finds, at most one for each path. @param prefix of the paths */
export function run(validator: unknown, value: unknown, prefix: string): Mistake[] {
  const validate = validator as Validator;
  if (validate(value)) return [];
  // A value can break two rules, e.g. a time that is neither well-formed nor in range. The first one is enough.
  const byPath = new Map<string, Mistake>();
  for (const error of validate.errors ?? []) {
    const path =
      prefix + error.instancePath + (error.keyword === 'required' ? `/${String(error.params.missingProperty)}` : '');
    if (!byPath.has(path)) byPath.set(path, { path, message: sentenceOf(error) });
  }
  return [...byPath.values()];
}

/** The rules of formats and patterns in words, by the name of their definition in schemas/common.json. */
const rules: Record<string, string> = {
  time: 'must be a time like 2027-01-31T08:00:00Z: RFC 3339 with a capital T, and Z or an offset; years 1970 to 9998',
  email: 'must be an email address like ada@example.com: RFC 5321, at most 64 characters before the @',
  bookingId: 'must be a UUID of version 4, like 7f8c2f0e-3b1a-4c7e-9d55-1f6a2b3c4d5e',
  flightId: 'must be a flight number and its day of departure, like KL1001-20261218',
  flightNumber: 'must be a carrier and a number, like KL1001',
  seat: 'must be a row and a letter, like 12A',
  // Airports have the same pattern.
  currency: 'must be three capital letters: a currency of ISO 4217 like EUR, or an airport of IATA like AMS',
  text: 'must not contain control characters, lone surrogates, U+FFFE or U+FFFF: SQS does not carry them',
};

function sentenceOf({ keyword, params, message }: ValidationError): string {
  switch (keyword) {
    case 'required':
      return 'is missing';
    case 'enum':
      return `must be one of ${(params.allowedValues as string[]).join(', ')}`;
    case 'uniqueItems':
      return 'must not name anything twice';
    case 'pattern':
    case 'format':
      return rules[definitionOf(params)] ?? message ?? keyword;
    default:
      return message ?? keyword;
  }
}

function definitionOf({ pattern, format }: Record<string, unknown>): string {
  if (format !== undefined) return format === 'date-time' ? 'time' : 'email';
  const [name = ''] = Object.entries(patterns).find(([, known]) => known === pattern) ?? [];
  // text50, text100 … have one rule.
  return name.replace(/\d+$/, '');
}

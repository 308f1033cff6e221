import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type Contract, contractOf, readSchemaFiles } from '../compatibility/contract.ts';
import { findBreaks } from '../compatibility/find-breaks.ts';
import type { SchemaObject } from '../compatibility/json-schema.ts';
import { readReleases, unreleasedEvents, writeRelease } from '../compatibility/releases.ts';

const files = readSchemaFiles();
const released = contractOf(files);

interface Editable {
  'x-source': string;
  required: string[];
  properties: { data: { properties: Record<string, SchemaObject>; required: string[] } };
}

const { pattern } = (files['common.json'] as unknown as { $defs: Record<string, SchemaObject> }).$defs.text50!;

/** The contract after an edit of one schema file. */
function after(file: string, edit: (schema: Editable) => void): Contract {
  const changed = structuredClone(files) as Record<string, SchemaObject>;
  edit(changed[file] as unknown as Editable);
  return contractOf(changed);
}

const field = (name: string, schema: SchemaObject) => (event: Editable) =>
  void (event.properties.data.properties[name] = schema);
const common = (name: string, schema: SchemaObject) => (file: Editable) =>
  void Object.assign((file as unknown as { $defs: Record<string, SchemaObject> }).$defs[name]!, schema);

describe('a compatible change', () => {
  test.each<[string, string, (schema: Editable) => void]>([
    ['no change', 'SeatBooked.v1.json', () => undefined],
    [
      'a new description',
      'SeatBooked.v1.json',
      field('bookingId', { $ref: 'common.json#/$defs/bookingId', description: 'The booking.' }),
    ],
    ['a new optional field', 'SeatBooked.v1.json', field('cabin', { type: 'string' })],
    [
      'the removal of an optional field',
      'SeatBooked.v1.json',
      ({ properties: { data } }) => delete data.properties.holdExpiresAt,
    ],
    [
      'an equivalent schema',
      'ReceiptIssued.v1.json',
      field('receiptNumber', { type: ['string'], pattern, minLength: 1, maxLength: 50 }),
    ],
    [
      'a field that becomes personal',
      'PaymentOk.v1.json',
      field('paymentId', { $ref: 'common.json#/$defs/text255', 'x-personal': true }),
    ],
  ])('%s', (_, file, edit) => {
    expect(findBreaks(released, after(file, edit))).toEqual([]);
  });

  test('a new event', () => {
    const baggage = {
      ...files['SeatBooked.v1.json'],
      $id: 'BagChecked.v1.json',
      title: 'BagChecked',
      'x-source': 'airline.baggage',
    };
    expect(findBreaks(released, contractOf({ ...files, 'BagChecked.v1.json': baggage }))).toEqual([]);
  });
});

describe('an incompatible change', () => {
  const refund = 'PaymentRefunded.v1.json';
  test.each<[string, string, (schema: Editable) => void, string[]]>([
    [
      'a new value, which old readers do not know',
      refund,
      field('reason', { enum: ['expired', 'seat-unavailable', 'hold-expired', 'cancelled', 'weather'] }),
      [
        'old readers: data.reason in a new event it may be "weather"; the reader accepts only "expired", "seat-unavailable", "hold-expired", "cancelled"',
      ],
    ],
    [
      'the removal of a value that old events have',
      refund,
      field('reason', { enum: ['expired', 'seat-unavailable', 'hold-expired'] }),
      [
        'new readers: data.reason in an old event it may be "cancelled"; the reader accepts only "expired", "seat-unavailable", "hold-expired"',
      ],
    ],
    [
      'a wider limit',
      'ReceiptIssued.v1.json',
      field('receiptNumber', { type: 'string', pattern, minLength: 1, maxLength: 60 }),
      ['old readers: data.receiptNumber in a new event it may have 60 characters; the reader accepts 50 at most'],
    ],
    [
      'another pattern',
      'PaymentOk.v1.json',
      field('currency', { type: 'string', pattern: '^(EUR|USD)$' }),
      [
        'old readers: data.currency in a new event it has the pattern "^(EUR|USD)$"; the reader requires the pattern "^[A-Z]{3}$"',
        'new readers: data.currency in an old event it has the pattern "^[A-Z]{3}$"; the reader requires the pattern "^(EUR|USD)$"',
      ],
    ],
    [
      'another type',
      'PaymentOk.v1.json',
      field('paymentId', { type: 'integer' }),
      [
        'old readers: data.paymentId in a new event it may be an integer; the reader accepts a string',
        'new readers: data.paymentId in an old event it may be a string; the reader accepts an integer',
      ],
    ],
    [
      'the end of tolerance of unknown fields',
      'SeatBooked.v1.json',
      ({ properties: { data } }) => Object.assign(data, { additionalProperties: false }),
      ['new readers: data in an old event it may gain fields; the reader must let unknown fields pass'],
    ],
    [
      'metadata that becomes required',
      'BookingRequested.v1.json',
      (schema) => schema.required.push('metadata'),
      ['new readers: metadata in an old event it may be missing; the reader requires it'],
    ],
    [
      'another producer',
      'SeatBooked.v1.json',
      (schema) => (schema['x-source'] = 'airline.paint'),
      ['old readers:  comes from airline.paint now; rules and readers accept airline.seats only'],
    ],
    [
      'the removal of a mark of personal data',
      'BookingRequested.v1.json',
      ({ properties: { data } }) =>
        delete (data.properties.passenger!.properties as Record<string, SchemaObject>).name!['x-personal'],
      [
        'new readers: data.passenger.name is personal data in old events, and nothing masks it without the mark "x-personal"',
      ],
    ],
  ])('%s', (_, file, edit, expected) => {
    const breaks = findBreaks(released, after(file, edit));
    expect(breaks.map(({ breaks: who, path, why }) => `${who}: ${path} ${why}`)).toEqual(expected);
    expect(new Set(breaks.map(({ event }) => `${event}.json`))).toEqual(new Set([file]));
  });

  test('of a shared definition breaks every event that uses it', () => {
    const breaks = findBreaks(released, after('common.json', common('amountMinor', { maximum: 500 })));
    expect(breaks.map(({ detailType, path }) => `${detailType} ${path}`)).toEqual([
      'BookingRequested data.payment.amountMinor',
      'FlightScheduled data.cabins[].fare.amountMinor',
      'PaymentOk data.amountMinor',
      'PaymentRefunded data.amountMinor',
      'SeatBooked data.amountMinor',
    ]);
    expect(breaks[0]!.why).toBe('in an old event it may be as high as 99999999; the reader accepts 500 at most');
  });

  test('the removal of an event', () => {
    const { 'SeatReleased.v1.json': _, ...rest } = files;
    expect(findBreaks(released, contractOf(rest))).toEqual([
      expect.objectContaining({ event: 'SeatReleased.v1', path: '' }),
    ]);
  });
});

describe('a change is found even where a name equals a keyword', () => {
  test.each<[string, SchemaObject, SchemaObject]>([
    ['a field', { properties: { title: { type: 'string' } } }, { properties: { title: { type: 'integer' } } }],
    [
      'a field called $defs',
      { properties: { $defs: { type: 'string' } } },
      { properties: { $defs: { type: 'integer' } } },
    ],
    ['a dependency', { dependentRequired: { title: ['a'] } }, { dependentRequired: { title: ['b'] } }],
  ])('%s', (_, before, now) => {
    const contract = (schema: SchemaObject): Contract =>
      contractOf({ 'X.v1.json': { $id: 'X.v1.json', title: 'X', 'x-source': 'airline.x', ...schema } });
    expect(findBreaks(contract(before), contract(now))).not.toEqual([]);
    expect(findBreaks(contract(before), contract(structuredClone(before)))).toEqual([]);
  });
});

describe('an invalid schema is refused by the name of its file', () => {
  test.each<[string, (schema: Editable) => void, string]>([
    ['an unknown type', field('bookingId', { type: 'strng' }), 'SeatBooked.v1.json is not a valid JSON Schema'],
    [
      'a limit that is not a number',
      field('bookingId', { type: 'string', minLength: '1' }),
      'SeatBooked.v1.json is not a valid JSON Schema',
    ],
    [
      'no producer',
      (schema) => delete (schema as Partial<Editable>)['x-source'],
      'must have its detail-type as title and its producer as x-source',
    ],
    ['a wrong $id', (schema) => Object.assign(schema, { $id: 'Other.json' }), 'its $id must be its file name'],
  ])('%s', (_, edit, message) => {
    expect(() => after('SeatBooked.v1.json', edit)).toThrow(message);
  });
});

describe('a release', () => {
  test('is never overwritten, and events that it does not have are found', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'airline-releases-'));
    try {
      const release = { number: 1, releasedOn: '2026-12-01', readers: {}, schemas: files };
      writeRelease(release, folder);
      expect(() => writeRelease(release, folder)).toThrow('EEXIST');
      expect(readReleases(folder)).toEqual([release]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    const current = after('SeatBooked.v1.json', field('cabin', { type: 'string' }));
    expect(unreleasedEvents({ number: 1, releasedOn: '', readers: {}, schemas: files }, current)).toEqual([
      'SeatBooked.v1',
    ]);
    expect(unreleasedEvents(undefined, released)).toHaveLength(released.size);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { eventIdOf, type EventType, newEvent, sourceOf } from '../src/events.ts';
import { catalogue } from '../src/generated/catalogue.ts';
import { findFirstMistake } from '../src/find-first-mistake.ts';
import { InvalidEventError, parseEnvelope, parseEvent } from '../src/parse-event.ts';

const examples = path.join(import.meta.dirname, '..', 'examples');
const types = Object.keys(catalogue) as EventType[];

function example(type: EventType): { metadata: Record<string, unknown>; data: Record<string, unknown> } {
  return JSON.parse(readFileSync(path.join(examples, `${type}.v1.json`), 'utf8')) as ReturnType<typeof example>;
}

/** The required fields of an event's `data`, by its schema. */
function requiredData(type: EventType): string[] {
  const schema = JSON.parse(
    readFileSync(path.join(import.meta.dirname, '..', 'schemas', `${type}.v1.json`), 'utf8'),
  ) as { properties: { data: { required: string[] } } };
  return schema.properties.data.required;
}

function envelope(type: EventType, detail: unknown = example(type)): Record<string, unknown> {
  return { version: '0', id: 'x', 'detail-type': type, source: sourceOf(type), time: '2026-12-01T09:30:00Z', detail };
}

/** The error for an invalid message. @throws Error when the message is valid */
function refusal(message: unknown): InvalidEventError {
  try {
    parseEvent(parseEnvelope(typeof message === 'string' ? message : JSON.stringify(message)));
  } catch (error) {
    if (error instanceof InvalidEventError) return error;
    throw error;
  }
  throw new Error('The message was accepted.');
}

describe('every event', () => {
  test('has a golden example, and every example has an event', () => {
    expect(readdirSync(examples).sort()).toEqual(types.map((type) => `${type}.v1.json`).sort());
  });

  test.each(types)('%s: the golden example is valid and has its derived id', (type) => {
    const detail = example(type);
    expect(findFirstMistake(type, detail)).toBeUndefined();
    expect(detail.metadata.eventId).toBe(eventIdOf(type, detail.metadata.correlationId as string));
    expect(`airline.${detail.metadata.service as string}`).toBe(sourceOf(type));
  });

  test.each(types)('%s: unknown fields pass', (type) => {
    const detail = example(type);
    const later = {
      ...detail,
      data: { ...detail.data, addedLater: true },
      metadata: { ...detail.metadata, addedLater: 1 },
      more: {},
    };
    expect(parseEvent(envelope(type, later)).data).toMatchObject(detail.data);
  });

  test.each(types)('%s: each missing required field is reported by its path', (type) => {
    const detail = example(type);
    const required = requiredData(type);
    expect(required.length).toBeGreaterThan(0);
    for (const field of required) {
      const rest = Object.fromEntries(Object.entries(detail.data).filter(([name]) => name !== field));
      expect(findFirstMistake(type, { ...detail, data: rest })).toEqual({
        path: `/data/${field}`,
        message: 'is missing',
      });
    }
  });
});

describe('a message that can never be handled has a reason', () => {
  test.each([
    ['not JSON', '{', 'not-json'],
    ['not an object', '42', 'not-an-event'],
    ['not an envelope', { hello: 'world' }, 'not-an-event'],
    ['an envelope with an invalid time', { ...envelope('SeatBooked'), time: 'soon' }, 'not-an-event'],
    ['an unknown type', { ...envelope('SeatBooked'), 'detail-type': 'SeatPainted' }, 'unknown-detail-type'],
    [
      'the name of a built-in property',
      { ...envelope('SeatBooked'), 'detail-type': 'constructor' },
      'unknown-detail-type',
    ],
    ['another source', { ...envelope('SeatBooked'), source: 'airline.payments' }, 'schema-violation'],
    ['a detail that is not an object', envelope('SeatBooked', 'hello'), 'schema-violation'],
    ['missing metadata of a service', envelope('SeatBooked', { data: example('SeatBooked').data }), 'schema-violation'],
  ])('%s', (_, message, reason) => {
    expect(refusal(message).reason).toBe(reason);
  });

  test.each([
    ['bookingId', 'not-a-uuid', '/data/bookingId'],
    ['bookingId', '7f8c2f0e-3b1a-1c7e-9d55-1f6a2b3c4d5e', '/data/bookingId'],
    ['seats', [], '/data/seats'],
    ['seats', ['12A', '12A'], '/data/seats'],
    ['seats', Array.from({ length: 10 }, (_, row) => `${row + 1}A`), '/data/seats'],
    ['seats', ['A12'], '/data/seats/0'],
    ['passenger', { name: 'Ada', email: 'nobody' }, '/data/passenger/email'],
    ['payment', { method: 'pm', amountMinor: 1.5, currency: 'EUR' }, '/data/payment/amountMinor'],
    ['payment', { method: 'pm', amountMinor: 0, currency: 'EUR' }, '/data/payment/amountMinor'],
    ['payment', { method: 'pm', amountMinor: 100, currency: 'euro' }, '/data/payment/currency'],
  ])('BookingRequested with %s %j is refused at %s', (field, value, path) => {
    const detail = example('BookingRequested');
    const error = refusal(envelope('BookingRequested', { ...detail, data: { ...detail.data, [field]: value } }));
    expect(error.reason).toBe('schema-violation');
    expect(error.message).toContain(path);
  });
});

describe('a producer outside the project', () => {
  test('may leave metadata out: it is derived', () => {
    const { data } = example('BookingRequested');
    expect(parseEvent(envelope('BookingRequested', { data })).metadata).toEqual({
      eventId: `${data.bookingId as string}.BookingRequested`,
      correlationId: data.bookingId,
      occurredAt: '2026-12-01T09:30:00.000Z',
      service: 'bookings',
      schemaVersion: 1,
    });
  });

  test('may leave the metadata of a cancellation out as well', () => {
    const { data } = example('BookingCancelled');
    expect(parseEvent(envelope('BookingCancelled', { data })).metadata).toMatchObject({
      eventId: `${data.bookingId as string}.BookingCancelled`,
      correlationId: data.bookingId,
      service: 'bookings',
    });
  });

  test('cannot assign an event to another booking', () => {
    const { data } = example('BookingRequested');
    expect(
      parseEvent(envelope('BookingRequested', { metadata: { correlationId: 'another' }, data })).metadata.correlationId,
    ).toBe(data.bookingId);
  });
});

describe('a flight that is valid by its schema but has an invalid layout', () => {
  const cabin = (first: number, last: number, currency = 'EUR') => ({
    cabin: `${first}`,
    rows: { first, last },
    letters: ['A'],
    fare: { amountMinor: 1, currency },
  });
  test.each([
    ['rows that end before they begin', [cabin(5, 1)], '/data/cabins/0/rows'],
    ['a row in two cabins', [cabin(1, 5), cabin(5, 9)], '/data/cabins/1/rows'],
    ['two currencies', [cabin(1, 5), cabin(6, 9, 'USD')], '/data/cabins/1/fare/currency'],
  ])('%s', (_, cabins, path) => {
    const { data } = example('FlightScheduled');
    expect(findFirstMistake('FlightScheduled', { data: { ...data, cabins } })?.path).toBe(path);
  });
});

test('an event names its cause and continues its trace', () => {
  const [cause] = [parseEvent(envelope('BookingRequested'))];
  const event = newEvent(
    'ReceiptIssued',
    { bookingId: cause.metadata.correlationId, receiptNumber: 'R-1', issuedAt: '2026-12-01T09:30:03Z' },
    { occurredAt: '2026-12-01T09:30:03Z', causedBy: cause },
  );
  expect(event.metadata).toMatchObject({
    causationId: cause.metadata.eventId,
    traceparent: cause.metadata.traceparent,
    service: 'receipts',
  });
  expect(findFirstMistake('ReceiptIssued', event)).toBeUndefined();
});

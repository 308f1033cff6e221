/** What may come in: for each kind of input, what the contract admits, and what every reader can then rely on. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type EventType, sourceOf } from '../src/events.ts';
import { findFirstMistake } from '../src/find-first-mistake.ts';
import { findDataMistakes } from '../src/find-mistakes.ts';
import { InvalidEventError, parseEvent, timeAhead } from '../src/parse-event.ts';

interface Example {
  metadata: Record<string, unknown>;
  data: Record<string, unknown>;
}

function example(type: EventType): Example {
  const file = path.join(import.meta.dirname, '..', 'examples', `${type}.v1.json`);
  return JSON.parse(readFileSync(file, 'utf8')) as Example;
}

function envelope(type: EventType, detail: unknown, time = '2026-12-01T09:30:00Z') {
  return { version: '0', id: 'x', 'detail-type': type, source: sourceOf(type), time, detail };
}

const request = example('BookingRequested');
const withData = (data: object): Example => ({ ...request, data: { ...request.data, ...data } });
const person = request.data.passenger as { name: string; email: string };
const withPerson = (fields: object): Example => withData({ passenger: { ...person, ...fields } });
const isAdmitted = (detail: Example): boolean => findFirstMistake('BookingRequested', detail) === undefined;

describe('time', () => {
  const isTime = (text: string): boolean => isAdmitted(withData({ expiresAt: text }));
  const between = (least: number, most: number, digits = 2): fc.Arbitrary<string> =>
    fc.integer({ min: least, max: most }).map((value) => String(value).padStart(digits, '0'));
  /** Times as people and libraries write them, right and wrong. */
  const written = fc
    .tuple(
      fc.oneof(between(1968, 1971, 4), between(1900, 2100, 4), between(9997, 10000, 4)),
      between(0, 13),
      between(0, 32),
      fc.constantFrom('T', 'T', 'T', 't', ' '),
      between(0, 24),
      between(0, 60),
      fc.oneof(between(0, 59), fc.constant('60')),
      fc.constantFrom('', '', '.5', '.123456789', '.', '.1234567890'),
      fc.constantFrom('Z', 'Z', 'z', '+01:00', '-23:59', '+24:00', '+0100', '+01', ''),
    )
    .map(([year, month, day, t, hour, minute, second, fraction, zone]) =>
      [`${year}-${month}-${day}${t}${hour}:${minute}:${second}${fraction}${zone}`].join(''),
    );

  test('every time that is admitted can be computed with, and means the day that it names', () => {
    let admitted = 0;
    fc.assert(
      fc.property(written, (text) => {
        if (!isTime(text)) return;
        admitted += 1;
        const local = new Date(`${text.slice(0, 19)}Z`);
        expect(local.toISOString().slice(0, 19)).toBe(text.slice(0, 19));
        expect(new Date(text).toISOString()).toMatch(/^\d{4}-/);
        expect(text).toMatch(/T.*(Z|[+-]\d\d:\d\d)$/);
        expect(Number(text.slice(0, 4))).toBeGreaterThanOrEqual(1970);
        expect(Number(text.slice(0, 4))).toBeLessThanOrEqual(9998);
      }),
      { numRuns: 5000 },
    );
    expect(admitted).toBeGreaterThan(50);
  });

  test('the time of the bus obeys the same rule, since it becomes the time of an event without metadata', () => {
    const parse = (time: string) => parseEvent(envelope('BookingRequested', { data: request.data }, time));
    const loose = fc.constantFrom('1', 'x 1', '2026', 'Thu, 01 Jan 2026 00:00:00 GMT', '+275760-09-13T00:00:00.000Z');
    fc.assert(
      fc.property(fc.oneof(written, loose), (time) => {
        if (isTime(time)) expect(isAdmitted({ ...request, metadata: { ...parse(time).metadata } })).toBe(true);
        else expect(() => parse(time)).toThrow(expect.objectContaining({ reason: 'not-an-event' }));
      }),
    );
  });

  test('every time that Date writes in those years is admitted', () => {
    const dates = fc.date({
      min: new Date('1970-01-01T00:00:00Z'),
      max: new Date('9998-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    fc.assert(fc.property(dates, (date) => isTime(date.toISOString())));
  });

  test.each([
    '2016-12-31T23:59:60Z',
    '9999-12-31T23:59:59Z',
    '1969-12-31T23:59:59Z',
    '2027-02-29T10:00:00Z',
    '2027-04-31T10:00:00Z',
    '2027-01-31t08:00:00Z',
    '2027-01-31T08:00:00z',
    '2027-01-31 08:00:00Z',
    '2027-01-31T24:00:00Z',
    '2027-01-31T08:00Z',
    '2027-01-31T08:00:00',
    '+12027-01-31T08:00:00Z',
    '2027-W01-1T08:00:00Z',
    '2027-01-31T08:00:00Z\n',
    '',
  ])('%j is refused with the rule', (expiresAt) => {
    expect(findFirstMistake('BookingRequested', withData({ expiresAt }))).toMatchObject({
      path: '/data/expiresAt',
      message: expect.stringContaining('like 2027-01-31T08:00:00Z'),
    });
  });

  test.each(['2028-02-29T10:00:00Z', '2027-01-31T08:00:00.123456789Z', '2027-01-31T08:00:00+05:45'])(
    '%j is admitted',
    (text) => expect(isTime(text)).toBe(true),
  );
});

describe('text', () => {
  /** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
  const isCarriedBySqs = (text: string): boolean =>
    Array.from(text).every((character) => {
      const code = character.codePointAt(0)!;
      const inPlaneZero =
        [0x9, 0xa, 0xd].includes(code) || (code >= 0x20 && code <= 0xd7ff) || (code >= 0xe000 && code <= 0xfffd);
      return inPlaneZero || code >= 0x10000;
    });
  const units = fc.oneof(
    fc.constantFrom(
      '\u0000',
      '\u001f',
      '\t',
      '\n',
      '\u0085',
      '\ud800',
      '\udc00',
      '\ufffe',
      '\uffff',
      '\u{1fffe}',
      '🛫',
      '𠮷',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
  );
  const texts = fc.string({ unit: units, minLength: 1, maxLength: 20 });

  test('a name is admitted if, and only if, SQS carries it', () => {
    fc.assert(
      fc.property(texts, (name) => isAdmitted(withPerson({ name })) === isCarriedBySqs(name)),
      { numRuns: 2000 },
    );
  });

  test('so is every other text of an event', () => {
    const places: [string, (text: string) => Example][] = [
      ['/data/customerId', (text) => withData({ customerId: text })],
      ['/data/payment/method', (text) => withData({ payment: { ...(request.data.payment as object), method: text } })],
      ['/metadata/eventId', (text) => ({ ...request, metadata: { ...request.metadata, eventId: text } })],
      ['/metadata/service', (text) => ({ ...request, metadata: { ...request.metadata, service: text } })],
    ];
    for (const [path, at] of places) {
      expect(isAdmitted(at('𠮷 🛫'))).toBe(true);
      expect(findFirstMistake('BookingRequested', at('a\uffff'))).toEqual({
        path,
        message: expect.stringContaining('SQS does not carry them'),
      });
    }
    const flight = example('FlightScheduled');
    const origin = { ...(flight.data.origin as object), city: 'A\ufffe' };
    expect(findFirstMistake('FlightScheduled', { ...flight, data: { ...flight.data, origin } })?.path).toBe(
      '/data/origin/city',
    );
  });

  test('a length counts characters, not halves of them', () => {
    expect(isAdmitted(withPerson({ name: '🛫'.repeat(200) }))).toBe(true);
    expect(isAdmitted(withPerson({ name: '🛫'.repeat(201) }))).toBe(false);
  });
});

describe('e-mail', () => {
  const atom = fc.string({
    unit: fc.constantFrom(..."abcXYZ019!#$%&'*+/=?^_`{|}~-"),
    minLength: 1,
    maxLength: 70,
  });
  const label = fc.integer({ min: 1, max: 70 }).map((length) => 'a'.repeat(length));

  test('an address is admitted if, and only if, its parts keep to the limits of RFC 5321', () => {
    fc.assert(
      fc.property(
        fc.array(atom, { minLength: 1, maxLength: 3 }),
        fc.array(label, { minLength: 2, maxLength: 5 }),
        (atoms, labels) => {
          const local = atoms.join('.');
          const email = `${local}@${labels.join('.')}`;
          const keeps = local.length <= 64 && labels.every(({ length }) => length <= 63) && email.length <= 254;
          expect(isAdmitted(withPerson({ email }))).toBe(keeps);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test.each([
    'a..b@example.com',
    '.a@example.com',
    'a.@example.com',
    'a@-example.com',
    'a@example-.com',
    'a@b@example.com',
  ])('%j is refused', (email) =>
    expect(findFirstMistake('BookingRequested', withPerson({ email }))?.path).toBe('/data/passenger/email'),
  );
});

describe('booking id', () => {
  test('in capitals, or in any mixture, it is the same event of the same booking', () => {
    for (const type of ['BookingRequested', 'BookingCancelled', 'PaymentOk', 'SeatBooked'] as const) {
      const detail = example(type);
      const id = detail.data.bookingId as string;
      const asWritten = (written: string) =>
        JSON.parse(JSON.stringify(envelope(type, detail)).replaceAll(id, written)) as unknown;
      const ids = fc.mixedCase(fc.constant(id), { untoggleAll: (raw) => raw.toLowerCase() });
      fc.assert(
        fc.property(ids, (written) => expect(parseEvent(asWritten(written))).toEqual(parseEvent(asWritten(id)))),
      );
      expect(parseEvent(asWritten(id.toUpperCase())).metadata.eventId).toContain(id);
    }
  });
});

describe('a flight', () => {
  const { data } = example('FlightScheduled');
  const mistakesOf = (changes: object) => findDataMistakes('FlightScheduled', { ...data, ...changes });
  const day = (date: Date): string => date.toISOString().slice(0, 10).replaceAll('-', '');

  test('has one number and one day: the day in its id is at most a day away from its departure in UTC', () => {
    const departures = fc.date({
      min: new Date('1971-01-01T00:00:00Z'),
      max: new Date('9998-01-01T00:00:00Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(departures, fc.integer({ min: -3, max: 3 }), (departure, away) => {
        const departureTime = departure.toISOString();
        const flightId = `KL1001-${day(new Date(departure.getTime() + away * 86_400_000))}`;
        expect(mistakesOf({ flightId, departureTime }).map(({ path }) => path)).toEqual(
          Math.abs(away) <= 1 ? [] : ['/departureTime'],
        );
      }),
    );
  });

  test.each<[string, object, string, RegExp]>([
    ['another number in its id', { flightId: 'KL1002-20261218' }, '/flightId', /begin with the flightNumber KL1001/],
    ['a day that does not exist', { flightId: 'KL1001-20270229' }, '/flightId', /2027-02-29 does not exist/],
    ['a month that does not exist', { flightId: 'KL1001-20261318' }, '/flightId', /2026-13-18 does not exist/],
    ['a year zero', { flightId: 'KL1001-00000101' }, '/departureTime', /2026-12-18/],
    [
      'a currency in small letters',
      { cabins: [{ ...(data.cabins as object[])[0], fare: { amountMinor: 1, currency: 'eur' } }] },
      '/cabins/0/fare/currency',
      /ISO 4217 like EUR/,
    ],
    ['a number without digits', { flightNumber: 'KL' }, '/flightNumber', /a carrier and a number, like KL1001/],
    ['another carrier', { carrier: 'QQ' }, '/carrier', /beginning of the flightNumber KL1001/],
    [
      'a currency that is none',
      {
        cabins: [
          { cabin: 'a', rows: { first: 1, last: 2 }, letters: ['A'], fare: { amountMinor: 1, currency: 'ZZZ' } },
        ],
      },
      '/cabins/0/fare/currency',
      /ISO 4217/,
    ],
  ])('%s is refused', (_, changes, path, message) => {
    expect(mistakesOf(changes)).toEqual([{ path, message: expect.stringMatching(message) }]);
  });
});

describe('a FlightScheduled from a producer whose clock is ahead', () => {
  const { metadata, data } = example('FlightScheduled');
  const busTime = '2026-12-01T09:30:00Z';
  const occurredAtOf = (occurredAt: string | undefined, time = busTime, now?: string): string =>
    parseEvent(
      envelope('FlightScheduled', { metadata: { ...metadata, occurredAt }, data }, time),
      now === undefined ? undefined : new Date(now),
    ).metadata.occurredAt;

  test('counts as the time at which the bus took it', () => {
    expect(occurredAtOf('2027-12-01T09:30:00Z')).toBe('2026-12-01T09:30:00.000Z');
    expect(occurredAtOf('2027-12-01T09:30:00Z', busTime, '2026-12-01T09:30:07Z')).toBe('2026-12-01T09:30:00.000Z');
  });

  test('counts as now when the time of the bus is ahead too, or when it is the only time', () => {
    const year = '2027-12-01T09:30:00Z';
    expect(occurredAtOf(year, year, '2026-12-01T09:30:07Z')).toBe('2026-12-01T09:30:07.000Z');
    expect(occurredAtOf(undefined, year, '2026-12-01T09:30:07Z')).toBe('2026-12-01T09:30:07.000Z');
  });

  test('the past, and the fraction of a second that the bus leaves out, stay as they are', () => {
    for (const time of ['2026-12-01T09:30:00.999Z', '2025-01-01T00:00:00Z']) {
      expect(occurredAtOf(time, busTime, '2026-12-01T09:30:07Z')).toBe(time);
      expect(timeAhead(envelope('FlightScheduled', { metadata: { occurredAt: time }, data }))).toBe(0);
    }
  });
});

describe('validation of a message of any size', () => {
  /** An array that counts how many of its items are read. */
  function counting(items: unknown[]): { array: unknown[]; reads: () => number } {
    let reads = 0;
    const array = new Proxy(items, {
      get(target, property, receiver) {
        if (typeof property === 'string' && /^\d+$/.test(property)) reads += 1;
        return Reflect.get(target, property, receiver) as unknown;
      },
    });
    return { array, reads: () => reads };
  }

  test.each([
    ['the same seat', Array.from({ length: 40_000 }, () => '12A')],
    ['different seats', Array.from({ length: 40_000 }, (_, row) => `${(row % 999) + 1}A`)],
    ['no seats at all', Array.from({ length: 40_000 }, (_, index) => index)],
  ])('stops before it reads 40,000 times %s', (_, seats) => {
    const { array, reads } = counting(seats);
    expect(findFirstMistake('BookingRequested', withData({ seats: array }))?.path).toBe('/data/seats');
    expect(reads()).toBe(0);
  });

  test('stops at the length of a list of cabins or letters', () => {
    const flight = example('FlightScheduled').data;
    const [cabin] = flight.cabins as [object];
    const cabins = counting(Array.from({ length: 40_000 }, () => cabin));
    expect(findFirstMistake('FlightScheduled', { data: { ...flight, cabins: cabins.array } })?.path).toBe(
      '/data/cabins',
    );
    const letters = counting(Array.from({ length: 40_000 }, () => 'A'));
    const wide = [{ ...cabin, letters: letters.array }];
    expect(findFirstMistake('FlightScheduled', { data: { ...flight, cabins: wide } })?.path).toBe(
      '/data/cabins/0/letters',
    );
    expect(cabins.reads() + letters.reads()).toBeLessThan(10);
  });

  test('says one thing, in a sentence of bounded length, whatever the message holds', () => {
    const long = 'x'.repeat(500_000);
    for (const detail of [
      withData({ bookingId: long }),
      withData({ seats: Array.from({ length: 9 }, () => long) }),
      withPerson({ email: `${long}@example.com`, name: long }),
      withPerson({ email: `${'a'.repeat(60)}@${'a-'.repeat(200_000)}` }),
      { ...request, metadata: { ...request.metadata, occurredAt: long } },
    ]) {
      try {
        parseEvent(envelope('BookingRequested', detail));
        throw new Error('The message was accepted.');
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidEventError);
        expect((error as Error).message.length).toBeLessThan(300);
      }
    }
    for (const odd of [{ 'detail-type': long }, { source: long }]) {
      expect(() => parseEvent({ ...envelope('BookingRequested', request), ...odd })).toThrow(/^.{1,300}$/s);
    }
  });
});

import { findDataMistakes } from '@airline/events-schemas/find-mistakes';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readBookingRequest } from '../src/read-booking-request.ts';
import { fieldsOf, openDesk, request } from './fixtures.ts';

function mistakesOf(body: unknown): Record<string, string> {
  const reading = readBookingRequest(body);
  return reading.kind === 'malformed'
    ? Object.fromEntries(reading.errors.map(({ field, message }) => [field, message]))
    : {};
}

const person = request().passenger;

describe('an error message says what is wrong and what to do', () => {
  test.each<[string, unknown, Record<string, RegExp>]>([
    ['no object', [], { '': /JSON object with flightId, seats, .*; it is an array of 0/ }],
    ['null', null, { '': /it is null/ }],
    [
      'nothing',
      {},
      { '/flightId': /missing: it must/, '/seats': /missing/, '/passenger': /missing/, '/payment': /missing/ },
    ],
    [
      'a flight in small letters',
      request({ flightId: 'kl1001' }),
      { '/flightId': /such as KL1001-20261218; it is "kl1001"/ },
    ],
    ['no seat', { ...request(), seats: [] }, { '/seats': /one to nine .*; it is an array of 0/ }],
    ['seats that are no list', { ...request(), seats: '12A' }, { '/seats': /it is "12A"/ }],
    ['a seat in small letters', { ...request(), seats: ['12a'] }, { '/seats/0': /such as 12A; it is "12a"/ }],
    ['a seat with a leading zero', { ...request(), seats: ['02A'] }, { '/seats/0': /it is "02A"/ }],
    [
      'a seat twice',
      request({ seats: ['1A', '12C', '1A'] }),
      { '/seats/0': /"1A".*\/seats\/2/, '/seats/2': /"1A".*\/seats\/0/ },
    ],
    [
      'an unknown field',
      { ...request(), seat: '12A' },
      { '/seat': /fields of a booking request are flightId, .*; leave it out/ },
    ],
    ['a field name that must be escaped', { ...request(), 'a/b~c': 1 }, { '/a~1b~0c': /unknown/ }],
    [
      'the amount',
      { ...request(), payment: { method: 'm', amountMinor: 1 } },
      { '/payment/amountMinor': /must be left out: the fares/ },
    ],
    ['a bookingId', { ...request(), bookingId: 'b' }, { '/bookingId': /unknown/ }],
    ['a hold time', { ...request(), expiresAt: 'soon' }, { '/expiresAt': /unknown/ }],
    [
      'an account that is null',
      { ...request(), customerId: null },
      { '/customerId': /guest leaves it out; it is null/ },
    ],
    [
      'text that was not sent in UTF-8',
      request({ passenger: { ...person, name: 'J\ufffdrg' } }),
      { '/passenger/name': /U\+FFFD.*not sent in UTF-8/ },
    ],
    [
      'a character that SQS does not carry',
      request({ passenger: { ...person, name: 'Ada \uffff' } }),
      { '/passenger/name': /broken/ },
    ],
    [
      'a local part of 65 characters',
      request({ passenger: { ...person, email: `${'a'.repeat(65)}@example.com` } }),
      { '/passenger/email': /64 before the @/ },
    ],
    [
      'a character that is none',
      request({ passenger: { ...person, name: 'Ada \ufdd0\u{1fffe}' } }),
      { '/passenger/name': /broken/ },
    ],
    ['a line break', request({ passenger: { ...person, name: 'Ada\nBcc: x' } }), { '/passenger/name': /line breaks/ }],
    [
      'half a character in the name',
      request({ passenger: { ...person, name: 'Ada \ud800' } }),
      { '/passenger/name': /broken/ },
    ],
  ])('%s', (_, body, expected) => {
    const mistakes = mistakesOf(body);
    for (const [field, message] of Object.entries(expected)) expect(mistakes[field]).toMatch(message);
    expect(Object.keys(mistakes).sort()).toEqual(Object.keys(expected).sort());
  });

  test('a field name of Object.prototype is unknown like any other', () => {
    expect(mistakesOf(JSON.parse('{"__proto__":{},"constructor":1}'))).toMatchObject({
      ['/__proto__']: expect.stringContaining('unknown'),
      '/constructor': expect.stringContaining('unknown'),
    });
  });

  test('ten seats are too many, nine are not', () => {
    const seats = Array.from({ length: 10 }, (_, row) => `${row + 6}A`);
    expect(mistakesOf(request({ seats }))).toEqual({
      '/seats': expect.stringMatching(/one to nine .*; it is an array of 10/),
    });
    expect(mistakesOf({ ...request(), seats: seats.slice(1) })).toEqual({});
  });

  test.each([
    'ada',
    'ada@',
    '@example.com',
    'ada@example',
    ' ada@example.com',
    'ada@example.com ',
    'ada@example.com\r\nBcc: x@y.zz',
    'a\u0000da@example.com',
    'ada@exa mple.com',
    `${'a'.repeat(250)}@example.com`,
  ])('the e-mail address %j is malformed', (email) => {
    expect(Object.keys(mistakesOf(request({ passenger: { ...person, email } })))).toEqual(['/passenger/email']);
  });

  test.each(['ada@example.com', 'Ada.Lovelace+air@mail.example.co.uk', "o'hara@example.ie", 'x@1.de'])(
    'the e-mail address %j is valid',
    (email) => {
      expect(mistakesOf(request({ passenger: { ...person, email } }))).toEqual({});
    },
  );

  test('error messages contain no personal data, no payment method and no long values', () => {
    const secret = 'Ada Lovelace';
    const body = {
      flightId: 'x'.repeat(10_000),
      seats: [secret.repeat(100)],
      passenger: { name: { secret }, email: secret },
      payment: { method: 4242424242424242 },
    };
    const messages = Object.values(mistakesOf(body));
    expect(messages).toHaveLength(5);
    for (const message of messages) expect(message.length).toBeLessThan(250);
    const { '/passenger/name': name, '/passenger/email': email, '/payment/method': method } = mistakesOf(body);
    expect(`${name} ${email} ${method}`).not.toMatch(/Ada Lovelace|4242/);
    expect(mistakesOf({ ...request(), passenger: secret })['/passenger']).not.toContain('Ada');
  });
});

test('a text in which nobody would see anything is blank', () => {
  const unseen = [
    ...[' ', '\u00a0', '\u3000', '\u2003', '\u1680'],
    ...['\u200b', '\u200d', '\u2060', '\ufeff', '\u00ad', '\ufe0f', '\u202e', '\u2066', '\u200f', '\u061c'],
    ...['\u115f', '\u3164', '\uffa0', '\u2800', '\u{e0041}', '\u{e007f}', '\u{e0100}', '\u0301', '\u20dd', '\u{1d165}'],
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...unseen), { minLength: 1, maxLength: 20 }), (characters) => {
      const name = characters.join('');
      expect(mistakesOf(request({ passenger: { ...person, name } }))).toEqual({
        '/passenger/name': expect.stringMatching(/^is blank/),
      });
      expect(mistakesOf(request({ passenger: { ...person, name: `${name}X` } }))).toEqual({});
    }),
  );
});

test('a name from anywhere in Unicode is valid, as it is written', () => {
  for (const name of [
    '𠮷田',
    'Ada 🛫',
    'ज़\u200dया',
    '👩\u200d✈️',
    'אדה\u200f',
    '𝒜𝒹𝒶'.repeat(60),
    '\ue000',
    '✝️',
    '李',
  ]) {
    const body = request({ passenger: { ...person, name } });
    expect(readBookingRequest(body)).toEqual({ kind: 'request', request: body });
  }
});

test('a request is returned unchanged, and as JSON it does not depend on the order of its fields', () => {
  const body = request({
    passenger: { name: ' Ada ', email: 'ada@example.com' },
    seats: ['12C', '12A'],
    customerId: 'c',
  });
  const reversed = Object.fromEntries(Object.entries(body).reverse());
  for (const sent of [body, reversed]) {
    const reading = readBookingRequest(sent);
    expect(reading).toEqual({ kind: 'request', request: body });
    expect(JSON.stringify((reading as { request: unknown }).request)).toBe(JSON.stringify(body));
  }
});

/** Generates requests in which every part may be replaced by any JSON value. */
const bodies = (() => {
  const or = (arbitrary: fc.Arbitrary<unknown>, weight: number) =>
    fc.oneof({ weight, arbitrary }, { weight: 1, arbitrary: fc.jsonValue() });
  const letter = fc.constantFrom('A', 'B', 'C', 'D', 'F', 'a');
  const seat = fc.tuple(fc.integer({ min: 0, max: 30 }), letter).map(([row, name]) => `${row}${name}`);
  const name = fc.string({ maxLength: 210, unit: 'grapheme' });
  const email = fc.oneof(fc.emailAddress(), fc.constant('ada@example.com'));
  const shape = {
    flightId: or(fc.constantFrom('KL1001-20261218', 'KL1002-20261218'), 9),
    seats: or(fc.array(or(seat, 30), { maxLength: 10 }), 9),
    passenger: or(fc.record({ name: or(name, 9), email: or(email, 9) }, { requiredKeys: [] }), 9),
    payment: or(fc.record({ method: or(fc.string({ minLength: 1 }), 9) }), 9),
    customerId: or(fc.string(), 9),
    more: fc.jsonValue(),
  };
  const valid = fc.record({
    flightId: fc.constant('KL1001-20261218'),
    seats: fc.uniqueArray(fc.constantFrom('1A', '5F', '6A', '12A', '12C', '26F'), { minLength: 1 }),
    passenger: fc.record({ name: fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme-ascii' }), email }),
    payment: fc.record({ method: fc.constant('pm_card_visa') }),
  });
  const wellFormed = fc
    .tuple(valid, fc.constantFrom('KL1001-20261218', 'KL9999-20261218'))
    .map(([body, flightId]) => ({ ...body, flightId }));
  const complete = fc.record(shape, { requiredKeys: ['flightId', 'seats', 'passenger', 'payment'] });
  return fc.oneof(fc.jsonValue(), fc.record(shape, { requiredKeys: [] }), complete, wellFormed);
})();

test('any body: a 4xx with its malformed fields, or a 202 whose event is valid and contains the request', async () => {
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(bodies, async (body) => {
      const desk = await openDesk();
      const answer = await desk.post(body);
      seen.add(answer.status);
      if (answer.status === 202) {
        const { type, data } = desk.published[0]!;
        expect(findDataMistakes(type as 'BookingRequested', data)).toEqual([]);
        const { payment, ...asked } = body as ReturnType<typeof request>;
        const { bookingId, amount } = answer.body;
        expect(data).toMatchObject({ ...asked, bookingId, payment: { ...payment, ...amount } });
        return;
      }
      expect([400, 413, 422]).toContain(answer.status);
      expect(desk.published).toEqual([]);
      if (answer.status === 413) return;
      const fields = fieldsOf(answer);
      expect(fields.length).toBeGreaterThan(0);
      expect(new Set(fields).size).toBe(fields.length);
      for (const field of fields) expectInOrMissingFrom(body, field);
    }),
    { numRuns: 1000 },
  );
  expect([...seen].sort()).toEqual(expect.arrayContaining([202, 400, 422]));
});

test('any text as a body is answered', async () => {
  const desk = await openDesk();
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
      const answer = await desk.post(text);
      expect(answer.status).toBe(400);
      expect(fieldsOf(answer).length).toBeGreaterThan(0);
    }),
  );
});

/** The error messages repeat limits of the contract. Each must be the same limit. */
test.each<[string, (length: number) => unknown, number]>([
  ['passenger name', (length) => request({ passenger: { ...person, name: '👩'.repeat(length) } }), 200],
  ['payment method', (length) => request({ payment: { method: 'm'.repeat(length) } }), 200],
  ['customerId', (length) => request({ customerId: 'c'.repeat(length) }), 200],
  ['seats', (length) => request({ seats: Array.from({ length }, (_, row) => `${row + 1}A`) }), 9],
])('%s: the message states the limit of the contract', (_, body, limit) => {
  expect(mistakesOf(body(limit))).toEqual({});
  expect(Object.values(mistakesOf(body(limit + 1))).join()).toContain(limit === 9 ? 'nine' : String(limit));
});

/** The fields that a valid body must have, by JSON pointer. */
const required = [
  '/flightId',
  '/seats',
  '/passenger',
  '/passenger/name',
  '/passenger/email',
  '/payment',
  '/payment/method',
];

/** A field of an error is in the body, or it is a required field that is missing in its parent. */
function expectInOrMissingFrom(body: unknown, field: string): void {
  const present = pointersOf(body);
  if (present.includes(field)) return;
  expect(required).toContain(field);
  expect(present).toContain(field.slice(0, field.lastIndexOf('/')));
}

/** Every value of a JSON document, by JSON pointer. */
function pointersOf(value: unknown, pointer = ''): string[] {
  if (typeof value !== 'object' || value === null) return [pointer];
  const children = Object.entries(value).flatMap(([name, child]) =>
    pointersOf(child, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  );
  return [pointer, ...children];
}

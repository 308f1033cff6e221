import { findDataMistakes } from '@airline/events-schemas/parse-event';
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

describe('a message says what was wrong and what to do', () => {
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
      'a field unknown',
      { ...request(), seat: '12A' },
      { '/seat': /fields of a booking request are flightId, .*; leave it out/ },
    ],
    ['a name to be escaped', { ...request(), 'a/b~c': 1 }, { '/a~1b~0c': /unknown/ }],
    [
      'the amount',
      { ...request(), payment: { method: 'm', amountMinor: 1 } },
      { '/payment/amountMinor': /fares price/ },
    ],
    ['a bookingId', { ...request(), bookingId: 'b' }, { '/bookingId': /unknown/ }],
    ['a hold time', { ...request(), expiresAt: 'soon' }, { '/expiresAt': /unknown/ }],
    [
      'an account that is null',
      { ...request(), customerId: null },
      { '/customerId': /guest leaves it out; it is null/ },
    ],
    ['a blank name', request({ passenger: { ...person, name: ' ' } }), { '/passenger/name': /blank/ }],
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

  test('a field that every object has is unknown like any other', () => {
    expect(mistakesOf(JSON.parse('{"__proto__":{},"constructor":1}'))).toMatchObject({
      ['/__proto__']: expect.stringContaining('unknown'),
      '/constructor': expect.stringContaining('unknown'),
    });
  });

  test('ten seats are one too many', () => {
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
  ])('the e-mail address %j', (email) => {
    expect(Object.keys(mistakesOf(request({ passenger: { ...person, email } })))).toEqual(['/passenger/email']);
  });

  test.each(['ada@example.com', 'Ada.Lovelace+air@mail.example.co.uk', "o'hara@example.ie", 'x@1.de'])(
    'but not %j',
    (email) => {
      expect(mistakesOf(request({ passenger: { ...person, email } }))).toEqual({});
    },
  );

  test('never repeats what names the passenger or the card, nor more than a line of anything', () => {
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

test('a request is read as it was sent; as text it does not depend on the order of its fields', () => {
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

/** Requests of which any part may be anything. */
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

test('any body: a 4xx that names its fields, or a 202 whose event obeys the contract and says what was asked', async () => {
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(bodies, async (body) => {
      const desk = await openDesk();
      const answer = await desk.post(body);
      seen.add(answer.status);
      if (answer.status === 202) {
        const { type, data } = desk.published[0]!;
        expect(findDataMistakes(type, data)).toEqual([]);
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

/** The desk's own words repeat the contract's limits: at each limit both must say the same. */
test.each<[string, (length: number) => unknown, number]>([
  ['passenger name', (length) => request({ passenger: { ...person, name: '👩'.repeat(length) } }), 200],
  ['payment method', (length) => request({ payment: { method: 'm'.repeat(length) } }), 200],
  ['customerId', (length) => request({ customerId: 'c'.repeat(length) }), 200],
  ['seats', (length) => request({ seats: Array.from({ length }, (_, row) => `${row + 1}A`) }), 9],
])('%s up to its limit, and not beyond', (_, body, limit) => {
  expect(mistakesOf(body(limit))).toEqual({});
  expect(Object.values(mistakesOf(body(limit + 1))).join()).toContain(limit === 9 ? 'nine' : String(limit));
});

/** Every pointer leads to a value of the body, or to a field that its parent lacks. */
function expectInOrMissingFrom(body: unknown, pointer: string): void {
  const names = pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  let value: unknown = body;
  for (const [depth, name] of names.entries()) {
    if (depth < names.length - 1) expect(value).toHaveProperty([name]);
    value = (value as Record<string, unknown>)[name];
  }
}

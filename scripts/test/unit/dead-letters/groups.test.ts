import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { DeadLetter } from '../../../dead-letters/dead-letters.ts';
import { errorPattern } from '../../../dead-letters/error-pattern.ts';
import { groupKey, groupLetters } from '../../../dead-letters/groups.ts';

const booking = '7f8c2f0e-3b1a-4c7e-9d55-1f6a2b3c4d5e';
const letter = (given: Partial<DeadLetter> = {}): DeadLetter => ({
  service: 'seats',
  messageId: 'm',
  kind: 'unhandled',
  reason: 'gave-up',
  firstSeen: '2026-12-01T11:00:00.000Z',
  receiveCount: 5,
  body: '',
  ...given,
});

describe('the pattern of an error', () => {
  test.each([
    [
      'ids',
      `Flight ZZ9-20261201 of booking ${booking} is not scheduled yet.`,
      'Flight # of booking # is not scheduled yet.',
    ],
    ['ids of Stripe, also without a digit', "Stripe's intent pi_AbCdEfGhIjKlMnOp is lost", "Stripe's intent # is lost"],
    [
      'numbers',
      'DynamoDB left 1,234 of 99.5 keys unread in -3 requests',
      'DynamoDB left # of # keys unread in # requests',
    ],
    ['times', 'Failed at 2026-12-01T09:30:00.120Z, and at 09:30:00.120 UTC', 'Failed at #, and at # UTC'],
    ['times with an offset', 'Failed at 2026-12-01T09:30:00+02:00.', 'Failed at #.'],
    ['addresses of the net', 'connect ECONNREFUSED 127.0.0.1:4566', 'connect ECONNREFUSED #'],
    ['addresses of IPv6', 'connect ECONNREFUSED ::1:4566, fe80::ab:cd', 'connect ECONNREFUSED #'],
    ['addresses of mail', 'Address "ada l"@example.com, <b@example.org> is refused', 'Address #, <#> is refused'],
    ['a list', 'must be one of 1, 2, 3', 'must be one of #'],
    ['the index of a path, and not its fields', '/data/seats/3/price must be > 0', '/data/seats/# price must be > #'],
    ['change in a word without a digit', 'SDK_CLIENT_ERROR: ProvisionedThroughputExceededException', undefined],
    ['change in the name of a field', 'must have required property "paymentId"', undefined],
  ])('has no %s', (_, error, pattern = error) => {
    expect(errorPattern(error)).toBe(pattern.replace('# price', '#/price'));
  });

  const varying = fc.oneof(
    fc.uuid(),
    fc.integer().map(String),
    fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((date) => date.toISOString()),
    fc.emailAddress(),
    fc.ipV4(),
    fc.ipV6(),
  );
  const template = fc.array(fc.constantFrom('Flight', 'of booking', 'is refused by', '(', '):', 'try', "'s"), {
    minLength: 1,
    maxLength: 8,
  });

  test('is the same whatever the ids, numbers, times and addresses are', () => {
    fc.assert(
      fc.property(template, fc.array(varying, { minLength: 8 }), fc.array(varying, { minLength: 8 }), (words, a, b) => {
        const errorWith = (values: string[]): string =>
          words.map((word, index) => `${word} ${values[index]}`).join(' ');
        expect(errorPattern(errorWith(a))).toBe(errorPattern(errorWith(b)));
      }),
    );
  });

  test('is short and quick, whatever the text is', () => {
    const started = performance.now();
    for (const text of [
      'a'.repeat(1e6),
      '1'.repeat(1e6),
      '@'.repeat(1e6),
      '# '.repeat(5e5),
      '"'.repeat(1e6),
      ':'.repeat(1e6),
    ])
      expect(errorPattern(text).length).toBeLessThanOrEqual(300);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('a group', () => {
  const error = (id: number): string => `Flight KL${id} is not scheduled yet.`;

  test('has the letters of one reason and error, of all services and events', () => {
    const other = '0f7e5f4e-94f5-4d5e-8a8e-3d5c1d6f9b01';
    const groups = groupLetters([
      letter({ reason: 'schema-violation', error: '/data/seats is too short' }),
      letter({ error: error(1), correlationId: booking, detailType: 'PaymentOk' }),
      letter({ error: error(2), correlationId: booking, detailType: 'SeatBooked', service: 'payments' }),
      letter({ error: error(3), correlationId: other, detailType: 'PaymentOk', firstSeen: '2026-12-01T10:00:00.000Z' }),
      letter({ reason: 'NO_PERMISSIONS', kind: 'undelivered', correlationId: 'KL1001-20261201' }),
    ]);
    expect(groups).toHaveLength(3);
    expect(groups[0]).toEqual({
      key: groupKey(letter({ error: error(4) })),
      reason: 'gave-up',
      error: 'Flight # is not scheduled yet.',
      kinds: ['unhandled'],
      messages: 3,
      oldest: '2026-12-01T10:00:00.000Z',
      newest: '2026-12-01T11:00:00.000Z',
      bookings: 2,
      someBookings: [booking, other],
      services: [
        { name: 'seats', messages: 2 },
        { name: 'payments', messages: 1 },
      ],
      detailTypes: [
        { name: 'PaymentOk', messages: 2 },
        { name: 'SeatBooked', messages: 1 },
      ],
      willComeBack: false,
    });
    // A flight is no booking.
    expect(groups.find(({ reason }) => reason === 'NO_PERMISSIONS')).toMatchObject({ bookings: 0, someBookings: [] });
    expect(groups.find(({ reason }) => reason === 'schema-violation')).toMatchObject({ willComeBack: true });
  });

  test('has every letter once, and each letter the key of its group', () => {
    const some = fc.record({
      reason: fc.constantFrom('gave-up', 'not-json', 'NO_RESOURCE'),
      error: fc.option(fc.constantFrom('a 1', 'a 2', 'b'), { nil: undefined }),
      service: fc.constantFrom('seats', 'payments'),
    });
    fc.assert(
      fc.property(fc.array(some), (given) => {
        const letters = given.map(({ error: text, ...rest }) =>
          letter({ ...rest, ...(text !== undefined && { error: text }) }),
        );
        const groups = groupLetters(letters);
        expect(groups.reduce((sum, { messages }) => sum + messages, 0)).toBe(letters.length);
        for (const { key, messages } of groups)
          expect(letters.filter((each) => groupKey(each) === key)).toHaveLength(messages);
      }),
    );
  });

  test('has no name and no address of the passenger, and does not depend on them', () => {
    const passenger = fc.record({
      name: fc
        .string({ minLength: 2, maxLength: 30, unit: 'grapheme' })
        .filter((name) => /^\p{L}[^#*]+$/u.test(name) && !/^(SES|refuses)$/.test(name)),
      email: fc.emailAddress(),
    });
    const withPassenger = (who: { name: string; email: string }): DeadLetter =>
      letter({
        reason: 'mail-rejected',
        error: `SES refuses <${who.email}> (“${who.name}”)`,
        body: JSON.stringify({ 'detail-type': 'BookingRequested', detail: { data: { passenger: who } } }),
      });
    const [group] = groupLetters([withPassenger({ name: 'Ada Lovelace', email: 'ada@example.com' })]);
    fc.assert(
      fc.property(passenger, (who) => {
        const groups = groupLetters([withPassenger(who)]);
        expect(groups).toMatchObject([{ key: group!.key, error: 'SES refuses <#> (“#”)' }]);
      }),
    );
  });

  test('has no text that a JSON parser quotes', () => {
    const quoting = (text: string) =>
      letter({ reason: 'not-json', error: `Unexpected token: "${text}"... is not valid JSON` });
    expect(groupLetters([quoting('Ada'), quoting('Zoé "Q" Qüyx')])).toMatchObject([
      { messages: 2, error: 'Unexpected token: "#"... is not valid JSON' },
    ]);
  });
});

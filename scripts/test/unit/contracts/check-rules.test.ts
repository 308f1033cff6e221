import { contractOf, readSchemaFiles } from '@airline/events-schemas/compatibility/contract';
import { describe, expect, test } from '@jest/globals';
import { findRuleMistakes } from '../../../contracts/check-rules.ts';
import type { EventRule } from '../../../contracts/rules.ts';

const contract = contractOf(readSchemaFiles());

describe('a rule', () => {
  const rule = (pattern: Record<string, unknown>, bus: unknown = 'airline'): EventRule => ({
    stack: 'airline-seats',
    name: 'Paint',
    pattern,
    bus,
    hasQueue: true,
  });
  const released = { source: ['airline.seats'], 'detail-type': ['SeatReleased'] };
  const booked = { source: ['airline.seats'], 'detail-type': ['SeatBooked'] };

  test.each<[string, Record<string, unknown>, string]>([
    [
      'a detail-type',
      { source: ['airline.seats'], 'detail-type': ['SeatBooked', 'SeatPainted'] },
      'hears the detail-type SeatPainted, which nobody publishes',
    ],
    [
      'a source',
      { source: ['airline.paint', 'airline.seats'], 'detail-type': ['SeatBooked'] },
      'listens to the source airline.paint, which nobody publishes as.',
    ],
    [
      'a detail-type of another',
      { source: ['airline.payments'], 'detail-type': ['SeatBooked'] },
      'hears SeatBooked of airline.payments only, but it comes from airline.seats.',
    ],
    [
      'a field',
      { ...released, detail: { data: { colour: ['red'] } } },
      'looks at detail.data.colour, which SeatReleased does not have.',
    ],
    [
      'a field of one of two',
      {
        source: ['airline.seats'],
        'detail-type': ['SeatBooked', 'SeatReleased'],
        detail: { data: { reason: ['cancelled'] } },
      },
      'looks at detail.data.reason, which SeatBooked does not have.',
    ],
    [
      'a value',
      { ...released, detail: { data: { reason: ['painted'] } } },
      'looks at detail.data.reason of SeatReleased for painted, which it never is (it is payment-failed, hold-expired, cancelled).',
    ],
    [
      'a value that it excludes',
      { ...released, detail: { data: { reason: [{ 'anything-but': ['cancelled', 'payment-faild'] }] } } },
      'for payment-faild, which it never is',
    ],
    [
      'a prefix',
      { ...released, detail: { data: { reason: [{ prefix: 'paint' }] } } },
      'for {"prefix":"paint"}, which none of its values (payment-failed, hold-expired, cancelled) is.',
    ],
    [
      'a type',
      { ...booked, detail: { data: { amountMinor: ['8100'] } } },
      'looks at detail.data.amountMinor of SeatBooked for 8100, which it never is.',
    ],
    [
      'a number',
      { ...booked, detail: { data: { currency: [{ numeric: ['>', 1] }] } } },
      'for a number, which it is not.',
    ],
    [
      'an absence',
      { ...booked, detail: { data: { flightId: [{ exists: false }] } } },
      'for its absence, but it is always there.',
    ],
    [
      'a matcher',
      { ...booked, detail: { data: { flightId: [{ sounds: 'like' }] } } },
      'with the matcher {"sounds":"like"}, which this check does not know: teach it first.',
    ],
    ['part of an envelope', { ...booked, colour: ['red'] }, 'looks at colour, which no event has.'],
    [
      'an alternative',
      { ...released, detail: { $or: [{ data: { reason: ['cancelled'] } }, { data: { colour: ['red'] } }] } },
      'looks at detail.data.colour, which SeatReleased does not have.',
    ],
  ])('that listens for %s that nobody publishes is named with its stack and the culprit', (_, pattern, culprit) => {
    const mistakes = findRuleMistakes(rule(pattern), contract);
    expect(mistakes).toEqual([expect.stringMatching(/^airline-seats: rule Paint (hears|listens|looks) /)]);
    expect(mistakes[0]).toContain(culprit);
  });

  test.each<[string, Record<string, unknown>]>([
    ['a whole producer', { source: [{ prefix: 'airline.' }] }],
    ['a list of scalars', { ...booked, detail: { data: { seats: ['12A'], amountMinor: [{ numeric: ['>', 100] }] } } }],
    ['what may be missing', { ...booked, detail: { data: { holdExpiresAt: [{ exists: false }] } } }],
    [
      'one of two alternatives',
      { ...released, detail: { $or: [{ data: { reason: ['cancelled'] } }, { data: { seats: ['12A'] } }] } },
    ],
    ['its own account', { ...booked, account: [{ Ref: 'AWS::AccountId' }] }],
  ])('may listen for %s', (_, pattern) => {
    expect(findRuleMistakes(rule(pattern), contract)).toEqual([]);
  });

  test('on no bus of ours hears nothing of ours', () => {
    expect(findRuleMistakes({ ...rule(booked), bus: undefined }, contract)).toEqual([
      'airline-seats: rule Paint listens on the default bus of the account, where no event of the airline ever is.',
    ]);
  });
});

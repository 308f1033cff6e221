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
      'listens to the source airline.paint, which no producer has.',
    ],
    [
      'a detail-type of another',
      { source: ['airline.payments'], 'detail-type': ['SeatBooked'] },
      'hears SeatBooked of airline.payments only, but its source is airline.seats.',
    ],
    [
      'a field',
      { ...released, detail: { data: { colour: ['red'] } } },
      'filters on detail.data.colour, which SeatReleased does not have.',
    ],
    [
      'a field of one of two',
      {
        source: ['airline.seats'],
        'detail-type': ['SeatBooked', 'SeatReleased'],
        detail: { data: { reason: ['cancelled'] } },
      },
      'filters on detail.data.reason, which SeatBooked does not have.',
    ],
    [
      'a value',
      { ...released, detail: { data: { reason: ['painted'] } } },
      'filters on detail.data.reason of SeatReleased for painted, which it cannot be (it is payment-failed, hold-expired, cancelled).',
    ],
    [
      'a value that it excludes',
      { ...released, detail: { data: { reason: [{ 'anything-but': ['cancelled', 'payment-faild'] }] } } },
      'for payment-faild, which it cannot be',
    ],
    [
      'a prefix',
      { ...released, detail: { data: { reason: [{ prefix: 'paint' }] } } },
      'for {"prefix":"paint"}, which none of its values (payment-failed, hold-expired, cancelled) matches.',
    ],
    [
      'a type',
      { ...booked, detail: { data: { amountMinor: ['8100'] } } },
      'filters on detail.data.amountMinor of SeatBooked for 8100, which it cannot be.',
    ],
    [
      'a number',
      { ...booked, detail: { data: { currency: [{ numeric: ['>', 1] }] } } },
      'for a number, but it is none.',
    ],
    [
      'an absence',
      { ...booked, detail: { data: { flightId: [{ exists: false }] } } },
      'for its absence, but it is always present.',
    ],
    [
      'a matcher',
      { ...booked, detail: { data: { flightId: [{ sounds: 'like' }] } } },
      'with the matcher {"sounds":"like"}, which this check does not support yet.',
    ],
    ['part of an envelope', { ...booked, colour: ['red'] }, 'filters on colour, which no event has.'],
    [
      'an alternative',
      { ...released, detail: { $or: [{ data: { reason: ['cancelled'] } }, { data: { colour: ['red'] } }] } },
      'filters on detail.data.colour, which SeatReleased does not have.',
    ],
  ])('with %s that no event has is reported with its stack and that part of its pattern', (_, pattern, part) => {
    const mistakes = findRuleMistakes(rule(pattern), contract);
    expect(mistakes).toEqual([expect.stringMatching(/^airline-seats: rule Paint (hears|listens|filters) /)]);
    expect(mistakes[0]).toContain(part);
  });

  test.each<[string, Record<string, unknown>]>([
    ['all events of a producer', { source: [{ prefix: 'airline.' }] }],
    ['a list of scalars', { ...booked, detail: { data: { seats: ['12A'], amountMinor: [{ numeric: ['>', 100] }] } } }],
    ['an optional field that is absent', { ...booked, detail: { data: { holdExpiresAt: [{ exists: false }] } } }],
    [
      'one of two alternatives',
      { ...released, detail: { $or: [{ data: { reason: ['cancelled'] } }, { data: { seats: ['12A'] } }] } },
    ],
    ['events of its own account', { ...booked, account: [{ Ref: 'AWS::AccountId' }] }],
  ])('may match %s', (_, pattern) => {
    expect(findRuleMistakes(rule(pattern), contract)).toEqual([]);
  });

  test('on the default bus is reported: it receives no event of the airline', () => {
    expect(findRuleMistakes({ ...rule(booked), bus: undefined }, contract)).toEqual([
      'airline-seats: rule Paint listens on the default bus of the account, where the airline publishes nothing.',
    ]);
  });
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { flightVersionOf } from '../src/flight-version.ts';

const versionOf = (occurredAt: string, data: object = { aircraft: 'Embraer 190' }): string =>
  flightVersionOf({ metadata: { occurredAt }, data });

describe('the version of a flight', () => {
  test('is its time and the digest of its data', () => {
    expect(versionOf('2026-12-01T09:30:00Z')).toBe('2026-12-01T09:30:00.000Z#4d56d0dcd52082c9');
  });

  test('is the same for a copy of the event', () => {
    expect(versionOf('2026-12-01T09:30:00Z', { a: [{ b: 1 }] })).toBe(
      versionOf('2026-12-01T09:30:00.000Z', { a: [{ b: 1 }] }),
    );
  });

  test('differs for two events of one millisecond that differ in any field', () => {
    const versions = [{ aircraft: 'A' }, { aircraft: 'B' }, { aircraft: 'A', wifi: true }, {}].map((data) =>
      versionOf('2026-12-01T09:30:00Z', data),
    );
    expect(new Set(versions).size).toBe(4);
  });

  test('is later as text if and only if the time is later, in every year that the contract admits', () => {
    const time = fc.date({
      min: new Date('1970-01-01T00:00:00.000Z'),
      max: new Date('9998-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    const data = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(time, time, data, data, (one, other, dataOfOne, dataOfOther) => {
        fc.pre(one.getTime() !== other.getTime());
        expect(versionOf(one.toISOString(), dataOfOne) > versionOf(other.toISOString(), dataOfOther)).toBe(one > other);
      }),
    );
  });
});

import { describe, expect, test } from '@jest/globals';
import { Chaos } from '../../src/chaos/chaos.ts';
import type { ChaosOptions } from '../../src/chaos/chaos.ts';
import { chaosProfiles, faultKinds } from '../../src/chaos/chaos-profiles.ts';
import type { Family } from '../../src/chaos/chaos-profiles.ts';

const families = Object.keys(chaosProfiles.default.rates) as Family[];

function start(options: Partial<ChaosOptions> = {}, now?: () => number): Chaos {
  const chaos = new Chaos({ seed: 7, profile: 'default', ...options }, now);
  chaos.enable();
  return chaos;
}

function series(
  chaos: Chaos,
  count: number,
  family: Family = 'aws-request',
  party = 'seats',
  operation = 'DynamoDB PutItem',
) {
  return Array.from({ length: count }, () => chaos.decide(family, party, operation));
}

const faultsIn = (decisions: unknown[]): number => decisions.filter((decision) => decision !== undefined).length;

describe('the same seed', () => {
  test('gives the same faults in the same order', () => {
    expect(series(start(), 2000)).toEqual(series(start(), 2000));
  });

  test('gives a site the same faults, independent of other sites', () => {
    const alone = series(start(), 500);
    const busy = start();
    const amongOthers = Array.from({ length: 500 }, () => {
      busy.decide('delivery', 'airline-status', 'EventBridge delivery');
      return busy.decide('aws-request', 'seats', 'DynamoDB PutItem');
    });
    expect(amongOthers).toEqual(alone);
  });

  test('gives each site different faults', () => {
    const chaos = start();
    expect(series(chaos, 2000, 'aws-request', 'seats')).not.toEqual(series(chaos, 2000, 'aws-request', 'payments'));
  });

  test('gives the same faults again after a restart', () => {
    const chaos = start();
    const first = series(chaos, 500);
    expect(series(chaos, 500)).not.toEqual(first);
    chaos.enable({ seed: 7, profile: 'default' });
    expect(chaos.report().faults).toBe(0);
    expect(series(chaos, 500)).toEqual(first);
  });
});

test('another seed gives different faults', () => {
  expect(series(start({ seed: 8 }), 2000)).not.toEqual(series(start({ seed: 7 }), 2000));
});

test.each(families)("%s: each of its kinds has the profile's rate", (family) => {
  const chaos = start();
  const decisions = 50_000;
  series(chaos, decisions, family);
  const { cells } = chaos.report();
  const { throttled: _, ...rates } = chaosProfiles.default.rates[family];
  expect(Object.keys(rates)).not.toEqual([]);
  expect(
    cells
      .map(({ kind }) => kind)
      .filter((kind) => kind !== 'throttled')
      .sort(),
  ).toEqual(Object.keys(rates).sort());
  for (const [kind, rate] of Object.entries(rates)) {
    const { count } = cells.find((cell) => cell.kind === kind)!;
    expect(count / decisions).toBeGreaterThan(rate * 0.6);
    expect(count / decisions).toBeLessThan(rate * 1.4);
  }
});

test('throttling sometimes lasts longer than the three attempts of an SDK', () => {
  const kinds = series(start(), 20_000).map((fault) => fault?.kind);
  const isThrottled = (index: number): boolean => kinds[index] === 'throttled';
  expect(kinds.some((_, index) => [0, 1, 2].every((attempt) => isThrottled(index + attempt)))).toBe(true);
});

test('a storm has more faults than a calm', () => {
  const calm = faultsIn(series(start({ profile: 'calm' }), 5000));
  expect(calm).toBeGreaterThan(0);
  expect(faultsIn(series(start({ profile: 'storm' }), 5000))).toBeGreaterThan(5 * calm);
});

test('counts its faults by party, operation and kind', () => {
  const chaos = start();
  const decided = faultsIn([
    ...series(chaos, 1000),
    ...series(chaos, 1000, 'delivery', 'airline-status', 'EventBridge delivery'),
  ]);
  const { faults, cells } = chaos.report();
  expect(faults).toBe(decided);
  expect(new Set(cells.map(({ party }) => party))).toEqual(new Set(['seats', 'airline-status']));
});

test('decides on no faults while it is disabled, and keeps its counters', () => {
  const chaos = start();
  const faults = faultsIn(series(chaos, 1000));
  expect(faults).toBeGreaterThan(0);
  chaos.disable();
  expect(faultsIn(series(chaos, 1000))).toBe(0);
  expect(chaos.report()).toMatchObject({ enabled: false, faults });
});

test('during a provider outage every request to the provider fails, and no other', () => {
  let now = 0;
  const chaos = start({ profile: 'provider-outage' }, () => now);
  const request = () => chaos.decide('provider-request', 'payment provider', 'Stripe POST payment_intents')?.kind;
  now = 4000;
  expect(request()).not.toBe('outage');
  now = 5000;
  expect(Array.from({ length: 50 }, request)).toEqual(Array.from({ length: 50 }, () => 'outage'));
  expect(chaos.decide('mail-request', 'receipts', 'SES SendEmail')?.kind).not.toBe('outage');
  expect(chaos.report().outageSecondsLeft).toBe(60);
  now = 65_000;
  expect(request()).not.toBe('outage');
  expect(chaos.report().outageSecondsLeft).toBe(0);
});

describe('a standing fault', () => {
  const put = (chaos: Chaos, party = 'airline-seats-consumer') =>
    chaos.decide('aws-request', party, 'DynamoDB PutItem')?.kind;

  test('strikes each matching operation, and no other, until it is switched off', () => {
    const chaos = start({ profile: 'none' });
    expect(put(chaos)).toBeUndefined();
    chaos.stand([{ family: 'aws-request', kind: 'failed', party: 'airline-seats-consumer' }]);
    expect(Array.from({ length: 20 }, () => put(chaos))).toEqual(Array.from({ length: 20 }, () => 'failed'));
    expect(put(chaos, 'airline-payments-consumer')).toBeUndefined();
    expect(chaos.decide('mail-request', 'airline-seats-consumer', 'SES SendEmail')).toBeUndefined();
    chaos.stand([{ family: 'aws-request', kind: 'failed', operation: 'DynamoDB GetItem' }]);
    expect(put(chaos)).toBeUndefined();
  });

  test('closes a queue', () => {
    const chaos = start({ profile: 'none' });
    chaos.stand([{ family: 'receive', kind: 'outage', party: 'airline-seats' }]);
    expect([chaos.isClosed('airline-seats'), chaos.isClosed('airline-payments')]).toEqual([true, false]);
    chaos.disable();
    expect(chaos.isClosed('airline-seats')).toBe(false);
  });
});

test('every kind of fault is in some profile', () => {
  const kinds = new Set(
    Object.values(chaosProfiles).flatMap(({ rates }) => Object.values(rates).flatMap((family) => Object.keys(family))),
  );
  expect([...kinds, 'outage'].sort()).toEqual(Object.keys(faultKinds).sort());
});

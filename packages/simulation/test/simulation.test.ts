import { beforeAll, describe, expect, test } from '@jest/globals';
import '../src/plain-copy.ts';
import { exploreScope } from '../src/exhaustive.ts';
import { snapshotOf } from '../src/final-state.ts';
import { huntMutant, mutants } from '../src/mutants.ts';
import type { Scope } from '../src/scope.ts';
import { scopes } from '../src/scopes.ts';
import { runSeed, type SeedResult } from '../src/seeded.ts';

const mutant = (name: string) => mutants.find((other) => other.name === name)!;

describe('seeded simulation', () => {
  let results: SeedResult[];

  beforeAll(async () => {
    results = [];
    for (let seed = 1; seed <= 20; seed++) results.push(await runSeed({ seed, bookings: 8 }));
  });

  test('20 seeds with many faults break no invariant', () => {
    expect(results.map(({ violation }) => violation)).toEqual(Array.from({ length: 20 }, () => undefined));
    expect(sum(results.map(({ coverage }) => coverage.total))).toBeGreaterThan(1000);
  });

  test('the same seed has the same steps', async () => {
    const again = await runSeed({ seed: 7, bookings: 8 });
    expect(again.trace.length).toBeGreaterThan(100);
    expect(again.trace).toEqual(results[6]!.trace);
    expect(results[7]!.trace).not.toEqual(again.trace);
  });

  test('bookings are confirmed, and each gets a mail', () => {
    const confirmed = sum(results.map((result) => result.confirmed));
    expect(confirmed).toBeGreaterThan(0);
    expect(sum(results.map(({ mails }) => mails.sent))).toBeGreaterThanOrEqual(confirmed);
  });

  const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0);
});

describe('exhaustive simulation', () => {
  const scope = (name: string): Scope => scopes().find((other) => other.name === name)!;

  test('every interleaving of one booking ends well, each walk in the same states', async () => {
    const result = await exploreScope(scope('one booking'), { isReduced: false });
    expect([result.isComplete, result.violation]).toEqual([true, undefined]);
    expect(result.states).toBeGreaterThan(100);
    expect(await exploreScope(scope('one booking'), { isReduced: false })).toEqual(result);
  });

  test.each(['one booking', 'one booking, one fault of any kind', 'one declined booking, one fault of any kind'])(
    '%s: what need not be tried leads to no other end',
    async (name) => {
      const [all, tried] = [new Set<string>(), new Set<string>()];
      const whole = await exploreScope(noting(scope(name), all), { isReduced: false });
      const reduced = await exploreScope(noting(scope(name), tried));
      expect([whole.isComplete, reduced.isComplete]).toEqual([true, true]);
      expect(all.size).toBeGreaterThan(1);
      expect(tried).toEqual(all);
      expect(reduced.states).toBeLessThan(whole.states / 2);
    },
  );

  /** The scope, with a snapshot of each end state of a search added to `ends`. */
  function noting(scope: Scope, ends: Set<string>): Scope {
    return {
      ...scope,
      judge: async (simulations) => {
        const views = scope.services.map((service) => snapshotOf(simulations[service].world));
        ends.add((await Promise.all(views)).join());
        await scope.judge(simulations);
      },
    };
  }

  test('a refund that is not told is excused only where nobody knows of the receipt', async () => {
    const refunded = scopes().find(({ name }) => name.startsWith('receipts: a refunded booking, one crash, one run'))!;
    const { isComplete, violation } = await exploreScope(refunded);
    expect([isComplete, violation]).toEqual([true, undefined]);
    const forgetful = await exploreScope(refunded, { plant: mutant('the passenger is not told of the refund').plant });
    expect(forgetful.violation?.invariant).toBe('refund-is-told');
  });

  // The other scopes with conflicting requests, and their planted bugs, are searched by `pnpm simulate` in CI.
  test('two requests with one id and two amounts: every interleaving ends well, unless seats does not compare them', async () => {
    const conflict = scope('two requests with one id and two amounts');
    const { isComplete, violation } = await exploreScope(conflict);
    expect([isComplete, violation]).toEqual([true, undefined]);
    const { plant } = mutant('seats does not compare the amounts');
    expect((await exploreScope(conflict, { plant })).violation?.invariant).toBe('sold-is-paid');
  });

  test('a flight that is scheduled after its booking was requested: the booking is sold, or refused after three tries', async () => {
    const late = scope('one booking whose flight is scheduled later');
    const ends = new Set<string>();
    const { isComplete, violation } = await exploreScope(noting(late, ends));
    expect([isComplete, violation]).toEqual([true, undefined]);
    expect([...ends].some((end) => end.includes('"SOLD"'))).toBe(true);
    expect([...ends].some((end) => end.includes('"unknown-flight"'))).toBe(true);
  });

  test('a seat that is stranded by a crash is found', async () => {
    const declined = scope('one declined booking, one fault of any kind');
    const { plant } = mutant('a seat is not freed after a crash between claim and record');
    const { violation } = await exploreScope(declined, { plant });
    expect(violation?.invariant).toBe('failed-holds-nothing');
    expect(violation?.trace.length).toBeLessThan(60);
  });
});

describe('planted bugs', () => {
  test.each(['the refund comes before its mark', 'a payment is declared failed when the provider does not answer'])(
    '%s: an expected invariant catches it',
    async (name) => {
      const { caught } = await huntMutant(mutant(name), { seeds: 50, bookings: 12 });
      expect(caught?.isExpected).toBe(true);
    },
  );

  test('a seat is claimed without a condition: an expected invariant catches it, and its seed finds it again', async () => {
    const bug = mutant('a seat is claimed without a condition');
    const { caught } = await huntMutant(bug, { seeds: 50, bookings: 12 });
    expect(caught?.isExpected).toBe(true);
    const again = await runSeed({ seed: caught!.seeds, bookings: 12, plant: bug.plant });
    expect(again.violation).toEqual({ invariant: caught!.by, message: caught!.message });
  });
});

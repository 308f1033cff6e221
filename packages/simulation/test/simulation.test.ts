import { describe, expect, test } from '@jest/globals';
import '../src/plain-copy.ts';
import { exploreScope } from '../src/exhaustive.ts';
import { snapshotOf } from '../src/final-state.ts';
import { huntMutant, mutants } from '../src/mutants.ts';
import type { Scope } from '../src/scope.ts';
import { scopes } from '../src/scopes.ts';
import { runSeed } from '../src/seeded.ts';

const mutant = (name: string) => mutants.find((other) => other.name === name)!;

describe('seeded simulation', () => {
  test('20 seeds with many faults break no invariant', async () => {
    let faults = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const { violation, coverage } = await runSeed({ seed, bookings: 8 });
      expect(violation).toBeUndefined();
      faults += coverage.total;
    }
    expect(faults).toBeGreaterThan(1000);
  });

  test('the same seed has the same steps', async () => {
    const [first, second] = [await runSeed({ seed: 7, bookings: 8 }), await runSeed({ seed: 7, bookings: 8 })];
    expect(first.trace.length).toBeGreaterThan(100);
    expect(second.trace).toEqual(first.trace);
    expect((await runSeed({ seed: 8, bookings: 8 })).trace).not.toEqual(first.trace);
  });

  test('bookings are confirmed, and each gets a mail', async () => {
    let confirmed = 0;
    let sent = 0;
    for (let seed = 1; seed <= 10; seed++) {
      const result = await runSeed({ seed, bookings: 8 });
      confirmed += result.confirmed;
      sent += result.mails.sent;
    }
    expect(confirmed).toBeGreaterThan(0);
    expect(sent).toBeGreaterThanOrEqual(confirmed);
  });
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

  test('a seat that is stranded by a crash is found', async () => {
    const declined = scope('one declined booking, one fault of any kind');
    const { plant } = mutant('a seat is not freed after a crash between claim and record');
    const { violation } = await exploreScope(declined, { plant });
    expect(violation?.invariant).toBe('failed-holds-nothing');
    expect(violation?.trace.length).toBeLessThan(60);
  });
});

describe('planted bugs', () => {
  test.each([
    'a seat is claimed without a condition',
    'the refund comes before its mark',
    'a payment is declared failed when the provider does not answer',
  ])('%s: an expected invariant catches it', async (name) => {
    const { caught } = await huntMutant(mutant(name), { seeds: 50, bookings: 12 });
    expect(caught?.isExpected).toBe(true);
  });

  test('the seed of a violation finds it again', async () => {
    const bug = mutant('a seat is claimed without a condition');
    const { caught } = await huntMutant(bug, { seeds: 50, bookings: 12 });
    const again = await runSeed({ seed: caught!.seeds, bookings: 12, plant: bug.plant });
    expect(again.violation).toEqual({ invariant: caught!.by, message: caught!.message });
  });
});

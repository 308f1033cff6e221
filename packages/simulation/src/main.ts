/** `pnpm simulate`: searches for a run of the airline that breaks what must always hold. README.md says how to read what it prints. */
import './plain-copy.ts';
import { parseArgs } from 'node:util';
import { Coverage } from './coverage.ts';
import { exploreScope } from './exhaustive.ts';
import { faultMatrix } from './faults.ts';
import { huntMutant, mutants } from './mutants.ts';
import { scopes } from './scopes.ts';
import { runSeed, type SeedResult } from './seeded.ts';

const usage = `usage: pnpm simulate [--seeds N] [--bookings N] [--seed S] [--exhaustive [--scope TEXT]] [--mutants] [--trace N]

  --seeds N      seeds to run (default 100; with --mutants, the most to try for each: 1000)
  --from S       the first of them (default 1)
  --bookings N   bookings in each (default 20)
  --seed S       run this seed alone, and print its trace
  --exhaustive   walk every interleaving of the small scopes instead
  --scope TEXT   those only whose name has this in it
  --states N     give a scope up after so many states (default: never)
  --mutants      plant each known bug, and see which invariant catches it
  --trace N      print the last N steps of a violation (default 60)`;

interface Totals {
  runs: number;
  bookings: number;
  faults: number;
  states: number;
  violations: number;
}

const { values } = parseArguments();
const number = (text: string | undefined, standard: number): number => {
  if (text === undefined) return standard;
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  return fail(`“${text}” is not a whole number above 0`);
};
const bookings = number(values.bookings, 20);
const traceLength = number(values.trace, 60);
const totals: Totals = { runs: 0, bookings: 0, faults: 0, states: 0, violations: 0 };

if (values.mutants) await huntAll(number(values.seeds, 1000));
else if (values.exhaustive) await exploreAll(values.states === undefined ? Infinity : number(values.states, 1));
else await runSeeds(values.seed === undefined ? undefined : number(values.seed, 1), number(values.seeds, 100));

const { runs, faults, states, violations } = totals;
console.log(`runs ${runs}, bookings ${totals.bookings}, faults ${faults}, states ${states}, violations ${violations}`);
process.exitCode = violations > 0 ? 1 : 0;

async function runSeeds(only: number | undefined, seeds: number): Promise<void> {
  const coverage = new Coverage(faultMatrix());
  const mails = { sent: 0, repeated: 0, missingNotices: 0 };
  let confirmed = 0;
  let steps = 0;
  const list =
    only === undefined ? Array.from({ length: seeds }, (_, index) => number(values.from, 1) + index) : [only];
  for (const seed of list) {
    const result = await runSeed({ seed, bookings });
    totals.runs += result.runs;
    totals.bookings += bookings;
    coverage.add(result.coverage);
    mails.sent += result.mails.sent;
    mails.repeated += result.mails.repeated;
    mails.missingNotices += result.mails.missingNotices;
    confirmed += result.confirmed;
    steps += result.steps;
    if (result.violation) {
      totals.violations += 1;
      await reportSeed(result);
    } else if (only !== undefined) {
      console.log(result.trace.slice(-traceLength).join('\n'));
    }
  }
  totals.faults = coverage.total;
  console.log(`\nFaults, by kind and by what they struck\n${coverage.table()}\n`);
  const [cell, hits] = coverage.leastHit();
  console.log(`cells ${coverage.cells.size}, least hit: ${cell} (${hits})`);
  console.log(
    `steps ${steps}; confirmed ${confirmed}; mails ${mails.sent}; because a sender was cut off: ${mails.repeated} repeated, ${mails.missingNotices} missing refund notices`,
  );
}

/** The fewest bookings with which the same seed still fails make the shortest story. */
async function reportSeed(failed: SeedResult): Promise<void> {
  let shortest = { result: failed, bookings };
  for (let fewer = 1; fewer < bookings; fewer++) {
    const result = await runSeed({ seed: failed.seed, bookings: fewer });
    if (result.violation?.invariant !== failed.violation!.invariant) continue;
    shortest = { result, bookings: fewer };
    break;
  }
  const { result } = shortest;
  console.log(`\nVIOLATION ${result.violation!.message}`);
  console.log(
    `replay: pnpm simulate --seed ${failed.seed} --bookings ${shortest.bookings} --trace ${result.trace.length}`,
  );
  console.log(result.trace.slice(-traceLength).join('\n'));
}

async function exploreAll(maximumStates: number): Promise<void> {
  const chosen = scopes().filter(({ name }) => name.includes(values.scope ?? ''));
  if (chosen.length === 0)
    fail(
      `No scope has “${values.scope}” in its name:\n${scopes()
        .map(({ name }) => `  ${name}`)
        .join('\n')}`,
    );
  for (const scope of chosen) {
    const startedAt = process.hrtime.bigint();
    const { name, states, transitions, ends, statesOf, isComplete, violation } = await exploreScope(scope, {
      maximumStates,
    });
    const seconds = Number(process.hrtime.bigint() - startedAt) / 1e9;
    totals.runs += transitions;
    totals.bookings += scope.bookings.length;
    totals.states += states;
    const extent = isComplete ? 'complete' : 'NOT COMPLETE';
    const alone = Object.entries(statesOf).map(([service, count]) => `${service} ${count}`);
    console.log(
      `${name}: ${states} states (${alone.join(', ')}), ${transitions} transitions, ${ends} ends, ${extent}, ${seconds.toFixed(1)} s`,
    );
    if (!violation) continue;
    totals.violations += 1;
    console.log(`\nVIOLATION ${violation.message}\n${violation.trace.slice(-traceLength).join('\n')}\n`);
  }
}

async function huntAll(seeds: number): Promise<void> {
  const width = Math.max(...mutants.map(({ name }) => name.length));
  for (const mutant of mutants) {
    const { caught } = await huntMutant(mutant, { seeds, bookings });
    totals.runs += caught?.seeds ?? seeds;
    totals.bookings += (caught?.seeds ?? seeds) * bookings;
    if (!caught?.isExpected) totals.violations += 1;
    const verdict = caught
      ? `${caught.by}, seed ${caught.seeds}${caught.isExpected ? '' : ' — NOT the invariant meant for it'}`
      : 'SURVIVED';
    console.log(`${mutant.name.padEnd(width)}  ${verdict}`);
  }
}

function parseArguments() {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: process.argv.slice(2).filter((argument) => argument !== '--'),
      options: {
        seeds: text,
        from: text,
        bookings: text,
        seed: text,
        states: text,
        scope: text,
        trace: text,
        exhaustive: flag,
        mutants: flag,
      },
    });
  } catch (error) {
    return fail((error as Error).message);
  }
}

function fail(message: string): never {
  console.error(`${message}\n\n${usage}`);
  process.exit(1);
}

/** `pnpm simulate`: searches for a simulated run of the airline that breaks an invariant. See README.md. */
import './plain-copy.ts';
import { Command, InvalidArgumentError } from 'commander';
import { Coverage } from './coverage.ts';
import { exploreScope } from './exhaustive.ts';
import { faultMatrix } from './faults.ts';
import { huntMutant, mutants } from './mutants.ts';
import { scopes } from './scopes.ts';
import { runSeed, type SeedResult } from './seeded.ts';

interface Totals {
  runs: number;
  bookings: number;
  faults: number;
  states: number;
  violations: number;
}

interface Options {
  seeds?: number;
  from: number;
  bookings: number;
  seed?: number;
  exhaustive?: true;
  scope?: string;
  states?: number;
  mutants?: true;
  trace: number;
}

const program = new Command('pnpm simulate')
  .description('Searches for a simulated run of the airline that breaks an invariant.')
  .option('--seeds <n>', 'seeds to run (default: 100; with --mutants, the most for each: 1000)', positiveInteger)
  .option('--from <seed>', 'the first of them', positiveInteger, 1)
  .option('--bookings <n>', 'bookings in each simulation', positiveInteger, 20)
  .option('--seed <seed>', 'run only this seed, and print its trace', positiveInteger)
  .option('--exhaustive', 'visit every interleaving of the small scopes instead')
  .option('--scope <text>', 'only the scopes with this text in their name (default: all)')
  .option('--states <n>', 'stop a scope after this number of states (default: no limit)', positiveInteger)
  .option('--mutants', 'plant each known bug, and print which invariant catches it')
  .option('--trace <n>', 'print the last n steps of a violation', positiveInteger, 60)
  .addHelpText('after', '\nExit codes: 0 all invariants hold, 1 an invariant is broken, or an invalid option.')
  .showHelpAfterError('(--help shows what it takes)');

// The reader of a pipe may stop reading, as `head` does. Then there is nothing left to print for.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

// `pnpm simulate -- --seeds …` passes the separator on.
program.parse(process.argv.filter((argument, index) => !(index === 2 && argument === '--')));
const options = program.opts<Options>();
const { bookings, trace: traceLength } = options;
requireUsefulOptions();
const totals: Totals = { runs: 0, bookings: 0, faults: 0, states: 0, violations: 0 };

if (options.mutants) await huntAll(options.seeds ?? 1000);
else if (options.exhaustive) await exploreAll();
else await runSeeds();

const { runs, faults, states, violations } = totals;
console.log(`runs ${runs}, bookings ${totals.bookings}, faults ${faults}, states ${states}, violations ${violations}`);

/** An option that the chosen search does not read would be ignored in silence. */
function requireUsefulOptions(): void {
  const read: Record<string, readonly string[]> = {
    '--mutants': ['mutants', 'seeds', 'bookings'],
    '--exhaustive': ['exhaustive', 'scope', 'states', 'trace'],
    '--seed': ['seed', 'bookings', 'trace'],
    '': ['seeds', 'from', 'bookings', 'trace'],
  };
  const mode = Object.keys(read).find((name) => name === '' || options[name.slice(2) as keyof Options] !== undefined)!;
  for (const option of program.options) {
    const name = option.attributeName();
    if (program.getOptionValueSource(name) !== 'cli' || read[mode]!.includes(name)) continue;
    const modes = Object.keys(read).filter((other) => other !== '' && read[other]!.includes(name));
    const where = mode === '' ? `without ${modes.join(' or ')}` : `with ${mode}`;
    program.error(`error: option '${option.long}' has no effect ${where}`);
  }
}

async function runSeeds(): Promise<void> {
  const { seed: only, seeds = 100, from } = options;
  const coverage = new Coverage(faultMatrix());
  const mails = { sent: 0, repeated: 0, missingNotices: 0 };
  let confirmed = 0;
  let steps = 0;
  const list = only === undefined ? Array.from({ length: seeds }, (_, index) => from + index) : [only];
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
      countViolation();
      await reportSeed(result);
    } else if (only !== undefined) {
      console.log(result.trace.slice(-traceLength).join('\n'));
    }
  }
  totals.faults = coverage.total;
  console.log(`\nFaults, by kind and place\n${coverage.table()}\n`);
  const [cell, hits] = coverage.leastHit();
  console.log(`cells ${coverage.cells.size}, least hit: ${cell} (${hits})`);
  const { sent, repeated, missingNotices } = mails;
  console.log(
    `steps ${steps}; confirmed ${confirmed}; mails ${sent}; ` +
      `excused, since a run was interrupted: ${repeated} repeated mails, ${missingNotices} missing refund notices`,
  );
}

/** Prints the trace of a failed seed, with the fewest bookings that break the same invariant. */
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

async function exploreAll(): Promise<void> {
  const { scope: text = '', states: maximumStates = Infinity } = options;
  const chosen = scopes().filter(({ name }) => name.includes(text));
  if (chosen.length === 0) {
    const names = scopes().map(({ name }) => `  ${name}`);
    program.error(`error: no scope has “${text}” in its name; the scopes are:\n${names.join('\n')}`);
  }
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
    countViolation();
    console.log(`\nVIOLATION ${violation.message}\n${violation.trace.slice(-traceLength).join('\n')}\n`);
  }
}

async function huntAll(seeds: number): Promise<void> {
  const width = Math.max(...mutants.map(({ name }) => name.length));
  for (const mutant of mutants) {
    const { caught } = await huntMutant(mutant, { seeds, bookings });
    totals.runs += caught?.seeds ?? seeds;
    totals.bookings += (caught?.seeds ?? seeds) * bookings;
    if (!caught?.isExpected) countViolation();
    const verdict = caught
      ? `${caught.by}, seed ${caught.seeds}${caught.isExpected ? '' : ' — NOT an expected invariant'}`
      : 'SURVIVED';
    console.log(`${mutant.name.padEnd(width)}  ${verdict}`);
  }
}

/** Sets the exit code at once, since the process may end before its last line: see EPIPE above. */
function countViolation(): void {
  totals.violations += 1;
  process.exitCode = 1;
}

function positiveInteger(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('It must be a whole number above 0.');
  return number;
}

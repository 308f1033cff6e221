/** `pnpm check`: every gate that takes seconds, side by side, one line for each. */
import { Argument, Command } from 'commander';
import { pc } from '../cli/colors.ts';
import { exitCode, run } from '../cli/command.ts';
import { type Gate, gates, type Outcome, runGates } from '../gates/run-gates.ts';

await run(
  new Command('pnpm check')
    .description('Runs every quick gate, or those that are named. Prints in full what a failing gate printed.')
    .addArgument(new Argument('[gates...]', 'scripts of package.json').choices(gates))
    .addHelpText('after', '\nExit codes: 0 all passed, 1 one failed.')
    .action(check),
);

async function check(named: Gate[]): Promise<void> {
  const started = performance.now();
  const chosen = gates.filter((gate) => named.length === 0 || named.includes(gate));
  const width = Math.max(...chosen.map((gate) => gate.length));
  const outcomes = await runGates(chosen, (outcome) => print(outcome, width));
  const failed = outcomes.flatMap(({ gate, passed }) => (passed ? [] : [gate]));
  const total = `${((performance.now() - started) / 1000).toFixed(1)} s`;
  if (failed.length === 0) return console.log(`${chosen.length} of ${chosen.length} gates passed in ${total}.`);
  console.log(pc.red(`${failed.length} of ${chosen.length} gates failed in ${total}: ${failed.join(', ')}.`));
  process.exitCode = exitCode.error;
}

function print({ gate, passed, seconds, output }: Outcome, width: number): void {
  const mark = passed ? pc.green('✓') : pc.red('✗');
  console.log(`${mark} ${gate.padEnd(width)}  ${seconds.toFixed(1).padStart(5)} s`);
  if (!passed) console.log(`${output.trimEnd()}\n`);
}

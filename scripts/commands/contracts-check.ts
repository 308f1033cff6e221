/** `pnpm contracts:check`: checks that old and new versions of all services understand each other's events. */
import { Command } from 'commander';
import { pc } from '../cli/colors.ts';
import { run } from '../cli/command.ts';
import { counted } from '../cli/format.ts';
import { UsageError } from '../cli/usage-error.ts';
import { checkContract, type CheckOptions } from '../contracts/check-contract.ts';

await run(
  new Command('pnpm contracts:check')
    .description(
      'Compare the events with every release, with the fields that the services read, and with the rules of their stacks.',
    )
    .option('--schemas <folder>', 'the schemas to check (default: events-schemas/schemas)')
    .option('--released <folder>', 'the releases to compare with (default: events-schemas/released)')
    .option('--no-rules', 'skip the rules of the stacks, which need a synthesis')
    .option('--frozen', 'fail also when a compatible change is not released yet; for CI')
    .action(check),
);

async function check({ frozen, ...options }: CheckOptions & { frozen?: true }): Promise<void> {
  const { mistakes, unreleased, events, releases, readers, rules } = await checkContract(options);
  for (const mistake of mistakes) console.error(`${pc.red('✗')} ${mistake}`);
  if (mistakes.length > 0) {
    throw new UsageError(
      `${counted(mistakes.length, 'break')} of the contract. CONTRIBUTING.md, "Change an event", says what is possible.`,
    );
  }
  const compared = `${counted(events, 'event')} and ${counted(releases, 'release')}`;
  const checked = `${counted(readers, 'reader')}, ${options.rules ? counted(rules, 'rule') : 'no rules'}`;
  console.log(`${pc.green('✓')} Everyone understands everyone: ${compared}, ${checked}.`);
  if (unreleased.length === 0) return;
  const notice =
    `Not released yet: ${unreleased.join(', ')}. ` +
    'Run `pnpm contracts:release` before it is deployed: later changes are compared with the release.';
  if (frozen) throw new UsageError(notice);
  console.log(pc.yellow(notice));
}

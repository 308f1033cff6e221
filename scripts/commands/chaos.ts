/** `pnpm chaos`: books under faults, repairs as an operator does, and checks that everything is right in the end. */
import { chaosProfiles } from '@airline/local-cloud/chaos/chaos-profiles';
import { Command, Option } from 'commander';
import { startOwnAirline } from '../airline/own-airline.ts';
import { localPorts } from '../airline/target.ts';
import { describeVerdict } from '../chaos/chaos-verdict.ts';
import { type ChaosRunOptions, runChaos } from '../chaos/run-chaos.ts';
import { answer } from '../cli/answer.ts';
import { pc } from '../cli/colors.ts';
import { exitCode, run } from '../cli/command.ts';
import { positiveInteger, seed } from '../cli/option-values.ts';

type ChaosCommandOptions = ChaosRunOptions & { running?: true; json?: true };

await run(
  new Command('pnpm chaos')
    .description(
      'Book while the local cloud injects faults. Then stop the faults, redrive the dead letters, and check every booking.',
    )
    .option('--bookings <number>', 'the number of bookings', positiveInteger, 200)
    .option('--seed <number>', 'the seed of the bookings and of the faults', seed, 1)
    .addOption(
      new Option('--profile <profile>', 'how many faults of which kinds')
        .choices(Object.keys(chaosProfiles))
        .default('default'),
    )
    .option('--backlog <number>', 'pause publishing while so many messages wait in the queues', positiveInteger, 60)
    .option('--running', 'use a local cloud that was started with --chaos, instead of starting one')
    .option('--json', 'print the answer as JSON')
    .addHelpText('after', '\nExit codes: 0 everything is right, 1 it is not. Progress is on standard error.')
    .action(chaos),
);

async function chaos({ running, json, ...options }: ChaosCommandOptions): Promise<void> {
  const report = (step: string): void => console.error(pc.dim(`· ${step} …`));
  report(running ? 'Using the running airline' : 'Starting an airline on free ports');
  const own = running ? undefined : await startOwnAirline(['--chaos', `${options.seed}:${options.profile}`]);
  try {
    const verdict = await runChaos(options, own?.ports ?? localPorts(), report);
    answer(verdict, { json }, describeVerdict);
    if (verdict.violations.length > 0) process.exitCode = exitCode.error;
  } finally {
    await own?.stop();
  }
}

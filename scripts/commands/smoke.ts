/** `pnpm smoke`: tries a running airline, and takes everything back. */
import { openTarget } from '../airline/target.ts';
import { printJson } from '../cli/answer.ts';
import { pc } from '../cli/colors.ts';
import { command, type CommonOptions, exitCode, run } from '../cli/command.ts';
import { counted } from '../cli/format.ts';
import { stopOnSignal } from '../cli/stop-on-signal.ts';
import { describeOutcome } from '../smoke/describe-outcome.ts';
import { runSmoke } from '../smoke/run-smoke.ts';

await run(
  command(
    'pnpm smoke',
    'Try a running airline: book, be declined, cancel, let a hold expire, drop a dead letter; look at rules, alarms ' +
      'and routes; compare the records; clean up.',
  )
    .addHelpText(
      'after',
      '\nIt uses a flight of its own, and takes under three minutes. Exit code 1 also when a check fails; the others ' +
        'still run.\nCtrl-C ends the checks and cleans up. docs/runbook.md, "The smoke test fails", says what to do.',
    )
    .action(smoke),
);

async function smoke({ target: name, json }: CommonOptions): Promise<void> {
  const target = openTarget(name);
  const { signal, release } = stopOnSignal('Ending the checks and cleaning up …');
  const started = performance.now();
  const report = await runSmoke(target, {
    signal,
    onOutcome: (outcome) => {
      if (!json) console.log(describeOutcome(outcome));
    },
  }).finally(release);
  if (!report.passed) process.exitCode = exitCode.error;
  if (json) return printJson(report);
  const failed = report.checks.filter(({ state }) => state === 'failed');
  const seconds = Math.round((performance.now() - started) / 1000);
  if (report.passed) return console.log(pc.green(`The airline ${report.airline} works (${seconds} s).`));
  if (signal.aborted) console.log(pc.yellow(`Interrupted after ${seconds} s.`));
  if (failed.length > 0)
    console.log(pc.red(`${counted(failed.length, 'check')} failed: ${failed.map((each) => each.name).join(', ')}.`));
}

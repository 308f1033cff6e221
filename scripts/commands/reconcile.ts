/** `pnpm reconcile`: checks whether all parties agree on every booking. */
import { openTarget } from '../airline/target.ts';
import { answer } from '../cli/answer.ts';
import { command, type CommonOptions, exitCode, run } from '../cli/command.ts';
import { age } from '../cli/option-values.ts';
import { describeReport } from '../reconcile/describe-report.ts';
import { reconcile } from '../reconcile/reconcile-bookings.ts';

await run(
  command(
    'pnpm reconcile',
    'Compare what seats, payments, receipts, status and the payment provider recorded of every booking.',
  )
    .option(
      '--in-flight <age>',
      'a booking that is not settled counts as stuck after this time without an event, e.g. 90s, 10m, 2h',
      age,
      age('15m'),
    )
    .addHelpText(
      'after',
      'It changes nothing. Exit code 1 also when they disagree; docs/runbook.md says what to do then.',
    )
    .action(async ({ target: name, json, inFlight }: CommonOptions & { inFlight: number }) => {
      const report = await reconcile(openTarget(name), { inFlightMilliseconds: inFlight });
      answer(report, { json }, describeReport);
      if (report.findings.length > 0) process.exitCode = exitCode.error;
    }),
);

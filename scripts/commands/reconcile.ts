/** `pnpm reconcile`: checks whether all parties agree on every booking. */
import { readWaiting } from '../airline/read-waiting.ts';
import { openTarget, type Target } from '../airline/target.ts';
import { answer } from '../cli/answer.ts';
import { command, type CommonOptions, exitCode, run } from '../cli/command.ts';
import { age } from '../cli/option-values.ts';
import { describeReport } from '../reconcile/describe-report.ts';
import type { Only } from '../reconcile/read-snapshot.ts';
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
    .option(
      '--since <age>',
      'only bookings that are not settled and began to wait since then, e.g. 2h: by the index of status, without a scan',
      age,
    )
    .addHelpText(
      'after',
      'It changes nothing. Exit code 1 also when they disagree; docs/runbook.md says what to do then.',
    )
    .action(async ({ target: name, json, inFlight, since }: CommonOptions & { inFlight: number; since?: number }) => {
      const target = openTarget(name);
      const only = since === undefined ? {} : { only: await waitingSince(target, Date.now() - since) };
      const report = await reconcile(target, { inFlightMilliseconds: inFlight, ...only });
      answer(report, { json }, describeReport);
      if (report.findings.length > 0) process.exitCode = exitCode.error;
    }),
);

async function waitingSince(target: Target, earliest: number): Promise<Only> {
  const bookings = (await readWaiting(target)).filter(({ since }) => Date.parse(since) >= earliest);
  const flightIds = new Set(bookings.flatMap(({ flightId }) => (flightId === undefined ? [] : [flightId])));
  return { bookingIds: bookings.map(({ bookingId }) => bookingId), flightIds: [...flightIds] };
}

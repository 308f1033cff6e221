/** `pnpm reconcile`: do all parties agree on every booking? */
import { pc } from '../cli/colors.ts';
import { command, type CommonOptions, exitCode, run } from '../cli/command.ts';
import { age } from '../dead-letters/filters.ts';
import { invariants } from '../reconcile/find-disagreements.ts';
import { table } from '../cli/format.ts';
import { reconcile, type Report } from '../reconcile/reconcile-bookings.ts';
import { counted } from '../airline/schedule.ts';
import { openTarget } from '../airline/target.ts';

await run(
  command(
    'pnpm reconcile',
    'compares what seats, payments, receipts, status and the payment provider say of every booking',
  )
    .option(
      '--in-flight <age>',
      'how long nothing may happen to a booking that is not settled, e.g. 90s, 10m, 2h',
      age,
      age('15m'),
    )
    .addHelpText(
      'after',
      'It only reads; exit code 1 also means that they disagree. docs/runbook.md tells what to do then.',
    )
    .action(async ({ target: name, json, inFlight }: CommonOptions & { inFlight: number }) => {
      const report = await reconcile(openTarget(name), { inFlightMilliseconds: inFlight });
      console.log(json ? JSON.stringify(report) : describe(report));
      if (report.findings.length > 0) process.exitCode = exitCode.error;
    }),
);

function describe({ bookings, inFlight, findings }: Report): string {
  const rows = findings.map(({ invariant, what, bookingId, flightId, says, waitsFor, deadLetters }) => [
    `${pc.bold(bookingId ?? flightId ?? '')}\n${pc.dim(invariants[invariant])}`,
    [
      pc.red(what),
      ...Object.entries(says).map(([party, words]) => `${pc.dim(party.padEnd(9))} ${words}`),
      ...(deadLetters ?? []).map(({ service, kind, detailType, reason }) =>
        pc.yellow(`dead letter of ${service} (${kind}): ${detailType ?? 'not an event'}, ${reason}`),
      ),
      ...hint(deadLetters?.map(({ service }) => service) ?? waitsFor),
      '',
    ].join('\n'),
  ]);
  const counts = [
    `${counted(bookings, 'booking')} checked`,
    `${inFlight.toLocaleString('en')} in flight`,
    counted(findings.length, 'finding'),
  ];
  const summary = `${counts.join(', ')}.`;
  if (findings.length === 0) return pc.green(summary);
  const head = ['Booking and invariant', 'What is wrong, and what each says'];
  return `${table(head, rows)}\n${pc.red(summary)} ${pc.dim('docs/runbook.md tells what to do.')}`;
}

/** Which dead letters to look at: first those that are known, else of the services whose word is missing. */
function hint(services: string[] | undefined): string[] {
  return services
    ? [pc.dim(`look: ${[...new Set(services)].map((service) => `\`pnpm dlq show ${service}\``).join(', ')}`)]
    : [];
}

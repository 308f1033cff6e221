/** The output of `pnpm reconcile` for a person. */
import { pc } from '../cli/colors.ts';
import { counted, table } from '../cli/format.ts';
import { invariants } from './find-disagreements.ts';
import type { Report } from './reconcile-bookings.ts';

export function describeReport({ bookings, inFlight, findings }: Report): string {
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
  const head = ['Booking and invariant', 'What is wrong, and what each party says'];
  return `${table(head, rows)}\n${pc.red(summary)} ${pc.dim('docs/runbook.md says what to do.')}`;
}

/** The commands that show the dead letters of these services. */
function hint(services: string[] | undefined): string[] {
  return services
    ? [pc.dim(`look: ${[...new Set(services)].map((service) => `\`pnpm dlq show ${service}\``).join(', ')}`)]
    : [];
}

/** The output of `pnpm replay`, for a person and as JSON. */
import type { Replay } from '@aws-sdk/client-eventbridge';
import { printableData } from '../cli/answer.ts';
import { pc } from '../cli/colors.ts';
import { ago, counted, table, time } from '../cli/format.ts';
import type { Plan } from './plan-replay.ts';

/** What a replay would do. */
export function describePlan({ from, to, ...plan }: Plan): string {
  const { archive, rules, notes } = printableData(plan);
  const kept = archive.days === 0 ? 'for ever' : `for ${counted(archive.days, 'day')}`;
  return [
    table(
      ['Rule', 'What it delivers'],
      rules.map(({ name, description }) => [name, pc.dim(description)]),
    ),
    '',
    `Archive ${archive.name}: ${counted(archive.events, 'event')}, kept ${kept}.`,
    `From ${time(from.toISOString())} to ${time(to.toISOString())} UTC. ` +
      'An archive cannot tell how many of its events are of that time.',
    ...notes.map((note) => pc.yellow(note)),
    '',
    `Nothing was replayed. With --confirm, these events would go to ${counted(rules.length, 'rule')} again.`,
  ].join('\n');
}

export function planAsJson({ archive, from, to, rules, notes }: Plan): object {
  return { archive, from: from.toISOString(), to: to.toISOString(), rules: rules.map(({ name }) => name), notes };
}

/** How a replay ended. */
export function describeReplay(name: string, { State, EventLastReplayedTime, ...replay }: Replay): string {
  const { StateReason } = printableData(replay);
  const last = EventLastReplayedTime
    ? `its last event was ${ago(Date.now() - EventLastReplayedTime.getTime())} old`
    : 'it had no event';
  if (State === 'COMPLETED') {
    const next = '`pnpm dlq list` and `pnpm reconcile` show the result.';
    return `Replay ${name} is done; ${last}.\n${pc.dim(next)}`;
  }
  const reason = StateReason ? ` (${StateReason})` : '';
  return pc.red(`Replay ${name} is ${State}${reason}; ${last}. Events that it delivered stay delivered.`);
}

/** `pnpm replay`: brings events out of the bus's archive to the rules again. */
import type { Replay } from '@aws-sdk/client-eventbridge';
import { SingleBar } from 'cli-progress';
import { InvalidArgumentError } from 'commander';
import { pc } from '../cli/colors.ts';
import { command, type CommonOptions, exitCode, run } from '../cli/command.ts';
import { age } from '../dead-letters/filters.ts';
import { ago, table, time } from '../cli/format.ts';
import { cancelReplay, followReplay, startReplay } from '../replay/follow-replay.ts';
import { planReplay, type Plan } from '../replay/plan-replay.ts';
import { counted } from '../airline/schedule.ts';
import { openTarget, type Target } from '../airline/target.ts';

type ReplayOptions = CommonOptions & { from: Date; to?: Date; rule: string[]; confirm?: true };

await run(
  command(
    'pnpm replay',
    "bring events out of the bus's archive to the rules again; whoever has handled them changes nothing",
  )
    .requiredOption(
      '--from <time>',
      'events since then: 2026-11-24T09:30:00Z, or how long ago, e.g. 90s, 10m, 2h, 1d',
      moment,
    )
    .option('--to <time>', 'events until then (default: now)', moment)
    .option(
      '--rule <name>',
      'only to this rule, e.g. airline-seats-bookings; may be given again (default: all)',
      append,
      [],
    )
    .option('--confirm', 'do it; without this it only tells what it would do')
    .addHelpText(
      'after',
      '\nCtrl-C cancels a replay that is under way; events that it has brought stay where they are.',
    )
    .action(async ({ target: targetName, json, from, to, rule, confirm }: ReplayOptions) => {
      const target = openTarget(targetName);
      const plan = await planReplay(target, { from, to: to ?? new Date(), rules: rule });
      if (confirm) return confirmed(target, plan, json === true);
      console.log(json ? JSON.stringify({ confirmed: false, ...described(plan) }) : dryRun(plan));
    }),
);

function dryRun(plan: Plan): string {
  const { archive, from, to, rules } = plan;
  return [
    table(
      ['Rule', 'What it brings'],
      rules.map(({ name, description }) => [name, pc.dim(description)]),
    ),
    '',
    `Archive ${archive.name}: ${counted(archive.events, 'event')}, kept for ${archive.days === 0 ? 'ever' : counted(archive.days, 'day')}.`,
    `From ${time(from.toISOString())} to ${time(to.toISOString())} UTC. How many fell into that time, an archive cannot tell.`,
    ...plan.notes.map((note) => pc.yellow(note)),
    '',
    `Nothing was replayed. With --confirm, these events would go to ${counted(rules.length, 'rule')} again.`,
  ].join('\n');
}

async function confirmed(target: Target, plan: Plan, json: boolean): Promise<void> {
  const name = await startReplay(target, plan);
  const span = plan.to.getTime() - plan.from.getTime();
  const bar = new SingleBar({ format: 'Replaying {bar} {at}', barsize: 30, hideCursor: true, clearOnComplete: true });
  if (!json) bar.start(span, 0, { at: '' });
  const cancelling = new AbortController();
  const cancel = (): void => cancelling.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, cancel);
  const onProgress = (last: Date): void =>
    bar.update(last.getTime() - plan.from.getTime(), { at: time(last.toISOString()) });
  const replay = await followReplay(target, name, {
    signal: cancelling.signal,
    onCancel: () => cancelReplay(target, name),
    onProgress,
  }).finally(() => {
    bar.stop();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, cancel);
  });
  console.log(
    json
      ? JSON.stringify({ confirmed: true, ...described(plan), replay: name, state: replay.State })
      : report(name, replay),
  );
  if (replay.State !== 'COMPLETED') process.exitCode = exitCode.error;
}

function described({ archive, from, to, rules, notes }: Plan): object {
  return { archive, from: from.toISOString(), to: to.toISOString(), rules: rules.map(({ name }) => name), notes };
}

function report(name: string, { State, StateReason, EventLastReplayedTime }: Replay): string {
  const last = EventLastReplayedTime
    ? `the last event was from ${ago(Date.now() - EventLastReplayedTime.getTime())} ago`
    : 'there was no event';
  if (State === 'COMPLETED')
    return `Replay ${name} is done; ${last}.\n${pc.dim('`pnpm dlq list` and `pnpm reconcile` show what became of it.')}`;
  return pc.red(
    `Replay ${name} is ${State}${StateReason ? ` (${StateReason})` : ''}; ${last}. What it brought is brought.`,
  );
}

function append(name: string, names: string[]): string[] {
  return [...names, name];
}

/** A time, or an age such as 2h. */
function moment(text: string): Date {
  if (/^\d+[smhd]$/.test(text)) return new Date(Date.now() - age(text));
  const at = new Date(text);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text) || Number.isNaN(at.getTime())) {
    throw new InvalidArgumentError(
      'It must be a time with its zone, like 2026-11-24T09:30:00Z, or how long ago: 90s, 10m, 2h, 1d.',
    );
  }
  return at;
}

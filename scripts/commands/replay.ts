/** `pnpm replay`: sends events of the bus's archive to its rules again. */
import type { Replay } from '@aws-sdk/client-eventbridge';
import { openTarget, type Target } from '../airline/target.ts';
import { printJson } from '../cli/answer.ts';
import { command, type CommonOptions, exitCode, run } from '../cli/command.ts';
import { time } from '../cli/format.ts';
import { moment, repeated } from '../cli/option-values.ts';
import { withProgressBar } from '../cli/progress-bar.ts';
import { stopOnSignal } from '../cli/stop-on-signal.ts';
import { describePlan, describeReplay, planAsJson } from '../replay/describe-replay.ts';
import type { OperationEnd } from '../operations/operation.ts';
import { recordOperation } from '../operations/record-operation.ts';
import { type Unrecorded, unrecordedOption } from '../operations/unrecorded-option.ts';
import { cancelReplay, followReplay, newReplayName, startReplay } from '../replay/follow-replay.ts';
import { type Plan, planReplay } from '../replay/plan-replay.ts';

interface ReplayOptions extends CommonOptions, Unrecorded {
  from: Date;
  to?: Date;
  rule: string[];
  archive?: string;
  confirm?: true;
}

await run(
  command(
    'pnpm replay',
    "Send events of the bus's archive to its rules again. A service that handled an event already changes nothing.",
  )
    .requiredOption(
      '--from <time>',
      'the first events: 2026-11-24T09:30:00Z, or how long ago, e.g. 90s, 10m, 2h, 1d',
      moment,
    )
    .option('--to <time>', 'the last events (default: now)', moment)
    .option(
      '--rule <name>',
      'only this rule, e.g. airline-seats-bookings; may be repeated (default: all rules)',
      repeated,
      [],
    )
    .option('--archive <name>', 'the archive, if the bus has several: a platform that was removed left its old one')
    .option('--confirm', 'do it; without this option, only show what would be done')
    .addOption(unrecordedOption())
    .addHelpText('after', '\nCtrl-C cancels the replay. Events that it delivered until then stay delivered.')
    .action(async (options: ReplayOptions) => {
      const { target: name, json, from, to, rule, archive, confirm } = options;
      const target = openTarget(name);
      const plan = await planReplay(target, { from, to: to ?? new Date(), rules: rule, archive });
      if (confirm) return replay(target, plan, options);
      if (json) printJson({ confirmed: false, ...planAsJson(plan) });
      else console.log(describePlan(plan));
    }),
);

async function replay(target: Target, plan: Plan, { json = false, rule, archive, unrecorded }: ReplayOptions) {
  const name = newReplayName(target);
  const filter = {
    from: plan.from.toISOString(),
    to: plan.to.toISOString(),
    ...(rule.length > 0 && { rule }),
    ...(archive !== undefined && { archive }),
  };
  const ended = await recordOperation(
    target,
    { command: 'replay', filter, replay: name },
    { unrecorded, work: () => follow(target, plan, name, json), endOf },
  );
  if (json) printJson({ confirmed: true, ...planAsJson(plan), replay: name, state: ended.State });
  else console.log(describeReplay(name, ended));
  if (ended.State !== 'COMPLETED') process.exitCode = exitCode.error;
}

async function follow(target: Target, plan: Plan, name: string, json: boolean): Promise<Replay> {
  await startReplay(target, plan, name);
  const { signal, release } = stopOnSignal('Cancelling the replay …');
  const start = plan.from.getTime();
  const progress = {
    format: 'Replaying {bar} {at}',
    total: plan.to.getTime() - start,
    fields: { at: '' },
    isShown: !json,
  };
  return withProgressBar(progress, (onProgress) =>
    followReplay(target, name, {
      signal,
      onCancel: () => cancelReplay(target, name),
      onProgress: (last) => onProgress(last.getTime() - start, { at: time(last.toISOString()) }),
    }),
  ).finally(release);
}

/** EventBridge does not count what it replays. */
function endOf({ State, StateReason, EventLastReplayedTime }: Replay): OperationEnd {
  const last = EventLastReplayedTime ? `replayed until ${EventLastReplayedTime.toISOString()}` : 'no event';
  return {
    outcome: State === 'COMPLETED' ? 'done' : State === 'CANCELLED' ? 'stopped' : 'failed',
    counts: {},
    note: StateReason === undefined ? last : `${last}: ${StateReason}`,
  };
}

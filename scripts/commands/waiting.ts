/** `pnpm waiting`: the bookings that are not settled, grouped by who owes what. */
import { setTimeout as pause } from 'node:timers/promises';
import { openTarget, type Target } from '../airline/target.ts';
import { printableData, printJson } from '../cli/answer.ts';
import { outputClosed } from '../cli/closed-output.ts';
import { command, type CommonOptions, exitCode, run, targetSuffix } from '../cli/command.ts';
import { age } from '../cli/option-values.ts';
import { describeWaiting, shorten } from '../waiting/describe-waiting.ts';
import { groupWaiting, type WaitingGroup } from '../waiting/group-waiting.ts';
import { readWaiting } from '../airline/read-waiting.ts';

interface Options extends CommonOptions {
  /** Milliseconds. */
  olderThan?: number;
  flight?: string;
  watch?: true;
}

type Filter = Pick<Options, 'olderThan' | 'flight'>;

const watchMilliseconds = 2000;

await run(
  command('pnpm waiting', 'List the bookings that are not settled, grouped by who owes what, oldest first.')
    .option('--older-than <age>', 'only bookings that have waited longer, e.g. 90s, 10m, 2h, 1d', age)
    .option('--flight <flight>', 'only bookings of this flight, e.g. KL1001 or KL1001-20261218')
    .option('--watch', 'look every two seconds, and print what changed, until Ctrl-C')
    .addHelpText('after', 'It changes nothing. Exit code 3: bookings wait.')
    .action(waiting),
);

async function waiting({ target: name, json, watch, ...filter }: Options): Promise<void> {
  const target = openTarget(name);
  const suffix = targetSuffix(name);
  let before: string | undefined;
  for (;;) {
    const groups = await groupsOf(target, filter);
    const shown = shorten(groups);
    const now = JSON.stringify(json ? groups : shown);
    if (now !== before) {
      if (json) printJson(groups);
      else console.log(describeWaiting(printableData(shown), Date.now(), suffix));
    }
    before = now;
    process.exitCode = groups.length > 0 ? exitCode.waiting : exitCode.done;
    if (!watch) return;
    await pause(watchMilliseconds, undefined, { signal: outputClosed });
  }
}

async function groupsOf(target: Target, { olderThan, flight }: Filter): Promise<WaitingGroup[]> {
  const before = olderThan === undefined ? undefined : new Date(Date.now() - olderThan);
  return groupWaiting(await readWaiting(target, before), { flight: flight?.toUpperCase() });
}

/** `pnpm chaos`: books while everything misbehaves, then repairs as an operator would, and looks whether all is well. */
import { chaosProfiles, type ProfileName } from '@airline/local-cloud/chaos/chaos-profiles';
import { SingleBar } from 'cli-progress';
import { Command, Option } from 'commander';
import { pc } from '../cli/colors.ts';
import { planBookings } from '../chaos/chaos-bookings.ts';
import { coverageTable, judge, type Verdict } from '../chaos/chaos-verdict.ts';
import { type ChaosRun, createChaosRun } from '../chaos/chaos-run.ts';
import { exitCode, positiveInteger, run } from '../cli/command.ts';
import { startOwnAirline } from '../airline/own-airline.ts';
import { runCommand } from '../cli/run-command.ts';
import { counted } from '../airline/schedule.ts';
import { environmentOn, type LocalPorts, localPorts } from '../airline/target.ts';

interface ChaosCommandOptions {
  bookings: number;
  seed: number;
  profile: ProfileName;
  backlog: number;
  running?: true;
  json?: true;
}

/** EventBridge pauses up to a minute before it tries a delivery again. */
const patienceMilliseconds = 90_000;

await run(
  new Command('pnpm chaos')
    .description(
      'Books while the local cloud misbehaves; then the faults stop, dead letters are redriven, and everything must be well.',
    )
    .option('--bookings <number>', 'how many', positiveInteger, 200)
    .option('--seed <number>', 'of the bookings and of the faults', positiveInteger, 1)
    .addOption(
      new Option('--profile <profile>', 'how bad it is').choices(Object.keys(chaosProfiles)).default('default'),
    )
    .option('--backlog <number>', 'publish on while fewer messages than this wait in the queues', positiveInteger, 60)
    .option('--running', 'use the local cloud that was started with --chaos, instead of starting one')
    .option('--json', 'answer in JSON, for machines')
    .addHelpText('after', '\nExit codes: 0 all is well, 1 something is not. Progress is on standard error.')
    .action(chaos),
);

async function chaos(options: ChaosCommandOptions): Promise<void> {
  const { seed, profile, running, json } = options;
  say(running ? 'Using the running airline' : 'Starting an airline of its own');
  const own = running ? undefined : await startOwnAirline(['--chaos', `${seed}:${profile}`]);
  try {
    const verdict = await runChaos(options, own?.ports ?? localPorts());
    console.log(json ? JSON.stringify(verdict) : describe(verdict));
    if (verdict.violations.length > 0) process.exitCode = exitCode.error;
  } finally {
    await own?.stop();
  }
}

async function runChaos(
  { bookings, seed, profile, backlog }: ChaosCommandOptions,
  ports: LocalPorts,
): Promise<Verdict> {
  const started = performance.now();
  const chaosRun = createChaosRun(ports);
  await chaosRun.control({ enabled: true, seed, profile });
  const plan = planBookings(await chaosRun.freeSeats(bookings), bookings, seed);

  say(
    `Booking under chaos: seed ${seed}, profile ${profile}; a killed worker's messages come again after 20 s instead of a minute and more`,
  );
  const bar = progressBar('Published', bookings);
  await chaosRun.publish(plan, backlog, (published) => bar.update(published)).finally(() => bar.stop());
  say('Everything is published. Waiting while it is worked off under chaos');
  await chaosRun.drained();
  const faults = await chaosRun.control({ enabled: false });

  say(`${counted(faults.faults, 'fault')} so far; no more from here on. Waiting for quiet`);
  const redriven = await repair(
    chaosRun,
    plan.map(({ request }) => request.bookingId),
    ports,
  );

  say('Looking at everything');
  const statuses = await chaosRun.statuses(plan.map(({ request }) => request.bookingId));
  const reconciled = await runCommand(environmentOn(ports), 'reconcile', '--json');
  return judge({
    plan,
    statuses,
    mails: await chaosRun.mailsByAddress(),
    report: await chaosRun.report(),
    redriven,
    deadLetters: await chaosRun.deadLetters(),
    reconciled,
    seconds: (performance.now() - started) / 1000,
  });
}

/** Redrives until all bookings are settled and nothing is dead, or for as long as that gets any further. @returns how many dead letters */
async function repair(chaosRun: ChaosRun, bookingIds: string[], ports: LocalPorts): Promise<number> {
  let redriven = 0;
  let unsettled = bookingIds;
  let progressAt = Date.now();
  for (let before = Infinity; ;) {
    await chaosRun.quiet();
    unsettled = await chaosRun.unsettledAmong(unsettled);
    const stuck = await chaosRun.deadLetters();
    const letters = [...stuck.values()].reduce((sum, count) => sum + count, 0);
    say(`${counted(unsettled.length, 'booking')} not settled, ${counted(letters, 'dead letter')}`);
    if (unsettled.length === 0 && letters === 0) return redriven;
    if (unsettled.length + letters < before) progressAt = Date.now();
    if (Date.now() - progressAt > patienceMilliseconds) return redriven;
    before = unsettled.length + letters;
    for (const service of stuck.keys()) {
      const { stdout, stderr } = await runCommand(
        environmentOn(ports),
        'dlq',
        'redrive',
        service,
        '--confirm',
        '--json',
      );
      if (stdout === '') throw new Error(`\`pnpm dlq redrive ${service}\` failed: ${stderr}`);
      redriven += (JSON.parse(stdout) as { redriven: number }).redriven;
    }
  }
}

function describe(verdict: Verdict): string {
  const { bookings, confirmed, settled, faults, cells, redriven, mails, violations, findings, seconds } = verdict;
  const shown = violations.slice(0, 20).map((violation) => pc.red(`  ${violation}`));
  const more = violations.length > shown.length ? [pc.red(`  … and ${violations.length - shown.length} more`)] : [];
  return [
    coverageTable(cells),
    '',
    `Mails: ${mails.receipts} receipts for ${counted(confirmed, 'confirmed booking')}; ${mails.repeats} sent twice, where ${mails.excuses} may have been (sent, and the sender could not remember it)`,
    ...(violations.length > 0
      ? [pc.red(pc.bold(`\n${counted(violations.length, 'violation')}:`)), ...shown, ...more, '']
      : []),
    `${counted(bookings, 'booking')} in ${seconds.toFixed(0)} s: ${counted(faults, 'fault')} in ${counted(cells.length, 'cell')}, ${counted(redriven, 'dead letter')} redriven, ` +
      `${settled.toLocaleString('en')} settled (${confirmed.toLocaleString('en')} confirmed), ${counted(findings, 'finding')} of reconcile, ${counted(violations.length, 'violation')}`,
  ].join('\n');
}

function progressBar(what: string, total: number): SingleBar {
  const bar = new SingleBar({
    format: `${pc.dim('·')} ${what} {bar} {value}/{total}`,
    barsize: 30,
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
  });
  bar.start(total, 0);
  return bar;
}

function say(text: string): void {
  console.error(pc.dim(`· ${text} …`));
}

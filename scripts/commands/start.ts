/** `pnpm start`: the whole airline on this machine, until Ctrl-C. */
import { spawn } from 'node:child_process';
import inspector from 'node:inspector';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { ChaosOptions } from '@airline/local-cloud/chaos/chaos';
import { chaosProfiles, isProfileName } from '@airline/local-cloud/chaos/chaos-profiles';
import { LocalCloudError } from '@airline/local-cloud/local-cloud-error';
import { startLocalCloud } from '@airline/local-cloud/local-cloud';
import { SingleBar } from 'cli-progress';
import { Command, InvalidArgumentError } from 'commander';
import { pc } from '../cli/colors.ts';
import { cdkApps } from '../airline/cdk-apps.ts';
import { exitCode, run } from '../cli/command.ts';
import { isAlive, whenLauncherEnds } from '../cli/launchers.ts';
import { loadFlights } from '../airline/load-flights.ts';
import { counted, type Flight, isoDay, moveSchedule, readSchedule, seatCount } from '../airline/schedule.ts';
import { localPorts, openTarget } from '../airline/target.ts';
import { UsageError } from '../cli/usage-error.ts';
import { commandArguments, workspaceRoot } from '../cli/workspace.ts';

const sample = path.join(workspaceRoot, 'scripts', 'airline', 'sample-flights.json');
const stateFolder = path.join(workspaceRoot, '.local-cloud');
const logDirectory = path.join(stateFolder, 'logs');

await run(
  new Command('pnpm start')
    .description('Synthesizes the stacks and runs them on this machine, with sample flights, until Ctrl-C.')
    .option('--flights <file>', 'a schedule to load as it is, instead of the sample (which is moved to tomorrow)')
    .option(
      '--chaos <seed[:profile]>',
      `misbehave, the same way for the same seed (${Object.keys(chaosProfiles).join(', ')}); see packages/local-cloud/README.md`,
      parseChaos,
    )
    .addHelpText(
      'after',
      '\nLOCAL_AWS_PORT (4566) and LOCAL_HTTP_PORT (8080) say where it listens.\nGET /_local/health on either port answers 200 once all is up.',
    )
    .action(start),
);

async function start({ flights: file, chaos }: { flights?: string; chaos?: ChaosOptions }): Promise<void> {
  const started = performance.now();
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());
  whenLauncherEnds(() => stopping.abort());
  // What a person may have mistyped first: it should not cost the start-up.
  const ports = localPorts();
  const schedule = file === undefined ? moveSchedule(await readSchedule(sample), tomorrow()) : await readSchedule(file);

  step('Synthesizing the stacks');
  const assemblies = ownAssembliesFolder();
  process.once('exit', () => rmSync(assemblies, { recursive: true, force: true }));
  await synthesize(assemblies, stopping.signal);
  if (stopping.signal.aborted) return;
  step('Starting the local cloud');
  const cloud = await startLocalCloud({
    assemblies: cdkApps(assemblies).map(({ assembly }) => assembly),
    ...ports,
    logDirectory,
    ...(chaos && { chaos }),
    log: (line) => console.error(pc.yellow(line)),
    prepare: (endpoints) => load(schedule, endpoints),
  }).catch((error: unknown) => {
    throw error instanceof LocalCloudError ? new UsageError(error.message, { cause: error }) : error;
  });

  if (!stopping.signal.aborted) {
    announce(schedule, cloud, (performance.now() - started) / 1000);
    if (chaos)
      console.log(
        pc.yellow(
          `\nChaos, seed ${chaos.seed}, profile ${chaos.profile}: it misbehaves, and a killed worker's messages come again after 20 s.`,
        ),
      );
    await aborted(stopping.signal);
    console.log(pc.dim('\nStopping …'));
  }
  await cloud.stop();
  // Whatever a library still holds open (a pooled connection, a timer) must not keep the terminal waiting.
  process.exit(exitCode.done);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) =>
    signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }),
  );
}

/**
 * A folder for the templates and bundles of this process alone: functions are loaded from it as long as it runs, while another
 * airline on this machine may be started with other settings. What a killed process left is removed.
 */
function ownAssembliesFolder(): string {
  const prefix = 'assemblies-';
  mkdirSync(stateFolder, { recursive: true });
  for (const name of readdirSync(stateFolder).filter((each) => each.startsWith(prefix))) {
    if (!isAlive(Number(name.slice(prefix.length))))
      rmSync(path.join(stateFolder, name), { recursive: true, force: true });
  }
  return path.join(stateFolder, `${prefix}${process.pid}`);
}

/** In a process of its own, so that the CDK's memory is given back. @throws UsageError with what synthesis said of it */
async function synthesize(assemblies: string, signal: AbortSignal): Promise<void> {
  const child = spawn(process.execPath, commandArguments('synth'), {
    env: {
      ...process.env,
      CDK_ASSEMBLIES: assemblies,
      // A debugger is attached to this process, and with it to the threads that run the functions.
      ...(inspector.url() !== undefined && { AIRLINE_SOURCE_MAPS: 'true' }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  let complaint = '';
  child.stdout.resume();
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  const code = await new Promise<number | null>((resolve, reject) =>
    child.on('close', resolve).on('error', (error) => (signal.aborted ? resolve(0) : reject(error))),
  );
  if (code !== 0 && !signal.aborted) {
    // The CDK reports its progress on standard error.
    throw new UsageError(
      complaint.replaceAll(/^Bundling asset .*\n/gm, '').trim() || `Synthesis ended with exit code ${code}.`,
    );
  }
}

async function load(
  schedule: Flight[],
  { awsEndpoint, httpEndpoint }: { awsEndpoint: string; httpEndpoint: string },
): Promise<void> {
  const target = openTarget('local', {
    awsPort: Number(new URL(awsEndpoint).port),
    httpPort: Number(new URL(httpEndpoint).port),
  });
  const bar = new SingleBar({
    format: `${pc.dim('·')} Loading flights {bar} {value}/{total}`,
    barsize: 30,
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(schedule.length, 0);
  await loadFlights(target, schedule, (published) => bar.update(published)).finally(() => bar.stop());
}

function announce(
  schedule: Flight[],
  { awsEndpoint, httpEndpoint }: { awsEndpoint: string; httpEndpoint: string },
  seconds: number,
): void {
  const seats = schedule.reduce((sum, flight) => sum + seatCount(flight), 0);
  const first = schedule[0];
  console.log(`
${pc.green(pc.bold('The airline is open.'))} ${pc.dim(`${counted(schedule.length, 'flight')}, ${counted(seats, 'seat')}, up in ${seconds.toFixed(1)} s`)}

  HTTP API       ${pc.cyan(httpEndpoint)}/flights
  Mail inbox     ${pc.cyan(`${awsEndpoint}/`)}
  AWS endpoint   ${pc.cyan(awsEndpoint)}  ${pc.dim('for the aws command: --endpoint-url, any region, any keys')}
  Function logs  ${pc.dim(path.relative(process.cwd(), logDirectory))}
${first ? `\nIn a second terminal:\n\n  pnpm book --flight ${first.flightNumber} --seat ${firstSeat(first)} --watch\n` : ''}
${pc.dim('Ctrl-C stops it. Nothing is kept.')}`);
}

function firstSeat({ cabins }: Flight): string {
  const cheapest = cabins.reduce((a, b) => (b.fare.amountMinor < a.fare.amountMinor ? b : a));
  return `${cheapest.rows.first}${cheapest.letters[0]!}`;
}

function parseChaos(text: string): ChaosOptions {
  const [, seed, profile = 'default'] = /^(\d{1,9})(?::(.*))?$/.exec(text) ?? [];
  if (seed === undefined || !isProfileName(profile)) {
    throw new InvalidArgumentError(
      `It takes a number and perhaps a profile (${Object.keys(chaosProfiles).join(', ')}), such as 7 or 7:storm.`,
    );
  }
  return { seed: Number(seed), profile };
}

function tomorrow(): string {
  return isoDay(Date.now() + 24 * 3600 * 1000);
}

function step(text: string): void {
  console.log(pc.dim(`· ${text} …`));
}

/** `pnpm start`: runs the whole airline on this machine until Ctrl-C. */
import { rmSync } from 'node:fs';
import inspector from 'node:inspector';
import path from 'node:path';
import type { ChaosOptions } from '@airline/local-cloud/chaos/chaos';
import { chaosProfiles, isProfileName } from '@airline/local-cloud/chaos/chaos-profiles';
import { type Endpoints, startLocalCloud } from '@airline/local-cloud/local-cloud';
import { LocalCloudError } from '@airline/local-cloud/local-cloud-error';
import { printableLines } from '@airline/events-schemas/printable';
import { Command, InvalidArgumentError } from 'commander';
import { announcement } from '../airline/announcement.ts';
import { cdkApps } from '../airline/cdk-apps.ts';
import { loadFlights } from '../airline/load-flights.ts';
import { type Flight, moveSchedule, readSchedule } from '../airline/schedule.ts';
import { ownAssembliesFolder, synthesize } from '../airline/synthesize.ts';
import { localPorts, openTarget } from '../airline/target.ts';
import { outputClosed } from '../cli/closed-output.ts';
import { pc } from '../cli/colors.ts';
import { exitCode, run } from '../cli/command.ts';
import { isoDay } from '../cli/format.ts';
import { whenLauncherEnds } from '../cli/launchers.ts';
import { withProgressBar } from '../cli/progress-bar.ts';
import { UsageError } from '../cli/usage-error.ts';
import { workspaceRoot } from '../cli/workspace.ts';

const sample = path.join(workspaceRoot, 'scripts', 'airline', 'sample-flights.json');
const stateFolder = path.join(workspaceRoot, '.local-cloud');
const logDirectory = path.join(stateFolder, 'logs');
/** Of the local cloud's messages, in characters. */
const longestLine = 2000;
const profiles = Object.keys(chaosProfiles).join(', ');

await run(
  new Command('pnpm start')
    .description('Synthesize the stacks and run them on this machine, with sample flights, until Ctrl-C.')
    .option('--flights <file>', 'load this schedule, unchanged, instead of the sample (which is moved to tomorrow)')
    .option(
      '--chaos <seed[:profile]>',
      `inject faults, the same for the same seed (${profiles}); see packages/local-cloud/README.md`,
      parseChaos,
    )
    .addHelpText(
      'after',
      '\nIt listens on the ports LOCAL_AWS_PORT (4566) and LOCAL_HTTP_PORT (8080).\n' +
        'GET /_local/health on either port answers 200 once everything is up.',
    )
    .action(start),
);

async function start({ flights: file, chaos }: { flights?: string; chaos?: ChaosOptions }): Promise<void> {
  const started = performance.now();
  const stopping = stopRequests();
  // Checked first, so that a mistake in ports or schedule is reported before the synthesis, which takes seconds.
  const ports = localPorts();
  const schedule = file === undefined ? moveSchedule(await readSchedule(sample), tomorrow()) : await readSchedule(file);

  step('Synthesizing the stacks');
  const assemblies = ownAssembliesFolder(stateFolder);
  process.once('exit', () => rmSync(assemblies, { recursive: true, force: true }));
  // A debugger of this process is also attached to the threads that run the functions.
  const sourceMaps = inspector.url() === undefined ? {} : { AIRLINE_SOURCE_MAPS: 'true' };
  await synthesize(assemblies, { signal: stopping, environment: { ...process.env, ...sourceMaps } });
  if (stopping.aborted) return;

  step('Starting the local cloud');
  const cloud = await startLocalCloud({
    assemblies: cdkApps(assemblies).map(({ assembly }) => assembly),
    ...ports,
    logDirectory,
    ...(chaos && { chaos }),
    // A line may quote a message.
    log: (line) => console.error(pc.yellow(printableLines(line, longestLine))),
    prepare: (endpoints) => load(schedule, endpoints),
  }).catch((error: unknown) => {
    throw error instanceof LocalCloudError ? new UsageError(error.message, { cause: error }) : error;
  });

  if (!stopping.aborted) {
    const seconds = (performance.now() - started) / 1000;
    console.log(announcement({ schedule, endpoints: cloud, logDirectory, ...(chaos && { chaos }), seconds }));
    await aborted(stopping);
    console.log(pc.dim('\nStopping …'));
  }
  await cloud.stop();
  // Connection pools and timers of libraries would keep the process running.
  process.exit(exitCode.done);
}

/** Aborted by Ctrl-C and its like, when npx or pnpm has ended, and when nobody reads the output any more. */
function stopRequests(): AbortSignal {
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  whenLauncherEnds(stop);
  outputClosed.addEventListener('abort', stop);
  return stopping.signal;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) =>
    signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }),
  );
}

async function load(schedule: Flight[], { awsEndpoint, httpEndpoint }: Endpoints): Promise<void> {
  const target = openTarget('local', {
    awsPort: Number(new URL(awsEndpoint).port),
    httpPort: Number(new URL(httpEndpoint).port),
  });
  const progress = { format: `${pc.dim('·')} Loading flights {bar} {value}/{total}`, total: schedule.length };
  await withProgressBar(progress, (onProgress) => loadFlights(target, schedule, onProgress));
}

function parseChaos(text: string): ChaosOptions {
  const [, seed, profile = 'default'] = /^(\d{1,9})(?::(.*))?$/.exec(text) ?? [];
  if (seed === undefined || !isProfileName(profile)) {
    throw new InvalidArgumentError(
      `It must be a number, or a number and a profile (${profiles}), such as 7 or 7:storm.`,
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

import type { ProfileName } from '@airline/local-cloud/chaos/chaos-profiles';
import { environmentOn, type LocalPorts } from '../airline/target.ts';
import { pc } from '../cli/colors.ts';
import { counted } from '../cli/format.ts';
import { withProgressBar } from '../cli/progress-bar.ts';
import { runCommand } from '../cli/run-command.ts';
import { type ChaosAirline, createChaosAirline } from './chaos-airline.ts';
import { planBookings } from './chaos-bookings.ts';
import { chaosFlights } from './chaos-flights.ts';
import { checkExplained, checkInMotion, compareWaiting, type Looks } from './check-waiting.ts';
import { judge, type Verdict } from './chaos-verdict.ts';

export interface ChaosRunOptions {
  bookings: number;
  /** Of the bookings and of the faults. */
  seed: number;
  profile: ProfileName;
  /** Publishing pauses while so many messages or more wait in the queues. */
  backlog: number;
}

/** Redrives end after this time without progress. EventBridge pauses up to a minute before it retries a delivery. */
const progressTimeoutMilliseconds = 90_000;
/** While bookings are published, so many of the last ones are looked at: they are the ones that change. */
const watchedAtOnce = 40;

/**
 * Books while the local cloud injects faults, stops the faults, redrives the dead letters, and judges the result.
 * @param ports of a local cloud that was started with `--chaos`
 * @param report gets a line for each step
 */
export async function runChaos(
  { bookings, seed, profile, backlog }: ChaosRunOptions,
  ports: LocalPorts,
  report: (step: string) => void,
): Promise<Verdict> {
  const started = performance.now();
  const airline = createChaosAirline(ports);
  await airline.control({ enabled: false });
  // Several seats for a booking, and the seats that earlier runs of the day have taken.
  const flights = chaosFlights(3 * bookings);
  report(`Loading ${counted(flights.length, 'flight')} in three currencies`);
  await airline.load(flights);
  await airline.control({ enabled: true, seed, profile });
  const plan = planBookings(await airline.freeSeats(3 * bookings, flights[0]!.carrier), bookings, seed);
  const bookingIds = plan.map(({ request }) => request.bookingId);

  report(
    `Booking under chaos: seed ${seed}, profile ${profile}. ` +
      "A killed worker's messages are redelivered after 20 s instead of a minute or more",
  );
  const progress = { format: `${pc.dim('·')} Published {bar} {value}/{total}`, total: bookings };
  const looks: Looks = { compared: 0, explained: 0, violations: [] };
  let published = 0;
  const inFlight = (): string[] => bookingIds.slice(Math.max(0, published - watchedAtOnce), published);
  const isPublished = new AbortController();
  const publishing = withProgressBar(progress, (onProgress) =>
    airline.publish(plan, backlog, (bookings) => onProgress((published = bookings))),
  );
  await Promise.all([
    publishing.finally(() => isPublished.abort()),
    checkInMotion(airline, inFlight, ports, looks, isPublished.signal),
  ]);
  report('Everything is published. Comparing what waits, under chaos');
  await compareWaiting(airline, bookingIds, ports, looks);
  report('Waiting until all is handled under chaos');
  await airline.drained();
  const { faults } = await airline.control({ enabled: false });

  report(`${counted(faults, 'fault')} so far; the faults are stopped. Waiting until the queues are empty`);
  const redriven = await redriveUntilSettled(airline, bookingIds, ports, looks, report);

  report('Checking the result');
  const statuses = await airline.statuses(bookingIds);
  const reconciled = await runCommand(environmentOn(ports), 'reconcile', '--json');
  return judge({
    plan,
    statuses,
    mails: await airline.mailsByAddress(),
    report: await airline.report(),
    redriven,
    looks,
    deadLetters: await airline.deadLetters(),
    reconciled,
    seconds: (performance.now() - started) / 1000,
  });
}

/**
 * Redrives until all bookings are settled and no dead letters are left, or until there is no progress any more.
 * @returns the number of redriven dead letters
 */
async function redriveUntilSettled(
  airline: ChaosAirline,
  bookingIds: readonly string[],
  ports: LocalPorts,
  looks: Looks,
  report: (step: string) => void,
): Promise<number> {
  let redriven = 0;
  let unsettled = [...bookingIds];
  let progressAt = Date.now();
  for (let before = Infinity; ;) {
    await airline.quiet();
    unsettled = await airline.unsettledAmong(unsettled);
    await compareWaiting(airline, bookingIds, ports, looks);
    await checkExplained(unsettled, ports, looks);
    const stuck = await airline.deadLetters();
    const letters = [...stuck.values()].reduce((sum, count) => sum + count, 0);
    report(`${counted(unsettled.length, 'booking')} not settled, ${counted(letters, 'dead letter')}`);
    if (unsettled.length === 0 && letters === 0) return redriven;
    if (unsettled.length + letters < before) progressAt = Date.now();
    if (Date.now() - progressAt > progressTimeoutMilliseconds) return redriven;
    before = unsettled.length + letters;
    for (const service of stuck.keys()) redriven += await redriveAll(service, ports);
  }
}

async function redriveAll(service: string, ports: LocalPorts): Promise<number> {
  const options = ['redrive', service, '--confirm', '--json'];
  const { stdout, stderr } = await runCommand(environmentOn(ports), 'dlq', ...options);
  if (stdout === '') throw new Error(`\`pnpm dlq redrive ${service}\` failed: ${stderr}`);
  return (JSON.parse(stdout) as { redriven: number }).redriven;
}

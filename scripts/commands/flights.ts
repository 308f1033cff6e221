/** `pnpm flights load FILE` and `pnpm flights list`. */
import { Command } from 'commander';
import { type ListedFlight, listFlights } from '../airline/list-flights.ts';
import { loadFlights } from '../airline/load-flights.ts';
import { seatCount } from '../../packages/seats/src/domain.ts';
import { moveSchedule, parseDay, readSchedule } from '../airline/schedule.ts';
import { openTarget } from '../airline/target.ts';
import { answer } from '../cli/answer.ts';
import { pc } from '../cli/colors.ts';
import { command, type CommonOptions, run } from '../cli/command.ts';
import { counted, money, table, time } from '../cli/format.ts';
import { withProgressBar } from '../cli/progress-bar.ts';

await run(
  new Command('pnpm flights')
    .description('Load a schedule, or list the flights that can be booked.')
    .addCommand(
      command(
        'load',
        'Publish FlightScheduled for each flight of a JSON file (format: scripts/airline/sample-flights.json).',
      )
        .argument('<file>', 'a JSON array of flights')
        .option('--first-day <date>', 'move the whole schedule so that it starts on this day, e.g. 2027-01-31 (UTC)')
        .action(load),
    )
    .addCommand(command('list', 'List the flights that can be booked, by departure time.').action(list)),
);

async function load(file: string, options: CommonOptions & { firstDay?: string }): Promise<void> {
  const firstDay = options.firstDay === undefined ? undefined : parseDay(options.firstDay);
  const schedule = await readSchedule(file);
  const flights = firstDay === undefined ? schedule : moveSchedule(schedule, firstDay);
  const target = openTarget(options.target);

  const started = performance.now();
  const progress = {
    format: 'Publishing {bar} {value}/{total} flights',
    total: flights.length,
    isShown: !options.json,
  };
  await withProgressBar(progress, (onProgress) => loadFlights(target, flights, onProgress));

  const seats = flights.reduce((sum, flight) => sum + seatCount(flight), 0);
  const departed = flights.filter(({ departureTime }) => Date.parse(departureTime) <= Date.now()).length;
  if (options.json) return console.log(JSON.stringify({ flights: flights.length, seats, departed }));
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `${pc.green('✓')} ${counted(flights.length, 'flight')} with ${counted(seats, 'seat')} on sale, in ${seconds} s`,
  );
  if (departed > 0)
    console.error(
      pc.yellow(
        `${counted(departed, 'flight')} departed already and cannot be booked; --first-day moves the schedule.`,
      ),
    );
}

async function list({ target, json }: CommonOptions): Promise<void> {
  answer(await listFlights(openTarget(target)), { json }, describeFlights);
}

function describeFlights(flights: ListedFlight[]): string {
  if (flights.length === 0) return 'No flights are on sale. `pnpm flights load FILE` loads a schedule.';
  const rows = flights.map(
    ({ flightNumber, flightId, origin, destination, departureTime, aircraft, seatCount, cabins }) => [
      pc.bold(flightNumber),
      `${origin.iata} → ${destination.iata}`,
      destination.city,
      time(departureTime),
      aircraft,
      String(seatCount),
      cabins.map(({ cabin, fare }) => `${cabin} ${money(fare)}`).join(', '),
      pc.dim(flightId),
    ],
  );
  return [
    table(['Flight', 'Route', 'To', 'Departs (UTC)', 'Aircraft', 'Seats', 'Fares', 'Flight id'], rows),
    pc.dim(`${counted(flights.length, 'flight')}. Seats of one: GET /flights/{flight id}/seats`),
  ].join('\n');
}

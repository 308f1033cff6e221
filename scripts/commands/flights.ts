/** `pnpm flights load FILE` and `pnpm flights list`. */
import { SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { pc } from '../cli/colors.ts';
import { command, type CommonOptions, run } from '../cli/command.ts';
import { money, table, time } from '../cli/format.ts';
import { loadFlights } from '../airline/load-flights.ts';
import { counted, type Flight, moveSchedule, parseDay, readSchedule, seatCount } from '../airline/schedule.ts';
import { jsonOf, openTarget } from '../airline/target.ts';

const program = new Command('pnpm flights').description('Load a schedule, list what can be booked.');

program.addCommand(
  command(
    'load',
    'publish FlightScheduled for each flight of a JSON file (format: scripts/airline/sample-flights.json)',
  )
    .argument('<file>', 'a JSON array of flights')
    .option('--first-day <date>', 'move the whole schedule so that it starts on that day, e.g. 2027-01-31 (UTC)')
    .action(async (file: string, options: CommonOptions & { firstDay?: string }) => {
      const firstDay = options.firstDay === undefined ? undefined : parseDay(options.firstDay);
      const schedule = await readSchedule(file);
      const flights = firstDay === undefined ? schedule : moveSchedule(schedule, firstDay);
      const target = openTarget(options.target);

      const bar = new SingleBar({
        format: 'Publishing {bar} {value}/{total} flights',
        barsize: 30,
        hideCursor: true,
        stream: process.stderr,
        clearOnComplete: true,
      });
      if (!options.json) bar.start(flights.length, 0);
      const started = performance.now();
      await loadFlights(target, flights, (published) => bar.update(published)).finally(() => bar.stop());

      const seats = flights.reduce((sum, flight) => sum + seatCount(flight), 0);
      const past = flights.filter(({ departureTime }) => Date.parse(departureTime) <= Date.now()).length;
      if (options.json) return console.log(JSON.stringify({ flights: flights.length, seats, departed: past }));
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(
        `${pc.green('✓')} ${counted(flights.length, 'flight')} with ${counted(seats, 'seat')} on sale, in ${seconds} s`,
      );
      if (past > 0)
        console.error(
          pc.yellow(`${counted(past, 'flight')} left already and cannot be booked; --first-day moves the schedule.`),
        );
    }),
);

program.addCommand(
  command('list', 'the flights that can be booked, soonest first').action(async (options: CommonOptions) => {
    const { flights } = await jsonOf<{ flights: (Flight & { seatCount: number })[] }>(
      await openTarget(options.target).fetch('/flights'),
    );
    if (options.json) return console.log(JSON.stringify(flights));
    if (flights.length === 0) return console.log('No flights are on sale. `pnpm flights load FILE` loads a schedule.');
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
    console.log(table(['Flight', 'Route', 'To', 'Departs (UTC)', 'Aircraft', 'Seats', 'Fares', 'Flight id'], rows));
    console.log(pc.dim(`${counted(flights.length, 'flight')}. Seats of one: GET /flights/{flight id}/seats`));
  }),
);

await run(program);

import path from 'node:path';
import type { ChaosOptions } from '@airline/local-cloud/chaos/chaos';
import type { Endpoints } from '@airline/local-cloud/local-cloud';
import { pc } from '../cli/colors.ts';
import { counted } from '../cli/format.ts';
import { seatCount } from '../../packages/seats/src/domain.ts';
import type { Flight } from './schedule.ts';

interface OpenAirline {
  schedule: readonly Flight[];
  endpoints: Endpoints;
  logDirectory: string;
  chaos?: ChaosOptions;
  /** How long the start took. */
  seconds: number;
}

/** The text of `pnpm start` once the airline is open: its addresses, and what to type next. */
export function announcement({ schedule, endpoints, logDirectory, chaos, seconds }: OpenAirline): string {
  const { awsEndpoint, httpEndpoint } = endpoints;
  const seats = schedule.reduce((sum, flight) => sum + seatCount(flight), 0);
  const extent = `${counted(schedule.length, 'flight')}, ${counted(seats, 'seat')}, up in ${seconds.toFixed(1)} s`;
  const first = schedule[0];
  return [
    `\n${pc.green(pc.bold('The airline is open.'))} ${pc.dim(extent)}\n`,
    `  HTTP API       ${pc.cyan(httpEndpoint)}/flights`,
    `  Mail inbox     ${pc.cyan(`${awsEndpoint}/`)}`,
    `  AWS endpoint   ${pc.cyan(awsEndpoint)}  ${pc.dim('for the aws command: --endpoint-url, any region, any keys')}`,
    `  Function logs  ${pc.dim(path.relative(process.cwd(), logDirectory))}`,
    ...(first
      ? ['\nIn a second terminal:\n', `  pnpm book --flight ${first.flightNumber} --seat ${firstSeat(first)} --watch`]
      : []),
    `\n${pc.dim('Ctrl-C stops it. Nothing is kept.')}`,
    ...(chaos
      ? [
          pc.yellow(
            `\nChaos, seed ${chaos.seed}, profile ${chaos.profile}: faults are injected. ` +
              "A killed worker's messages are redelivered after 20 s.",
          ),
        ]
      : []),
  ].join('\n');
}

/** The first seat of the cheapest cabin. */
function firstSeat({ cabins }: Flight): string {
  const cheapest = cabins.reduce((a, b) => (b.fare.amountMinor < a.fare.amountMinor ? b : a));
  return `${cheapest.rows.first}${cheapest.letters[0]!}`;
}

import { type Command, InvalidArgumentError, Option } from 'commander';
import type { DeadLetter, Kind } from './dead-letters.ts';

export interface Filters {
  kind?: Kind;
  detailType?: string;
  booking?: string;
  /** Milliseconds. */
  olderThan?: number;
}

const units = { s: 1, m: 60, h: 3600, d: 24 * 3600 };

export function kindOption(): Option {
  return new Option('--kind <kind>', "only the consumer's dead letters, or only EventBridge's").choices([
    'unhandled',
    'undelivered',
  ]);
}

/** Adds the options that choose letters. */
export function withFilters(command: Command): Command {
  return command
    .addOption(kindOption())
    .option('--detail-type <type>', 'only this event, e.g. PaymentOk')
    .option('--booking <id>', 'only messages about this booking')
    .option('--older-than <age>', 'only messages first seen longer ago than e.g. 90s, 10m, 2h, 1d', age);
}

/** Whether a letter passes all the filters that were given; `kind` chooses queues and is not looked at here. */
export function matcher(
  { detailType, booking, olderThan }: Filters,
  now = Date.now(),
): (letter: DeadLetter) => boolean {
  return (letter) =>
    (detailType === undefined || letter.detailType === detailType) &&
    (booking === undefined || letter.correlationId?.toLowerCase() === booking.toLowerCase()) &&
    (olderThan === undefined || now - Date.parse(letter.firstSeen) > olderThan);
}

/** An age such as 10m in milliseconds. */
export function age(text: string): number {
  const [, number, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (number === undefined || unit === undefined)
    throw new InvalidArgumentError('It must be a number and a unit: 90s, 10m, 2h, 1d.');
  return Number(number) * units[unit as keyof typeof units] * 1000;
}

export function positiveNumber(text: string): number {
  const number = Number(text);
  if (!Number.isFinite(number) || number <= 0) throw new InvalidArgumentError('It must be a number above 0.');
  return number;
}

import { type Command, Option } from 'commander';
import { age, bookingId } from '../cli/option-values.ts';
import type { DeadLetter, Kind } from './dead-letters.ts';

export interface Filters {
  kind?: Kind;
  detailType?: string;
  /** In small letters. */
  booking?: string;
  /** Milliseconds. */
  olderThan?: number;
}

export function kindOption(): Option {
  return new Option(
    '--kind <kind>',
    'only messages that the consumer could not handle, or only those that EventBridge could not deliver',
  ).choices(['unhandled', 'undelivered']);
}

/** Adds the options that select dead letters. */
export function withFilters(command: Command): Command {
  return command
    .addOption(kindOption())
    .option('--detail-type <type>', 'only this event, e.g. PaymentOk')
    .option('--booking <id>', 'only messages about this booking', bookingId)
    .option('--older-than <age>', 'only messages first seen longer ago, e.g. 90s, 10m, 2h, 1d', age);
}

/** Whether a letter matches all filters that are given. `kind` is not checked here, since it selects queues. */
export function matcher(
  { detailType, booking, olderThan }: Filters,
  now = Date.now(),
): (letter: DeadLetter) => boolean {
  return (letter) =>
    (detailType === undefined || letter.detailType === detailType) &&
    (booking === undefined || letter.correlationId === booking) &&
    (olderThan === undefined || now - Date.parse(letter.firstSeen) > olderThan);
}

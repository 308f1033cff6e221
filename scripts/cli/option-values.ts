/** Parsers of option values. Commander prints the message of an InvalidArgumentError with the option's name. */
import { isCalendarDay } from '@airline/events-schemas/calendar-day';
import { readBookingId } from '@airline/events-schemas/booking-id';
import { InvalidArgumentError } from 'commander';

const secondsIn = { s: 1, m: 60, h: 3600, d: 24 * 3600 };

export function positiveInteger(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError('It must be a whole number above 0.');
  return number;
}

/** The seed of faults, as `pnpm start --chaos` takes it. */
export function seed(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of at most nine digits.');
  return Number(text);
}

export function positiveNumber(text: string): number {
  const number = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || !Number.isFinite(number) || number <= 0)
    throw new InvalidArgumentError('It must be a number above 0.');
  return number;
}

/** @returns seconds */
export function wholeSeconds(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of seconds, such as 600.');
  return Number(text);
}

/** An age such as 90s, 10m, 2h or 1d. @returns milliseconds */
export function age(text: string): number {
  const [, number, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (number === undefined || unit === undefined)
    throw new InvalidArgumentError('It must be a number of at most six digits and a unit: 90s, 10m, 2h, 1d.');
  return Number(number) * secondsIn[unit as keyof typeof secondsIn] * 1000;
}

/** A time since 1970 with its zone, or an age such as 2h, which means that long ago. */
export function moment(text: string): Date {
  const at = /^\d+[smhd]$/.test(text) ? new Date(Date.now() - age(text)) : timeWithZone(text);
  if (at === undefined || !(at.getTime() >= 0)) {
    throw new InvalidArgumentError(
      'It must be a time with its zone, like 2026-11-24T09:30:00Z, or how long ago: 90s, 10m, 2h, 1d.',
    );
  }
  return at;
}

function timeWithZone(text: string): Date | undefined {
  const [, day] = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  return day !== undefined && isCalendarDay(day) ? new Date(text) : undefined;
}

/** @returns the id in small letters; capitals name the same booking */
export function bookingId(text: string): string {
  const id = readBookingId(text);
  if (id === undefined) {
    throw new InvalidArgumentError(
      'It must be a booking id, a UUID of version 4 like 7f8c2f0e-3b1a-4c7e-9d55-1f6a2b3c4d5e.',
    );
  }
  return id;
}

/** For an option that may be given several times: collects its values. */
export function repeated(value: string, values: string[]): string[] {
  return [...values, value];
}

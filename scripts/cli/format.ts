import { formatMoney } from '@airline/events-schemas/currency';
import Table from 'cli-table3';
import { pc } from './colors.ts';

export interface Money {
  amountMinor: number;
  currency: string;
}

/** An amount with the digits of its currency: EUR 81.00, JPY 8,100. */
export function money({ amountMinor, currency }: Money): string {
  return formatMoney(amountMinor, currency);
}

/** A UTC time, to the minute. */
export function time(rfc3339: string): string {
  return new Date(rfc3339).toISOString().slice(0, 16).replace('T', ' ');
}

/** A UTC time of day, to the millisecond. */
export function clock(rfc3339: string): string {
  return new Date(rfc3339).toISOString().slice(11, 23);
}

/** A day in UTC, e.g. 2027-01-31. @param time milliseconds since the epoch */
export function isoDay(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** A number with its noun: `1 flight`, `2,000 flights`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

/** Columns, with no lines between them. */
export function table(head: string[], rows: string[][]): string {
  const blank = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '  ',
  };
  const formatted = new Table({
    head: head.map((text) => pc.dim(text)),
    chars: blank,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  formatted.push(...rows);
  // Not by /[ \t]+$/gm, which takes quadratic time for a long run of spaces inside a line.
  return formatted
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** A duration in its largest useful unit: 42 s, 5 min, 3 h, 2 d. */
export function ago(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 2 * 3600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

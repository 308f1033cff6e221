/** Dead letters grouped by what went wrong. Pure. */
import { createHash } from 'node:crypto';
import { readBookingId } from '@airline/events-schemas/booking-id';
import { maskAddresses } from '@airline/events-schemas/personal-data';
import type { DeadLetter, Kind } from './dead-letters.ts';
import { errorPattern } from './error-pattern.ts';
import { maskedError } from './masked-letter.ts';
import { willComeBack } from './redrive.ts';

interface Share {
  name: string;
  messages: number;
}

/** Letters of all services with one reason and one error. It has no personal data. */
export interface LetterGroup {
  /** Names the group in commands: `--group 7f3a21`. The same letters have the same key in every process. */
  key: string;
  reason: string;
  /** Without ids, numbers, times and addresses ({@link errorPattern}); undefined when no error is known. */
  error?: string;
  kinds: Kind[];
  messages: number;
  /** RFC 3339 UTC, by when a letter was first seen. */
  oldest: string;
  newest: string;
  /** How many bookings are affected. */
  bookings: number;
  /** The ids of a few of them. */
  someBookings: string[];
  /** Largest share first. */
  services: Share[];
  /** Largest share first; `not an event` for the letters without one. */
  detailTypes: Share[];
  /** Whether a redrive of its letters is useless until another version of the service is deployed. */
  willComeBack: boolean;
}

const keyLength = 6;
const shownBookings = 3;
const mostDetailTypes = 20;

/** What a group is made by. */
function causeOf(letter: DeadLetter): { reason: string; error: string | undefined } {
  const reason = errorPattern(letter.reason);
  return { reason, error: letter.error === undefined ? undefined : errorPattern(maskedError(letter, letter.error)) };
}

/** The key of the group that a letter is in. */
export function groupKey(letter: DeadLetter): string {
  const { reason, error } = causeOf(letter);
  return createHash('sha256')
    .update(JSON.stringify([reason, error ?? null]))
    .digest('hex')
    .slice(0, keyLength);
}

/** @returns the largest group first */
export function groupLetters(letters: readonly DeadLetter[]): LetterGroup[] {
  const groups = new Map<string, DeadLetter[]>();
  for (const letter of letters) {
    const key = groupKey(letter);
    const members = groups.get(key) ?? [];
    members.push(letter);
    groups.set(key, members);
  }
  return [...groups]
    .map(([key, members]) => groupOf(key, members))
    .sort((a, b) => b.messages - a.messages || a.oldest.localeCompare(b.oldest));
}

function groupOf(key: string, letters: readonly DeadLetter[]): LetterGroup {
  const { reason, error } = causeOf(letters[0]!);
  const times = letters.map(({ firstSeen }) => firstSeen).sort();
  const bookings = new Set(letters.flatMap(({ correlationId = '' }) => readBookingId(correlationId) ?? []));
  return {
    key,
    reason,
    ...(error !== undefined && { error }),
    kinds: [...new Set(letters.map(({ kind }) => kind))].sort(),
    messages: letters.length,
    oldest: times[0]!,
    newest: times.at(-1)!,
    bookings: bookings.size,
    someBookings: [...bookings].slice(0, shownBookings),
    services: sharesOf(letters.map(({ service }) => service)),
    detailTypes: sharesOf(letters.map(({ detailType = 'not an event' }) => maskAddresses(detailType))).slice(
      0,
      mostDetailTypes,
    ),
    willComeBack: letters.some(willComeBack),
  };
}

function sharesOf(names: readonly string[]): Share[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .map(([name, messages]) => ({ name, messages }))
    .sort((a, b) => b.messages - a.messages || a.name.localeCompare(b.name));
}

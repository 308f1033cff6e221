/** Compares `pnpm waiting` and `pnpm explain` with what status and the dead-letter queues say themselves. */
import { setTimeout as pause } from 'node:timers/promises';
import { environmentOn, type LocalPorts, openTarget } from '../airline/target.ts';
import { runCommand } from '../cli/run-command.ts';
import { deadLetterQueues, peek } from '../dead-letters/dead-letters.ts';
import type { ChaosAirline } from './chaos-airline.ts';

export interface Looks {
  /** How often the two sets were compared. */
  compared: number;
  /** How many bookings were explained. */
  explained: number;
  /** Broken promises, as sentences. */
  violations: string[];
}

interface Answer {
  sentence: string;
  explanation: {
    state: string;
    waits?: { heldUpBy: { service: string; event: { type: string }; place: { kind: string } }[] }[];
  };
}

/** A message of a killed worker is handled again after 20 seconds; only then is the index of its booking right. */
const agreementMilliseconds = 60_000;
const pauseMilliseconds = 1000;
const explainedAtOnce = 3;
const mostLetters = 2000;

/**
 * Compares the bookings of `waiting` with those that status calls unsettled. Bookings change meanwhile, so a difference
 * counts only if it lasts.
 */
export async function compareWaiting(
  airline: ChaosAirline,
  bookingIds: readonly string[],
  ports: LocalPorts,
  looks: Looks,
): Promise<void> {
  const end = Date.now() + agreementMilliseconds;
  let doubtful = bookingIds;
  for (;;) {
    const before = await unsettled(airline, doubtful);
    const { stdout, stderr } = await runCommand(environmentOn(ports), 'waiting', '--json');
    if (stdout === '') throw new Error(`\`pnpm waiting\` failed: ${stderr}`);
    const groups = JSON.parse(stdout) as { bookings: { bookingId: string }[] }[];
    const listed = new Set(groups.flatMap(({ bookings }) => bookings.map(({ bookingId }) => bookingId)));
    const after = await unsettled(airline, doubtful);
    const differing = doubtful.filter((id) => before.has(id) === after.has(id) && after.has(id) !== listed.has(id));
    looks.compared += 1;
    if (differing.length === 0) return;
    if (Date.now() > end) {
      for (const id of differing) {
        const how = after.has(id) ? 'is not settled, and waiting does not list it' : 'is settled, and waiting lists it';
        looks.violations.push(`${id} ${how}`);
      }
      return;
    }
    doubtful = differing;
    await pause(pauseMilliseconds);
  }
}

/** Those that status knows and calls unsettled, without those that were cancelled and not requested. */
async function unsettled(airline: ChaosAirline, bookingIds: readonly string[]): Promise<Set<string>> {
  const statuses = await airline.statuses(bookingIds);
  return new Set(
    [...statuses]
      .filter(([, { settled, timeline }]) => !settled && timeline.some(({ event }) => event !== 'BookingCancelled'))
      .map(([bookingId]) => bookingId),
  );
}

/**
 * Explains some unsettled bookings while the queues are empty. If a booking has dead letters, explain must name one of
 * them, and otherwise none.
 */
export async function checkExplained(bookingIds: readonly string[], ports: LocalPorts, looks: Looks): Promise<void> {
  const letters = await readLetters(ports);
  for (const bookingId of bookingIds.slice(0, explainedAtOnce)) {
    const { sentence, explanation } = await explain(bookingId, ports);
    looks.explained += 1;
    const letter = namedLetter(bookingId, explanation);
    const has = [...letters].some((letter) => letter.startsWith(bookingId));
    if (explanation.state !== 'waiting' || (letter === undefined ? has : !letters.has(letter)))
      looks.violations.push(`${bookingId} is not settled, and explain is wrong: ${sentence}`);
  }
}

/**
 * Until `signal` aborts, compares `waiting` with status for a sample of the bookings, and explains one of them, while
 * they change. Of an explained one, status must say the same before and after, and a dead letter that is named must be
 * there.
 * @param pick returns some of the bookings, others each time
 */
export async function checkInMotion(
  airline: ChaosAirline,
  pick: () => readonly string[],
  ports: LocalPorts,
  looks: Looks,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const sample = pick();
    await compareWaiting(airline, sample, ports, looks);
    const before = await airline.statuses(sample);
    const bookingId = sample.find((id) => before.get(id)?.settled === false) ?? sample.find((id) => before.has(id));
    if (bookingId !== undefined) {
      const { sentence, explanation } = await explain(bookingId, ports);
      looks.explained += 1;
      const after = (await airline.statuses([bookingId])).get(bookingId);
      const isSettled = before.get(bookingId)!.settled;
      const letter = namedLetter(bookingId, explanation);
      const isWrong =
        (isSettled === after?.settled && explanation.state !== (isSettled ? 'settled' : 'waiting')) ||
        // Nobody redrives meanwhile, so a dead letter stays where it is.
        (letter !== undefined && !(await readLetters(ports)).has(letter));
      if (isWrong) looks.violations.push(`explain was wrong while bookings changed: ${bookingId}: ${sentence}`);
    }
    await pause(pauseMilliseconds, undefined, { signal }).catch(() => undefined);
  }
}

/** Each dead letter as its booking, service and detail-type. */
async function readLetters(ports: LocalPorts): Promise<Set<string>> {
  const target = openTarget('local', ports);
  const letters = new Set<string>();
  for (const queue of await deadLetterQueues(target))
    for (const { correlationId, detailType } of await peek(target, queue, mostLetters))
      letters.add(`${correlationId} ${queue.service} ${detailType}`);
  return letters;
}

/** The dead letter that explain says to act on, if it names one. */
function namedLetter(bookingId: string, { waits = [] }: Answer['explanation']): string | undefined {
  const named = waits.flatMap(({ heldUpBy }) => heldUpBy)[0];
  return named?.place.kind === 'dead-letter' ? `${bookingId} ${named.service} ${named.event.type}` : undefined;
}

async function explain(bookingId: string, ports: LocalPorts): Promise<Answer> {
  const { stdout, stderr } = await runCommand(environmentOn(ports), 'explain', bookingId, '--json');
  if (stdout === '') throw new Error(`\`pnpm explain ${bookingId}\` failed: ${stderr}`);
  return JSON.parse(stdout) as Answer;
}

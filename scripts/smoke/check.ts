/** One check of the smoke test, and how it ended. */
import { asRefusal } from '../cli/refusal.ts';

export interface Outcome {
  name: string;
  state: 'passed' | 'failed' | 'skipped';
  seconds: number;
  /** What was seen; for a skipped check, why it was skipped. */
  saw: string;
  /** For a failed check: what should have been seen. */
  expected?: string;
  /** For a failed check: what to type next, and the section of the runbook. */
  next?: string;
}

export interface Check {
  /** One word. */
  name: string;
  /** What a working airline shows. */
  expected: string;
  /** What to type when the check fails, and the section of docs/runbook.md. */
  next: string;
  /** @returns what it saw. @throws Unmet when that is not what was expected; Skipped when it cannot be checked here */
  run(): Promise<string>;
}

/** The airline answered, but not as expected. */
export class Unmet extends Error {
  override readonly name = 'Unmet';
  readonly next: string | undefined;

  /** @param next what to type, if it is known better than by the check */
  constructor(saw: string, next?: string) {
    super(saw);
    this.next = next;
  }
}

/** The check cannot be made here. The message says why. */
export class Skipped extends Error {
  override readonly name = 'Skipped';
}

/** The operator ended the test. */
export class Interrupted extends Skipped {
  constructor() {
    super('interrupted');
  }
}

/** Runs a check. Never throws, so that the other checks still run. */
export async function runCheck(check: Check): Promise<Outcome> {
  const { name, expected, next } = check;
  const started = performance.now();
  const ended = (): number => Math.round(performance.now() - started) / 1000;
  try {
    const saw = await check.run();
    return { name, state: 'passed', seconds: ended(), saw };
  } catch (error) {
    const saw = inWords(error);
    if (error instanceof Skipped) return { name, state: 'skipped', seconds: ended(), saw };
    const better = isAccessDenied(error) ? whatRole : error instanceof Unmet ? error.next : undefined;
    return { name, state: 'failed', seconds: ended(), saw, expected, next: better ?? next };
  }
}

const whatRole = 'use the role airline-smoke; infra/README.md, "Roles of operators"';

function isAccessDenied(error: unknown): boolean {
  return asRefusal(error) !== undefined || (error instanceof Error && asRefusal(error.cause) !== undefined);
}

function inWords(error: unknown): string {
  const known = asRefusal(error) ?? error;
  return known instanceof Error ? known.message : String(known);
}

export interface Waiting {
  /** Seconds. */
  atMost: number;
  signal: AbortSignal;
  /** Milliseconds. */
  pause: number;
}

/**
 * Reads until the answer is the awaited one.
 * @returns the last answer, and whether it is the awaited one
 * @throws Interrupted when the signal aborts
 */
export async function readUntil<T>(
  read: () => Promise<T>,
  isAwaited: (answer: T) => boolean,
  { atMost, signal, pause }: Waiting,
): Promise<{ answer: T; isAwaited: boolean }> {
  const deadline = Date.now() + atMost * 1000;
  for (;;) {
    if (signal.aborted) throw new Interrupted();
    const answer = await read();
    if (isAwaited(answer)) return { answer, isAwaited: true };
    if (Date.now() > deadline) return { answer, isAwaited: false };
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

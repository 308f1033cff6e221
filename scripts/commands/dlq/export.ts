import type { Command } from 'commander';
import { openTarget } from '../../airline/target.ts';
import { answer } from '../../cli/answer.ts';
import { pc } from '../../cli/colors.ts';
import { command, type CommonOptions, exitCode } from '../../cli/command.ts';
import { counted } from '../../cli/format.ts';
import { stopOnSignal } from '../../cli/stop-on-signal.ts';
import { type Exported, exportLetters } from '../../dead-letters/dead-letter-file.ts';
import { hiddenWarnings } from '../../dead-letters/dead-letters.ts';
import { type Filters, selectLetters, withFilters } from '../../dead-letters/filters.ts';

/** `pnpm dlq export SERVICE FILE` */
export function exportCommand(): Command {
  return withFilters(
    command('export', "Write one service's dead letters to a file. They stay in their queues.")
      .argument('<service>', 'e.g. seats')
      .argument('<file>', 'a new file, one JSON object a line. Only you can read it, since it holds personal data'),
  ).action(exportAll);
}

async function exportAll(service: string, file: string, options: CommonOptions & Filters): Promise<void> {
  const { target: name, json } = options;
  const target = openTarget(name);
  const { signal, release } = stopOnSignal('Stopping after the current messages …');
  const exporting = selectLetters(target, service, options, signal).then(({ queues, matches }) =>
    exportLetters(target, queues, file, { matches, signal }),
  );
  const exported = await exporting.finally(release);
  const stopped = signal.aborted;
  if (stopped) process.exitCode = exitCode.error;
  answer({ service, file, ...exported, stopped }, { json }, describe);
}

function describe({
  service,
  file,
  exported,
  hidden,
  stopped,
}: Exported & { service: string; file: string; stopped: boolean }): string {
  return [
    `${stopped ? pc.yellow('Stopped. ') : ''}${counted(exported, 'message')} of ${service} ` +
      `${exported === 1 ? 'is' : 'are'} in ${file}, and still in the dead-letter queues.`,
    pc.yellow(
      'The file holds personal data that is not masked. Only you can read it. Delete it once it is not needed.',
    ),
    ...hiddenWarnings(hidden),
    pc.dim(`\`pnpm dlq drop ${service} ${file}\` shows which of them would be deleted.`),
  ].join('\n');
}

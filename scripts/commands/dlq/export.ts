import type { Command } from 'commander';
import { openTarget } from '../../airline/target.ts';
import { answer } from '../../cli/answer.ts';
import { pc } from '../../cli/colors.ts';
import { command, type CommonOptions, exitCode } from '../../cli/command.ts';
import { counted } from '../../cli/format.ts';
import { stopOnSignal } from '../../cli/stop-on-signal.ts';
import { exportLetters } from '../../dead-letters/dead-letter-file.ts';
import { deadLetterQueues, hiddenWarnings } from '../../dead-letters/dead-letters.ts';
import { type Filters, kindOption } from '../../dead-letters/filters.ts';

type ExportOptions = CommonOptions & Pick<Filters, 'kind'>;

/** `pnpm dlq export SERVICE FILE` */
export function exportCommand(): Command {
  return command('export', "Write one service's dead letters to a file. They stay in their queues.")
    .argument('<service>', 'e.g. seats')
    .argument('<file>', 'a new file, one JSON object a line. Only you can read it, since it holds personal data')
    .addOption(kindOption())
    .action(exportAll);
}

async function exportAll(service: string, file: string, { target: name, json, kind }: ExportOptions): Promise<void> {
  const target = openTarget(name);
  const queues = await deadLetterQueues(target, service, kind);
  const { signal, release } = stopOnSignal('Stopping after the current messages …');
  const { seen, hidden } = await exportLetters(target, queues, file, signal).finally(release);
  const stopped = signal.aborted;
  if (stopped) process.exitCode = exitCode.error;
  answer({ service, file, exported: seen, hidden, stopped }, { json }, describe);
}

interface Exported {
  service: string;
  file: string;
  exported: number;
  hidden: number;
  stopped: boolean;
}

function describe({ service, file, exported, hidden, stopped }: Exported): string {
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

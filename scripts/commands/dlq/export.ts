import type { Command } from 'commander';
import { pc } from '../../cli/colors.ts';
import { command, type CommonOptions, exitCode } from '../../cli/command.ts';
import { exportLetters } from '../../dead-letters/dead-letter-file.ts';
import { deadLetterQueues } from '../../dead-letters/dead-letters.ts';
import { counted } from '../../airline/schedule.ts';
import { openTarget } from '../../airline/target.ts';
import { type Filters, kindOption } from '../../dead-letters/filters.ts';
import { stopOnSignal } from '../../cli/stop-on-signal.ts';

/** `pnpm dlq export SERVICE FILE` */
export function exportCommand(): Command {
  return command('export', "write one service's dead letters, whole, to a file; they stay where they are")
    .argument('<service>', 'e.g. seats')
    .argument('<file>', 'a new file, one JSON object a line; only you can read it, since it holds names and addresses')
    .addOption(kindOption())
    .action(
      async (service: string, file: string, { target: name, json, kind }: CommonOptions & Pick<Filters, 'kind'>) => {
        const target = openTarget(name);
        const queues = await deadLetterQueues(target, service, kind);
        const { signal, release } = stopOnSignal();
        const { seen, hidden } = await exportLetters(target, queues, file, signal).finally(release);
        const stopped = signal.aborted;
        if (stopped) process.exitCode = exitCode.error;
        if (json) return console.log(JSON.stringify({ service, file, exported: seen, hidden, stopped }));
        console.log(
          `${stopped ? pc.yellow('Stopped. ') : ''}${counted(seen, 'message')} of ${service} ` +
            `${seen === 1 ? 'is' : 'are'} in ${file}, and still in the dead-letter queues.`,
        );
        console.log(
          pc.yellow(
            'The file holds personal data in the clear. Only you can read it; delete it when it is no longer needed.',
          ),
        );
        if (hidden > 0)
          console.log(
            pc.yellow(
              `${counted(hidden, 'message')} could not be put back and will be seen again within five minutes.`,
            ),
          );
        console.log(pc.dim(`\`pnpm dlq drop ${service} ${file}\` tells which of them would be dropped.`));
      },
    );
}

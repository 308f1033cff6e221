import type { Command } from 'commander';
import { pc } from '../../cli/colors.ts';
import { command, type CommonOptions, exitCode } from '../../cli/command.ts';
import { dropLetters, readLetters } from '../../dead-letters/dead-letter-file.ts';
import { deadLetterQueues } from '../../dead-letters/dead-letters.ts';
import { counted } from '../../airline/schedule.ts';
import { openTarget } from '../../airline/target.ts';
import { type Filters, kindOption } from '../../dead-letters/filters.ts';
import { stopOnSignal } from '../../cli/stop-on-signal.ts';

type DropOptions = CommonOptions & Pick<Filters, 'kind'> & { confirm?: boolean };

/** `pnpm dlq drop SERVICE FILE` */
export function dropCommand(): Command {
  return command('drop', 'delete the dead letters that stand in an exported file, and no others')
    .argument('<service>', 'e.g. seats')
    .argument('<file>', 'what `pnpm dlq export` wrote; lines taken out of it are kept in the queue')
    .addOption(kindOption())
    .option('--confirm', 'do it; without this it only tells what it would do')
    .action(drop);
}

async function drop(
  service: string,
  file: string,
  { target: name, json, kind, confirm = false }: DropOptions,
): Promise<void> {
  const letters = await readLetters(file, service);
  const target = openTarget(name);
  const queues = await deadLetterQueues(target, service, kind);
  const { signal, release } = stopOnSignal();
  const result = await dropLetters(target, queues, letters, { confirm, signal }).finally(release);
  if (result.failed.length > 0 || result.stopped) process.exitCode = exitCode.error;
  if (json) return console.log(JSON.stringify({ service, file, confirmed: confirm, ...result }));

  const { inFile, dropped, kept, failed, hidden, stopped } = result;
  if (stopped) console.log(pc.yellow('Stopped half-way.'));
  console.log(
    `${counted(inFile, 'message')} in ${file}; ${dropped.toLocaleString('en')} ` +
      `of them ${confirm ? 'dropped' : 'would be dropped'}, ${kept.toLocaleString('en')} others stay.`,
  );
  for (const { messageId, error } of failed) console.log(pc.red(`  ${messageId} could not be deleted: ${error}`));
  if (hidden > 0)
    console.log(
      pc.yellow(`${counted(hidden, 'message')} could not be put back and will be seen again within five minutes.`),
    );
  console.log(
    pc.dim(confirm ? `What was dropped exists only in ${file} now.` : 'Nothing was dropped. With --confirm it is.'),
  );
}

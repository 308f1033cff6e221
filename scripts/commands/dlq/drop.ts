import path from 'node:path';
import type { Command } from 'commander';
import { openTarget } from '../../airline/target.ts';
import { answer } from '../../cli/answer.ts';
import { pc } from '../../cli/colors.ts';
import { command, type CommonOptions, exitCode } from '../../cli/command.ts';
import { counted } from '../../cli/format.ts';
import { stopOnSignal } from '../../cli/stop-on-signal.ts';
import { type Dropped, dropLetters, readLetters } from '../../dead-letters/dead-letter-file.ts';
import { deadLetterQueues, hiddenWarnings } from '../../dead-letters/dead-letters.ts';
import { type Filters, kindOption } from '../../dead-letters/filters.ts';
import { recordOperation } from '../../operations/record-operation.ts';
import { type Unrecorded, unrecordedOption } from '../../operations/unrecorded-option.ts';

type DropOptions = CommonOptions & Pick<Filters, 'kind'> & Unrecorded & { confirm?: boolean };

/** `pnpm dlq drop SERVICE FILE` */
export function dropCommand(): Command {
  return command('drop', 'Delete the dead letters that are in an exported file, and no others.')
    .argument('<service>', 'e.g. seats')
    .argument('<file>', 'a file of `pnpm dlq export`; messages whose lines you remove from it stay in the queue')
    .addOption(kindOption())
    .option('--confirm', 'do it; without this option, only show what would be done')
    .addOption(unrecordedOption())
    .action(drop);
}

async function drop(
  service: string,
  file: string,
  { target: name, json, kind, confirm = false, unrecorded }: DropOptions,
): Promise<void> {
  const letters = await readLetters(file, service);
  const target = openTarget(name);
  const queues = await deadLetterQueues(target, service, kind);
  const { signal, release } = stopOnSignal('Stopping after the current messages …');
  const filter = { service, file: path.basename(file), ...(kind !== undefined && { kind }) };
  const dropping = confirm
    ? recordOperation(
        target,
        { command: 'dlq drop', filter },
        {
          unrecorded,
          work: (report) => dropLetters(target, queues, letters, { confirm, signal, onProgress: report }),
          endOf: ({ stopped, ...counts }) => ({ outcome: stopped ? 'stopped' : 'done', counts: countsOf(counts) }),
        },
      )
    : dropLetters(target, queues, letters, { confirm, signal });
  const result = await dropping.finally(release);
  if (result.failed.length > 0 || result.stopped) process.exitCode = exitCode.error;
  answer({ service, file, confirmed: confirm, ...result }, { json }, describe);
}

function countsOf({ dropped, kept, failed, hidden }: Omit<Dropped, 'stopped'>): Record<string, number> {
  return { dropped, kept, failed: failed.length, hidden };
}

function describe(dropping: Dropped & { file: string; confirmed: boolean }): string {
  const { file, confirmed, inFile, dropped, kept, failed, hidden, stopped } = dropping;
  return [
    ...(stopped ? [pc.yellow('Stopped early.')] : []),
    `${counted(inFile, 'message')} in ${file}; ${dropped.toLocaleString('en')} ` +
      `of them ${confirmed ? 'deleted' : 'would be deleted'}, ${kept.toLocaleString('en')} others stay.`,
    ...failed.map(({ messageId, error }) => pc.red(`  ${messageId} could not be deleted: ${error}`)),
    ...hiddenWarnings(hidden),
    pc.dim(confirmed ? `The deleted messages exist only in ${file} now.` : 'Nothing was deleted. --confirm does it.'),
  ].join('\n');
}

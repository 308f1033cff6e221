/** `pnpm contracts:release`: keeps the contract as it is now, so that later changes are compared with it. */
import path from 'node:path';
import { contractOf } from '@airline/events-schemas/compatibility/contract';
import { findBreaks } from '@airline/events-schemas/compatibility/find-breaks';
import { readReleases, unreleasedEvents, writeRelease } from '@airline/events-schemas/compatibility/releases';
import { Command } from 'commander';
import { pc } from '../cli/colors.ts';
import { run } from '../cli/command.ts';
import { counted } from '../airline/schedule.ts';
import { UsageError } from '../cli/usage-error.ts';
import { readContract } from '../contracts/read-contract.ts';
import { findReadMistakes, loadReaders } from '../contracts/readers.ts';

const program = new Command('pnpm contracts:release')
  .description(
    'Keeps the events as they are now in events-schemas/released, once they are compatible with every release there.',
  )
  .option('--schemas <folder>', 'the schemas to release', undefined)
  .option('--released <folder>', 'where releases are kept', undefined)
  .action(async ({ schemas: folder, released }: { schemas?: string; released?: string }) => {
    const { schemas, contract: current } = readContract(folder);
    const releases = readReleases(released);
    const readers = await loadReaders();
    const breaks = releases.flatMap((release) => findBreaks(contractOf(release.schemas), current)).length;
    const mistakes = breaks + findReadMistakes(readers, current).length;
    if (mistakes > 0)
      throw new UsageError(
        `${counted(mistakes, 'break')} of the contract: \`pnpm contracts:check\` names them. Nothing was released.`,
      );

    const latest = releases.at(-1);
    const changes = unreleasedEvents(latest, current);
    if (changes.length === 0) return console.log(`Nothing to release: release ${latest!.number} says the same.`);
    const number = (latest?.number ?? 0) + 1;
    const file = writeRelease(
      { number, releasedOn: new Date().toISOString().slice(0, 10), readers, schemas },
      released,
    );
    console.log(
      `${pc.green('✓')} Release ${number}: ${changes.join(', ')}. Commit ${path.relative(process.cwd(), file)}.`,
    );
  });

await run(program);

/** `pnpm contracts:release`: writes the current contract as a release, with which later changes are compared. */
import path from 'node:path';
import { Command } from 'commander';
import { pc } from '../cli/colors.ts';
import { run } from '../cli/command.ts';
import { releaseContract } from '../contracts/release-contract.ts';

await run(
  new Command('pnpm contracts:release')
    .description(
      'Write the events as they are now to events-schemas/released, if they are compatible with every release there.',
    )
    .option('--schemas <folder>', 'the schemas to release (default: events-schemas/schemas)')
    .option('--released <folder>', 'the folder of the releases (default: events-schemas/released)')
    .action(async (folders: { schemas?: string; released?: string }) => {
      const { number, changes, file } = await releaseContract(folders);
      if (file === undefined) return console.log(`Nothing to release: release ${number} is the same.`);
      const commit = `Commit ${path.relative(process.cwd(), file)}.`;
      console.log(`${pc.green('✓')} Release ${number}: ${changes.join(', ')}. ${commit}`);
    }),
);

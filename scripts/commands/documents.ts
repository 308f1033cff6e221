/** `pnpm documents`: writes what is generated in the documents; with `--check` it compares. */
import { readFileSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { run } from '../cli/command.ts';
import { UsageError } from '../cli/usage-error.ts';
import { readmeFile, renewReadme } from '../documents/readme.ts';
import { loadSubscriptions } from '../protocol/subscriptions.ts';

await run(
  new Command('pnpm documents')
    .description("Writes the README's table of who hears what, from the subscriptions of the services.")
    .option('--check', 'write nothing; fail where the README is not current')
    .action(async ({ check }: { check?: true }) => {
      const there = readFileSync(readmeFile, 'utf8');
      const wanted = renewReadme(there, await loadSubscriptions());
      if (there === wanted) return console.log('README.md is current.');
      if (check) {
        throw new UsageError(
          'README.md: the table of who hears what differs from the services’ src/subscriptions.ts. Run `pnpm documents`, and commit both.',
        );
      }
      writeFileSync(readmeFile, wanted);
      console.log('README.md is written.');
    }),
);

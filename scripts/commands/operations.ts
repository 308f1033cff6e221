/** `pnpm operations`: what operators changed, newest first. */
import { Option } from 'commander';
import { openTarget } from '../airline/target.ts';
import { answer } from '../cli/answer.ts';
import { command, type CommonOptions, exitCode, run } from '../cli/command.ts';
import { moment } from '../cli/option-values.ts';
import { terminalWidth } from '../cli/wrap.ts';
import { describeOperations } from '../operations/describe-operations.ts';
import { readOperations } from '../operations/read-operations.ts';

await run(
  command('pnpm operations', 'Show what operators redrove, dropped and replayed: who, when, what, and how it ended.')
    .addOption(
      new Option('--since <time>', 'from here on: 2026-11-24T09:30:00Z, or how long ago, e.g. 10m, 2h')
        .argParser(moment)
        .default(moment('7d'), '7d'),
    )
    .addHelpText(
      'after',
      'Each redrive, drop and replay with --confirm is recorded before its first change and after its last. Dry runs, ' +
        'and what `pnpm smoke` takes back of its own, are not. On AWS a record can be read some seconds later.',
    )
    .action(async ({ target: name, json, since }: CommonOptions & { since: Date }) => {
      const operations = await readOperations(openTarget(name), since);
      if (operations.unread !== undefined) process.exitCode = exitCode.error;
      answer(operations, { json }, (printable) => describeOperations(printable, { since, width: terminalWidth() }));
    }),
);

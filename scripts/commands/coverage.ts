/** `pnpm coverage`: runs the tests, and prints how many lines they ran and which files they ran least. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Command } from 'commander';
import { pc } from '../cli/colors.ts';
import { run } from '../cli/command.ts';
import { positiveInteger } from '../cli/option-values.ts';
import { UsageError } from '../cli/usage-error.ts';
import { workspaceRoot } from '../cli/workspace.ts';
import { findMistakes, isExcused, readExcuses } from '../coverage/excused-files.ts';
import { percent, readCoverage } from '../coverage/read-coverage.ts';

await run(
  new Command('pnpm coverage')
    .description('Runs the tests, and prints how many lines they ran and which files they ran least.')
    .argument('[folders...]', 'the tests and the files of these folders only, e.g. packages/seats')
    .option('--lowest <count>', 'how many files to print', positiveInteger, 10)
    .addHelpText('after', '\nExit code 1: a test failed, or the list in CONTRIBUTING.md (Coverage) is not right.')
    .action(coverage),
);

function coverage(folders: string[], { lowest }: { lowest: number }): void {
  const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
  const { status } = spawnSync(process.execPath, [jest, '--coverage', ...folders], {
    cwd: workspaceRoot,
    stdio: 'inherit',
  });
  if (status !== 0) throw new UsageError('Tests failed, so nothing is said about coverage.');

  const files = readCoverage().filter(
    ({ file }) => folders.length === 0 || folders.some((folder) => file.startsWith(`${folder.replace(/\/$/, '')}/`)),
  );
  const [covered, lines] = [sum(files.map((file) => file.covered)), sum(files.map((file) => file.lines))];
  console.log(
    `\nNode ${process.versions.node}: ${percent({ covered, lines }).toFixed(1)} % of ${lines} lines in ${files.length} files are run.`,
  );
  const excuses = readExcuses(readFileSync(path.join(workspaceRoot, 'CONTRIBUTING.md'), 'utf8'));
  console.log(pc.dim('The lowest files, without those that CONTRIBUTING.md excuses:'));
  for (const each of files.filter(({ file }) => !isExcused(file, excuses)).slice(0, lowest))
    console.log(`${percent(each).toFixed(1).padStart(6)} %  ${each.file}`);
  if (folders.length > 0) return;
  const mistakes = findMistakes(files, excuses);
  if (mistakes.length > 0) throw new UsageError(['CONTRIBUTING.md, Coverage:', ...mistakes].join('\n'));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

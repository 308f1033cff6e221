/**
 * `pnpm pipelines` writes the workflows of GitHub Actions, all from one template; with `--check` it compares them, and fails where one
 * differs. What actionlint finds wrong is never written.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { exitCode, run } from './cli/command.ts';
import { refuseMistakes } from './pipelines/refuse-mistakes.ts';
import { workflows } from './pipelines/workflows.ts';

const root = path.join(import.meta.dirname, '..');
const folder = '.github/workflows';

await run(
  new Command('pnpm pipelines')
    .description('Writes the workflows of GitHub Actions from scripts/pipelines.')
    .option('--check', 'write nothing; fail where a workflow is not what would be written')
    .action(async ({ check }: { check?: true }) => {
      const wanted = workflows();
      await refuseMistakes(wanted);
      const there = existsSync(path.join(root, folder))
        ? readdirSync(path.join(root, folder)).map((name) => `${folder}/${name}`)
        : [];
      const stray = there.filter((file) => !wanted.some((workflow) => workflow.file === file));
      const stale = wanted.filter(
        ({ file, text }) => !there.includes(file) || readFileSync(path.join(root, file), 'utf8') !== text,
      );
      if (check) return report([...stale.map(({ file }) => file), ...stray], wanted.length);
      mkdirSync(path.join(root, folder), { recursive: true });
      for (const file of stray) rmSync(path.join(root, file));
      for (const { file, text } of wanted) writeFileSync(path.join(root, file), text);
      console.log(`${wanted.length} workflows written to ${folder}, ${stale.length + stray.length} of them changed.`);
    }),
);

function report(different: string[], count: number): void {
  if (different.length === 0) return console.log(`${count} workflows are current.`);
  console.error(
    `${different.join(', ')}: not what \`pnpm pipelines\` writes. Edit scripts/pipelines, run it, and commit both.`,
  );
  process.exitCode = exitCode.error;
}

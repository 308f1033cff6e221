/** `pnpm documents`: writes what is generated in the documents; with `--check` it compares. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { run } from '../cli/command.ts';
import { UsageError } from '../cli/usage-error.ts';
import { workspaceRoot } from '../cli/workspace.ts';
import { lintOpenApi } from '../documents/lint-openapi.ts';
import { openApiFile, renewOpenApi } from '../documents/openapi.ts';
import { readmeFile, renewReadme } from '../documents/readme.ts';
import { loadSubscriptions } from '../documents/subscriptions.ts';

interface GeneratedDocument {
  file: string;
  /** Where its generated part comes from. */
  source: string;
  renew: (text: string) => Promise<string> | string;
  /** @returns what is wrong with the renewed text */
  lint?: (text: string, file: string) => Promise<string[]>;
}

const documents: GeneratedDocument[] = [
  {
    file: readmeFile,
    source: 'the services’ src/subscriptions.ts',
    renew: async (text) => renewReadme(text, await loadSubscriptions()),
  },
  { file: openApiFile, source: 'events-schemas/schemas', renew: renewOpenApi, lint: lintOpenApi },
];

await run(
  new Command('pnpm documents')
    .description(
      "Writes the README's table of who hears what, from the subscriptions of the services, and the contract's schemas in docs/openapi.yaml. Checks that document.",
    )
    .option('--check', 'write nothing; fail where a document is not current')
    .action(async ({ check = false }: { check?: boolean }) => {
      const mistakes: string[] = [];
      for (const document of documents) mistakes.push(...(await renew(document, check)));
      if (mistakes.length > 0) throw new UsageError(mistakes.join('\n'));
    }),
);

/** @returns what is wrong with the document */
async function renew({ file, source, renew, lint }: GeneratedDocument, check: boolean): Promise<string[]> {
  const name = path.relative(workspaceRoot, file);
  const there = readFileSync(file, 'utf8');
  const wanted = await renew(there);
  const mistakes = (await lint?.(wanted, file)) ?? [];
  if (there === wanted) {
    console.log(`${name} is current.`);
    return mistakes;
  }
  if (check) return [`${name} differs from ${source}. Run \`pnpm documents\`, and commit both.`, ...mistakes];
  writeFileSync(file, wanted);
  console.log(`${name} is written.`);
  return mistakes;
}

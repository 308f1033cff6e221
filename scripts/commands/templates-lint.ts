/**
 * `pnpm templates:lint`: checks the templates of all stacks, and those that are written by hand, with cfn-lint. It
 * knows the schemas of CloudFormation's resource types, so it finds what a deployment would refuse. Ends with 1 on a
 * finding.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { exitCode, run } from '../cli/command.ts';
import { UsageError } from '../cli/usage-error.ts';
import {
  handWrittenTemplates,
  lintTemplates,
  prepareLinter,
  variants,
  writeTemplates,
} from '../templates/lint-templates.ts';

await run(
  new Command('pnpm templates:lint')
    .description("Check the templates of all stacks by the schemas of CloudFormation's resource types (cfn-lint).")
    .addHelpText(
      'after',
      '\nNeeds Python 3.10 or later. The rules are in .cfnlintrc.yaml. Exit code 1 when there is a finding.',
    )
    .action(lint),
);

async function lint(): Promise<void> {
  const linter = prepareLinter();
  const folder = mkdtempSync(path.join(tmpdir(), 'airline-lint-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

  requireFindings(linter, folder);
  const templates = handWrittenTemplates();
  for (const [name, context] of Object.entries(variants))
    templates.push(...(await writeTemplates(path.join(folder, name), context)));
  const findings = new Set(lintTemplates(linter, templates));
  if (findings.size === 0) return console.log(`cfn-lint finds nothing in ${templates.length} templates.`);
  for (const finding of findings) console.error(finding);
  process.exitCode = exitCode.error;
}

/** A linter that finds nothing in a wrong template would let everything pass. */
function requireFindings(linter: string, folder: string): void {
  const wrong = path.join(folder, 'wrong.template.json');
  const Queue = { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: -1, Retention: 60 } };
  writeFileSync(wrong, JSON.stringify({ Resources: { Queue } }));
  const findings = lintTemplates(linter, [wrong]).join('\n');
  for (const expected of ['-1 is less than the minimum of 0', "'Retention' was unexpected"])
    if (!findings.includes(expected)) throw new UsageError(`cfn-lint does not report “${expected}”:\n${findings}`);
}

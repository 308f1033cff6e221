/**
 * `pnpm policies:check`: synthesizes every stack and checks its policies by the rules of this project and by cdk-nag
 * (infra/src/policies). It always checks all stacks, and ends with 1 when there is a finding without a justification.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { cdkApps, synthesizeHere } from '../airline/cdk-apps.ts';
import { exitCode, run } from '../cli/command.ts';

await run(
  new Command('pnpm policies:check')
    .description(
      'Check the templates of all stacks: least privilege of roles, dead-letter queues, encryption (infra/README.md).',
    )
    .addHelpText('after', '\nExit code 1 when a finding is neither corrected nor justified.')
    .action(checkPolicies),
);

async function checkPolicies(): Promise<void> {
  const assemblies = mkdtempSync(path.join(tmpdir(), 'airline-policies-'));
  process.once('exit', () => rmSync(assemblies, { recursive: true, force: true }));
  // `pnpm synth --validate` checks the templates by the CDK's own rules.
  Object.assign(process.env, { CDK_VALIDATION: 'false', AIRLINE_POLICIES: 'check' });

  const apps = cdkApps(assemblies);
  const failed: string[] = [];
  for (const app of apps) {
    await synthesizeHere(app).catch((error: Error) => {
      // The findings are on standard error already.
      console.error(`${app.name}: ${error.message.split('\n')[0]!}\n`);
      failed.push(app.name);
    });
  }
  if (failed.length > 0) {
    console.error(
      `Findings in the policies of ${failed.join(', ')}: correct them, or call justify() beside the construct and say why ` +
        'it is right.',
    );
  } else console.log(`The policies of ${apps.length} apps have no findings, and every exception is justified.`);
  // At once: the CDK would synthesize a failed app again when the event loop is empty.
  process.exit(failed.length > 0 ? exitCode.error : exitCode.done);
}

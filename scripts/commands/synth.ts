/** `pnpm synth`: writes the templates and bundles of every stack, each app into the cdk.out of its package. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { cdkApps, synthesizeHere } from '../airline/cdk-apps.ts';
import { pc } from '../cli/colors.ts';
import { exitCode, run } from '../cli/command.ts';

await run(
  new Command('pnpm synth')
    .description('Write the templates and bundles of all stacks, without an AWS account.')
    .option('--validate', "also check the templates by the CDK's own rules and by `pnpm policies:check`")
    .addHelpText(
      'after',
      '\nEach app is written to the cdk.out of its package, or below the folder CDK_ASSEMBLIES.\n' +
        'Customers do not log in, unless CDK_CONTEXT_JSON has jwtIssuer and jwtAudience.',
    )
    .action(synth),
);

async function synth({ validate }: { validate?: true }): Promise<void> {
  // The CDK's own rules take ten seconds a stack, two thirds of `pnpm start`. A deployment runs them in any case.
  if (!validate) process.env.CDK_VALIDATION = 'false';
  const started = performance.now();
  const apps = cdkApps();
  for (const app of apps) {
    rmSync(app.assembly, { recursive: true, force: true });
    await synthesizeHere(app).catch((error: Error) => {
      console.error(pc.red(`${app.name} cannot be synthesized: ${error.message}`));
      // At once: the CDK would synthesize the failed app again when the event loop is empty.
      process.exit(exitCode.error);
    });
    console.log(`${app.name.padEnd(20)} → ${path.relative(process.cwd(), app.assembly)}`);
  }
  console.log(`${apps.length} apps synthesized in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

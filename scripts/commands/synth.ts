/**
 * `pnpm synth`: writes the templates and bundles of every stack without an AWS account, each app into the cdk.out of its package.
 * One process for all: loading the CDK takes longer than synthesizing an app.
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { cdkApps } from '../airline/cdk-apps.ts';

// The CDK's own template rules take ten seconds a stack, two thirds of `pnpm start`. A deployment runs them, and so does
// `pnpm synth --validate`.
if (!process.argv.includes('--validate')) process.env.CDK_VALIDATION = 'false';

const started = performance.now();
const apps = cdkApps();
for (const { name, entry, assembly } of apps) {
  rmSync(assembly, { recursive: true, force: true });
  process.env.CDK_OUTDIR = assembly;
  try {
    await import(pathToFileURL(entry).href);
  } catch (error) {
    console.error(`${name} cannot be synthesized: ${(error as Error).message}`);
    process.exit(1);
  }
  console.log(`${name.padEnd(20)} → ${path.relative(process.cwd(), assembly)}`);
}
console.log(`${apps.length} apps synthesized in ${((performance.now() - started) / 1000).toFixed(1)} s`);

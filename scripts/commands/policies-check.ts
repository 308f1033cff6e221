/**
 * `pnpm policies:check`: synthesizes every stack and checks its policies, by the project's own checks and by cdk-nag
 * (infra/src/policies). Exit code 1 when something is found that nobody explains, after all stacks were looked at.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { cdkApps } from '../airline/cdk-apps.ts';

const assemblies = mkdtempSync(path.join(tmpdir(), 'airline-policies-'));
process.once('exit', () => rmSync(assemblies, { recursive: true, force: true }));
// The CDK's own template rules are another gate: `pnpm synth --validate`.
Object.assign(process.env, { CDK_VALIDATION: 'false', AIRLINE_POLICIES: 'check' });

const apps = cdkApps(assemblies);
const failed: string[] = [];
for (const { name, entry, assembly } of apps) {
  process.env.CDK_OUTDIR = assembly;
  try {
    await import(pathToFileURL(entry).href);
  } catch (error) {
    // What was found stands on standard error already.
    console.error(`${name}: ${(error as Error).message.split('\n')[0]!}\n`);
    failed.push(name);
  }
}
if (failed.length > 0) {
  console.error(
    `Policies of ${failed.join(', ')} need mending, or a justify() beside the construct that says why they are right.`,
  );
} else console.log(`The policies of ${apps.length} apps hold, and every exception is explained.`);
// At once: an app whose synthesis failed would be synthesized again when the process has nothing else to do.
process.exit(failed.length > 0 ? 1 : 0);

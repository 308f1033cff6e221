import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readCloudAssemblies, type Stack } from '@airline/local-cloud/cloudformation/cloud-assembly';
import { cdkApps } from '../airline/cdk-apps.ts';
import { synthesize } from '../airline/synthesize.ts';

/**
 * The current templates of all stacks. The functions' code is not bundled; that takes three quarters of a synthesis.
 * @param context values, as with `-c`
 * @throws UsageError when an app cannot be synthesized
 */
export async function synthesizeTemplates(context: Record<string, unknown> = {}): Promise<Stack[]> {
  const assemblies = mkdtempSync(path.join(tmpdir(), 'airline-templates-'));
  try {
    const withoutCode = JSON.stringify({ ...context, 'aws:cdk:bundling-stacks': [] });
    await synthesize(assemblies, { environment: { ...process.env, CDK_CONTEXT_JSON: withoutCode } });
    return readCloudAssemblies(cdkApps(assemblies).map(({ assembly }) => assembly));
  } finally {
    rmSync(assemblies, { recursive: true, force: true });
  }
}

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { readCloudAssemblies, type Stack } from '@airline/local-cloud/cloudformation/cloud-assembly';
import { cdkApps } from '../airline/cdk-apps.ts';
import { UsageError } from '../cli/usage-error.ts';
import { commandArguments } from '../cli/workspace.ts';

/**
 * The templates of all stacks as they are now, the code of their functions left out: that is three quarters of the time.
 * @throws UsageError when an app cannot be synthesized
 */
export async function synthesizeTemplates(): Promise<Stack[]> {
  const assemblies = mkdtempSync(path.join(tmpdir(), 'airline-templates-'));
  try {
    const withoutCode = JSON.stringify({ 'aws:cdk:bundling-stacks': [] });
    const environment = { ...process.env, CDK_ASSEMBLIES: assemblies, CDK_CONTEXT_JSON: withoutCode };
    await promisify(execFile)(process.execPath, commandArguments('synth'), { env: environment }).catch(
      (error: { stderr?: string }) => {
        throw new UsageError(error.stderr?.trim() ?? 'The templates cannot be synthesized.');
      },
    );
    return readCloudAssemblies(cdkApps(assemblies).map(({ assembly }) => assembly));
  } finally {
    rmSync(assemblies, { recursive: true, force: true });
  }
}

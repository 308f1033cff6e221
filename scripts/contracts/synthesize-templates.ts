import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { readCloudAssemblies, type Stack } from '@airline/local-cloud/cloud-assembly';
import { cdkApps } from '../cdk-apps.ts';
import { UsageError } from '../usage-error.ts';

/**
 * The templates of all stacks as they are now, the code of their functions left out: that is three quarters of the time.
 * @throws UsageError when an app cannot be synthesized
 */
export async function synthesizeTemplates(): Promise<Stack[]> {
  const assemblies = mkdtempSync(path.join(tmpdir(), 'airline-templates-'));
  try {
    const withoutCode = JSON.stringify({ 'aws:cdk:bundling-stacks': [] });
    const environment = { ...process.env, CDK_ASSEMBLIES: assemblies, CDK_CONTEXT_JSON: withoutCode };
    const synth = path.join(import.meta.dirname, '..', 'synth.ts');
    await promisify(execFile)(process.execPath, ['--import', 'tsx', synth], { env: environment }).catch(
      (error: { stderr?: string }) => {
        throw new UsageError(error.stderr?.trim() ?? 'The templates cannot be synthesized.');
      },
    );
    return readCloudAssemblies(cdkApps(assemblies).map(({ assembly }) => assembly));
  } finally {
    rmSync(assemblies, { recursive: true, force: true });
  }
}

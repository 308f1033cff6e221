import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { workspaceRoot } from '../cli/workspace.ts';

export interface CdkApp {
  /** The package's folder, e.g. `packages/seats`. */
  name: string;
  /** The file of the app. */
  entry: string;
  /** Whether it has routes on the platform's HTTP API: its functions for them are in `src/api.ts`. */
  hasRoutes: boolean;
  /** The folder that synthesis writes: a cloud assembly. */
  assembly: string;
}

/**
 * Every CDK app of the workspace, the platform's first. A service's package is one if it has an infra/app.ts.
 * @param assemblies a folder for all assemblies; without it each app has the cdk.out of its package
 */
export function cdkApps(assemblies = process.env.CDK_ASSEMBLIES): CdkApp[] {
  const root = workspaceRoot;
  const services = readdirSync(path.join(root, 'packages'))
    .sort()
    .map((service) => `packages/${service}`);
  return ['infra', ...services]
    .map((name) => ({
      name,
      entry: name === 'infra' ? path.join(root, name, 'app.ts') : path.join(root, name, 'infra', 'app.ts'),
      hasRoutes: existsSync(path.join(root, name, 'src', 'api.ts')),
      assembly: assemblies ? path.join(assemblies, name) : path.join(root, name, 'cdk.out'),
    }))
    .filter(({ entry }) => existsSync(entry));
}

/** Synthesizes an app in this process. Loading the CDK takes longest, so several apps share one process. */
export async function synthesizeHere({ entry, assembly }: CdkApp): Promise<void> {
  process.env.CDK_OUTDIR = assembly;
  await import(pathToFileURL(entry).href);
}

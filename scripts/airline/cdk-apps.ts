import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { workspaceRoot } from '../cli/workspace.ts';

export interface CdkApp {
  /** The package's name in a path, e.g. `packages/seats`. */
  name: string;
  /** The file that is the app. */
  entry: string;
  /** The folder that synthesis writes, a cloud assembly. */
  assembly: string;
}

/**
 * Every CDK app of the workspace, the platform's first. A service joins by having an infra/app.ts.
 * @param assemblies a folder for all assemblies; without it each is the cdk.out of its package
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
      assembly: assemblies ? path.join(assemblies, name) : path.join(root, name, 'cdk.out'),
    }))
    .filter(({ entry }) => existsSync(entry));
}

import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

export interface CdkApp {
  /** The package's name in a path, e.g. `packages/seats`. */
  name: string;
  /** The file that is the app. */
  entry: string;
  /** The folder that synthesis writes, a cloud assembly. */
  assembly: string;
}

/** Every CDK app of the workspace, the platform's first. A service joins by having an infra/app.ts. */
export function cdkApps(root = path.join(import.meta.dirname, '..')): CdkApp[] {
  const services = readdirSync(path.join(root, 'packages')).sort().map((service) => `packages/${service}`);
  return [
    { name: 'infra', entry: path.join(root, 'infra', 'app.ts'), assembly: path.join(root, 'infra', 'cdk.out') },
    ...services.map((name) => ({ name, entry: path.join(root, name, 'infra', 'app.ts'), assembly: path.join(root, name, 'cdk.out') })),
  ].filter(({ entry }) => existsSync(entry));
}

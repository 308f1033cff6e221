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

/**
 * Synthesizes an app in this process. Loading the CDK takes longest, so several apps share one process. Customers do
 * not log in unless CDK_CONTEXT_JSON says it: these templates are checked, or run on this machine.
 */
export async function synthesizeHere({ entry, assembly }: CdkApp): Promise<void> {
  const context = JSON.parse(process.env.CDK_CONTEXT_JSON ?? '{}') as Record<string, unknown>;
  process.env.CDK_CONTEXT_JSON = JSON.stringify(withLogin(context));
  process.env.CDK_OUTDIR = assembly;
  await import(pathToFileURL(entry).href);
}

/** Context values that say whether customers log in: the given ones, with `login=off` if they do not say it. */
export function withLogin(context: Record<string, unknown>): Record<string, unknown> {
  const isSaid = ['login', 'jwtIssuer', 'jwtAudience'].some((key) => key in context);
  return isSaid ? context : { ...context, login: 'off' };
}

import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Subscriptions } from '@airline/events-schemas/subscriptions';
import { workspaceRoot } from '../cli/workspace.ts';

/** The subscriptions of every service, by its name. A service joins by having a src/subscriptions.ts. */
export type SubscriptionsOfServices = Readonly<Record<string, Subscriptions>>;

export async function loadSubscriptions(): Promise<SubscriptionsOfServices> {
  const packages = path.join(workspaceRoot, 'packages');
  const services = readdirSync(packages)
    .sort()
    .map((service) => ({ service, file: path.join(packages, service, 'src', 'subscriptions.ts') }))
    .filter(({ file }) => existsSync(file));
  const loaded = services.map(async ({ service, file }) => {
    const { subscriptions } = (await import(pathToFileURL(file).href)) as { subscriptions: Subscriptions };
    return [service, subscriptions] as const;
  });
  return Object.fromEntries(await Promise.all(loaded));
}

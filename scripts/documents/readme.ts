import path from 'node:path';
import { workspaceRoot } from '../cli/workspace.ts';
import { replaceBlock } from './generated-block.ts';
import type { SubscriptionsOfServices } from '../protocol/subscriptions.ts';
import { whoHearsTable } from './who-hears.ts';

export const readmeFile = path.join(workspaceRoot, 'README.md');

/** The README with its generated parts as they must be. */
export function renewReadme(text: string, subscriptions: SubscriptionsOfServices): string {
  return replaceBlock(text, 'who hears what', whoHearsTable(subscriptions));
}

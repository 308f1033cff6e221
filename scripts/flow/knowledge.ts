import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { workspaceRoot } from '../cli/workspace.ts';
import { readContract } from '../contracts/read-contract.ts';
import { loadReaders } from '../contracts/readers.ts';
import type { Knowledge } from './flow-of-templates.ts';
import { loadSubscriptions } from '../protocol/subscriptions.ts';

/** What this checkout says about events. @throws UsageError when a schema is not supported */
export async function loadKnowledge(): Promise<Knowledge> {
  const folder = path.join(workspaceRoot, 'events-schemas', 'examples');
  const examples = readdirSync(folder).map(
    (file) => [path.basename(file, '.json'), JSON.parse(readFileSync(path.join(folder, file), 'utf8'))] as const,
  );
  const { contract } = readContract();
  return {
    contract,
    readers: await loadReaders(),
    examples: new Map(examples),
    subscriptions: await loadSubscriptions(),
  };
}

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Contract } from '@airline/events-schemas/compatibility/contract';
import { type Readers, readReleases, type Release } from '@airline/events-schemas/compatibility/releases';
import { parse } from 'yaml';
import type { Story } from '../../packages/simulation/src/story.ts';
import { workspaceRoot } from '../cli/workspace.ts';
import { type FlowAlarm, alarmsOfTemplates } from '../flow/alarms-of-templates.ts';
import { tellStories } from '../flow/check-flow.ts';
import { formats } from '../flow/documents.ts';
import type { Flow } from '../flow/flow.ts';
import { flowOfTemplates, type Knowledge, type NamedTemplate } from '../flow/flow-of-templates.ts';
import { openApiFile } from '../flow/openapi.ts';
import type { OpenApi } from './open-api.ts';

/** Everything that the pages show. */
export interface SiteModel {
  flow: Flow;
  stories: readonly Story[];
  contract: Contract;
  readers: Readers;
  releases: readonly Release[];
  alarms: readonly FlowAlarm[];
  api: OpenApi;
  /** The repository's own pages in Markdown, by their path in it. */
  documents: ReadonlyMap<string, string>;
  /** Files that other tools read, by their path in the site. */
  downloads: ReadonlyMap<string, string>;
}

/** Reads it from the templates of all stacks, the contract, and the documents of this checkout. */
export async function readSiteModel(stacks: readonly NamedTemplate[], knowledge: Knowledge): Promise<SiteModel> {
  const flow = flowOfTemplates(stacks, knowledge);
  const openApi = readFileSync(openApiFile, 'utf8');
  return {
    flow,
    stories: await tellStories(flow),
    contract: knowledge.contract,
    readers: knowledge.readers,
    releases: readReleases(),
    alarms: alarmsOfTemplates(stacks),
    api: parse(openApi) as OpenApi,
    documents: readDocuments(),
    downloads: new Map([
      ['openapi.yaml', openApi],
      ['asyncapi.yaml', formats.asyncapi!(flow)],
    ]),
  };
}

/** Pages that the site makes of the models themselves. */
const generated: ReadonlySet<string> = new Set(['docs/flow.md', 'docs/stories.md']);

function readDocuments(): Map<string, string> {
  const packages = namesIn('packages').map((name) => `packages/${name}`);
  const files = ['', 'docs', 'infra', 'events-schemas', ...packages].flatMap((folder) =>
    namesIn(folder)
      .filter((name) => name.endsWith('.md'))
      .map((name) => path.posix.join(folder, name)),
  );
  return new Map(
    files
      .filter((file) => !generated.has(file))
      .map((file) => [file, readFileSync(path.join(workspaceRoot, file), 'utf8')]),
  );
}

function namesIn(folder: string): string[] {
  return readdirSync(path.join(workspaceRoot, folder)).sort();
}

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readSchemaFiles } from '@airline/events-schemas/compatibility/contract';
import { readReleases } from '@airline/events-schemas/compatibility/releases';
import type { Story } from '../../packages/simulation/src/story.ts';
import { workspaceRoot } from '../cli/workspace.ts';
import { asyncApiOf } from './asyncapi.ts';
import type { Flow } from './flow.ts';
import { replaceBlock } from './generated-block.ts';
import { markdownOf } from './markdown.ts';
import { mermaidOf } from './mermaid.ts';
import { openApiFile, renewOpenApi } from './openapi.ts';
import { storiesPage } from './stories-page.ts';
import { svgOf } from './svg.ts';
import { whoHearsTable } from './who-hears.ts';

/** The formats of `pnpm flow`. */
export const formats: Readonly<Record<string, (flow: Flow) => string>> = {
  markdown: markdownOf,
  mermaid: (flow) => `${mermaidOf(flow)}\n`,
  svg: svgOf,
  json: (flow) => `${JSON.stringify(flow, null, 2)}\n`,
  asyncapi: (flow) => asyncApiOf(flow, readSchemaFiles(), readReleases().at(-1)?.number ?? 0),
};

export interface Document {
  /** Its path below the workspace. */
  file: string;
  /** As it must be. */
  content: string;
  isCurrent: boolean;
}

/**
 * Every document that is made of the flow or of the contract, in whole or in part.
 * @throws Error when a document has not the comments around its generated part
 */
export function documentsOf(flow: Flow, stories: readonly Story[]): Document[] {
  const readme = readFileSync(path.join(workspaceRoot, 'README.md'), 'utf8');
  const contents: Record<string, string> = {
    'README.md': replaceBlock(readme, 'who hears what', whoHearsTable(flow)),
    'docs/flow.svg': formats.svg!(flow),
    'docs/flow.md': formats.markdown!(flow),
    'docs/asyncapi.yaml': formats.asyncapi!(flow),
    'docs/stories.md': storiesPage(stories),
    'docs/openapi.yaml': renewOpenApi(readFileSync(openApiFile, 'utf8')),
  };
  return Object.entries(contents).map(([file, content]) => {
    const there = path.join(workspaceRoot, file);
    return { file, content, isCurrent: existsSync(there) && readFileSync(there, 'utf8') === content };
  });
}

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { layOut } from './layout.ts';
import type { Page } from './page.ts';
import { alarmsPage } from './pages/alarms-page.ts';
import { apiPage } from './pages/api-page.ts';
import { documentPages } from './pages/document-pages.ts';
import { eventPages } from './pages/event-pages.ts';
import { flowPage } from './pages/flow-page.ts';
import { servicePages } from './pages/service-pages.ts';
import { storyPages } from './pages/story-pages.ts';
import type { SearchEntry } from './search-ranking.ts';
import { Site } from './site.ts';
import type { SiteModel } from './site-model.ts';

const assets = ['tokens.css', 'style.css', 'icon.svg'];

/** The site's files by their path. The same model gives the same bytes. */
export async function siteFiles(model: SiteModel): Promise<Map<string, string>> {
  const pages = pagesOf(model);
  return new Map([
    ...pages.map((page) => [page.path, layOut(page, model.flow.airline)] as const),
    ...assets.map((name) => [name, readFileSync(path.join(import.meta.dirname, 'assets', name), 'utf8')] as const),
    ['search.js', await searchScript()] as const,
    ['search-index.js', searchIndex(pages.flatMap(({ entries }) => entries))] as const,
    ...model.downloads,
  ]);
}

function pagesOf(model: SiteModel): Page[] {
  const site = new Site(model);
  return [
    flowPage(site),
    ...storyPages(site),
    ...eventPages(site),
    ...servicePages(site),
    apiPage(site),
    alarmsPage(site),
    ...documentPages(site),
  ];
}

/** The index as a script, because a page that is opened as a file may not fetch JSON. */
function searchIndex(entries: readonly SearchEntry[]): string {
  const rows = entries.map(({ title, kind, path, context }) => JSON.stringify([title, kind, path, context.trim()]));
  return `var searchIndex=[\n${rows.join(',\n')}\n];\n`;
}

async function searchScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path.join(import.meta.dirname, 'browser', 'search-box.ts')],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: 'es2022',
  });
  return outputFiles[0]!.text;
}

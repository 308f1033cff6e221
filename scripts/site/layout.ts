import { htmlOf, markup, type Markup } from './markup.ts';
import { type Heading, linkFrom, type Page, paths } from './page.ts';

/** Nothing from elsewhere, and no script or style inside a page: a text that became markup could do nothing. */
const policy =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'";

const chapters: readonly (readonly [title: string, path: string])[] = [
  ['Flow', paths.flow],
  ['Stories', paths.stories],
  ['Events', paths.events],
  ['Services', paths.services],
  ['API', paths.api],
  ['Alarms', paths.alarms],
  ['Runbook', paths.runbook],
  ['Decisions', paths.decisions],
  ['Guides', paths.guides],
];

/** A whole page. Its search box shows itself only where scripts run. */
export function layOut(page: Page, airline: string): string {
  const { path, title, description, body, contents = [] } = page;
  const link = linkFrom(path);
  const chapter =
    chapters.find(([, own]) => own === path) ??
    chapters.find(([, own]) => own.includes('/') && folderOf(own) === folderOf(path));
  const isInside = chapter !== undefined && chapter[1] !== path;
  const whole = markup`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="color-scheme" content="light dark">
<meta name="description" content="${description}">
<title>${title} · ${airline}</title>
<link rel="icon" href="${link('icon.svg')}" type="image/svg+xml">
<link rel="stylesheet" href="${link('tokens.css')}">
<link rel="stylesheet" href="${link('style.css')}">
<script src="${link('search.js')}" defer></script>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="top">
<a class="brand" href="${link(paths.flow)}">${airline}</a>
<div id="search" class="search" data-root="${link('')}" hidden></div>
<nav aria-label="Chapters"><ul>${chapters.map(([name, own]) => chapterItem(name, link(own), own === path ? 'page' : own === chapter?.[1] ? 'true' : undefined))}</ul></nav>
</header>
<main id="content" class="${contents.length > 1 ? 'has-contents' : 'is-short'}" tabindex="-1">
${
  isInside
    ? markup`<p class="chapter"><a href="${link(chapter[1])}">${chapter[0]}</a></p>
`
    : undefined
}<h1>${title}</h1>
${contents.length > 1 ? contentsOf(contents) : undefined}${body}
</main>
<footer>Made by <code>pnpm site</code> from the templates that are deployed, the contract, and what the real handlers did in the simulation.</footer>
</body>
</html>
`;
  return `<!doctype html>\n${htmlOf(whole)}`;
}

function chapterItem(name: string, href: string, current: string | undefined): Markup {
  if (current === undefined) return markup`<li><a href="${href}">${name}</a></li>`;
  return markup`<li><a href="${href}" aria-current="${current}">${name}</a></li>`;
}

function contentsOf(headings: readonly Heading[]): Markup {
  return markup`<nav class="contents" aria-label="On this page"><div><p>On this page</p><ul>
${headings.map(
  ({ id, title }) => markup`<li><a href="#${id}">${title}</a></li>
`,
)}</ul></div></nav>
`;
}

function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : '';
}

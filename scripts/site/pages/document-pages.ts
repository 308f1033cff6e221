import { renderMarkdown } from '../markdown.ts';
import { markup } from '../markup.ts';
import { linkFrom, type Page, paths } from '../page.ts';
import { card } from '../parts.ts';
import { type Site, titleOf } from '../site.ts';

const kinds: Readonly<Record<string, string>> = { [paths.runbook]: 'runbook', [paths.decisions]: 'decision' };

/** The repository's own pages: runbook, decisions and guides. Those of services are on the pages of the services. */
export function documentPages(site: Site): Page[] {
  const documents = [...site.model.documents].flatMap(([file, text]) => {
    const path = site.pageOf(file);
    return path === undefined || path.startsWith('services/') ? [] : [{ file, text, path, title: titleOf(text) }];
  });
  const link = linkFrom(paths.guides);
  const guides = documents.filter(({ path }) => path.startsWith('guides/'));
  const overview: Page = {
    path: paths.guides,
    title: 'Guides',
    description: 'How to run, deploy and change the airline.',
    entries: [],
    body: markup`<ul class="cards">
${guides.map(({ file, path, title }) => card(link(path), title, markup`<code>${file}</code>`))}</ul>`,
  };
  return [
    overview,
    ...documents.map(({ file, text, path, title }) => {
      const { body, headings } = renderMarkdown(text, { site, link: linkFrom(path), file });
      const kind = kinds[path] ?? 'guide';
      return {
        path,
        title,
        description: `${title}, from ${file}.`,
        body,
        // The decisions begin with a list of their own.
        contents: kind === 'decision' ? [] : headings.filter(({ depth }) => depth <= (kind === 'runbook' ? 3 : 2)),
        entries: [
          { title, kind, path, context: file },
          ...headings.map((heading) => ({
            title: heading.title,
            kind,
            path: `${path}#${heading.id}`,
            context: title,
          })),
        ],
      };
    }),
  ];
}

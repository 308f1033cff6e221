import path from 'node:path';
import { Marked, type Token, type Tokens } from 'marked';
import { escapeHtml, htmlOf, type Markup, Markup as MarkupOf } from './markup.ts';
import { eventPath, type Heading, type Link, slugOf } from './page.ts';
import { code, scrolling } from './parts.ts';
import type { Site } from './site.ts';

interface Origin {
  site: Site;
  link: Link;
  /** The file in the repository, for its relative links. */
  file: string;
  /** How many levels deeper its headings go. @default 0 */
  deeper?: number;
}

export interface Rendered {
  body: Markup;
  headings: (Heading & { depth: number })[];
}

/**
 * A text in Markdown as HTML, without its first heading. HTML in it is shown as text. A link to a file of the
 * repository leads to its page here; a file without a page is named, not linked. Code that is the name of an event is a
 * link to it.
 */
export function renderMarkdown(text: string, { site, link, file, deeper = 0 }: Origin): Rendered {
  const headings: Rendered['headings'] = [];
  const slugs = new Map<string, number>();
  let isInLink = false;
  const withoutLinks = (render: () => string): string => {
    const before = isInLink;
    isInLink = true;
    try {
      return render();
    } finally {
      isInLink = before;
    }
  };
  const marked = new Marked({ gfm: true });
  marked.use({
    renderer: {
      html({ text: source }: Tokens.HTML | Tokens.Tag) {
        return source.trimStart().startsWith('<!--') ? '' : escapeHtml(source);
      },
      code({ text: source }) {
        return htmlOf(scrolling('pre', 'Code', new MarkupOf(`<pre><code>${escapeHtml(source)}</code></pre>`)));
      },
      codespan({ text: source }) {
        const shown = htmlOf(code(source));
        return !isInLink && site.event(source) ? `<a href="${link(eventPath(source))}">${shown}</a>` : shown;
      },
      heading({ tokens, depth }) {
        const title = plainText(tokens);
        const slug = slugOf(title);
        const count = slugs.get(slug) ?? 0;
        slugs.set(slug, count + 1);
        if (depth === 1) return '';
        const id = count === 0 ? slug : `${slug}-${count}`;
        headings.push({ id, title, depth });
        const level = Math.min(6, depth + deeper);
        const inner = withoutLinks(() => this.parser.parseInline(tokens));
        return `<h${level} id="${escapeHtml(id)}"><a class="anchor" href="#${escapeHtml(id)}">${inner}</a></h${level}>\n`;
      },
      link({ href, tokens }) {
        const inner = withoutLinks(() => this.parser.parseInline(tokens));
        const target = addressOf(href, file, site, link);
        if (target === undefined)
          return `<span class="file" title="${escapeHtml(href)}, in the repository">${inner}</span>`;
        return `<a href="${escapeHtml(target)}">${inner}</a>`;
      },
      image({ href, text: alternative }) {
        const target = addressOf(href, file, site, link);
        return target === undefined
          ? escapeHtml(alternative)
          : `<a href="${escapeHtml(target)}">${escapeHtml(alternative)}</a>`;
      },
      table(token) {
        const row = (cells: Tokens.TableCell[], tag: string): string =>
          `<tr>${cells.map(({ tokens }) => `<${tag}>${this.parser.parseInline(tokens)}</${tag}>`).join('')}</tr>`;
        const head = row(token.header, 'th scope="col"').replaceAll('</th scope="col">', '</th>');
        const body = token.rows.map((cells) => row(cells, 'td')).join('\n');
        const label = `Table: ${token.header.map(({ tokens }) => plainText(tokens)).join(', ')}`;
        const whole = `<table><thead>${head}</thead><tbody>${body}</tbody></table>`;
        return htmlOf(scrolling('table', label, new MarkupOf(whole)));
      },
    },
  });
  return { body: new MarkupOf(marked.parse(text, { async: false })), headings };
}

/** Undefined for a file that the site does not have, and for an address that is not one of the web. */
function addressOf(href: string, file: string, site: Site, link: Link): string | undefined {
  if (/^https?:\/\//.test(href) || href.startsWith('#')) return href;
  if (/^[a-z][a-z0-9+.-]*:/i.test(href)) return undefined;
  const [relative = '', fragment] = href.split('#');
  const page = site.pageOf(path.posix.join(path.posix.dirname(file), relative).replace(/\/$/, ''));
  if (page === undefined) return undefined;
  return link(fragment === undefined ? page : `${page.replace(/#.*/, '')}#${fragment}`);
}

function plainText(tokens: readonly Token[]): string {
  return tokens
    .map((token) =>
      'tokens' in token && token.tokens ? plainText(token.tokens) : 'text' in token ? String(token.text) : '',
    )
    .join('');
}

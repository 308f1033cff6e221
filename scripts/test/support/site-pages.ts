/** Looks at written pages as a browser would, as far as the tests need it. */

export interface Element {
  tag: string;
  attributes: Record<string, string>;
}

const voids: ReadonlySet<string> = new Set(['meta', 'link', 'wbr', 'br', 'hr', 'input', 'img']);
/** Their end may be left out, and a block inside a paragraph would end it. */
const blocks = ['p', 'ul', 'ol', 'dl', 'div', 'table', 'pre', 'section', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'details'];

/**
 * The elements of a page, in their order.
 * @throws Error when its tags are not balanced, an attribute is not quoted, or a paragraph holds a block
 */
export function elementsOf(html: string): Element[] {
  const elements: Element[] = [];
  const open: string[] = [];
  for (const [tag, end, name = '', rest = ''] of html.matchAll(
    /<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*\/?>/g,
  )) {
    if (end === '/') {
      if (open.pop() !== name) throw new Error(`</${name}> closes something else.`);
      continue;
    }
    if (open.includes('p') && blocks.includes(name)) throw new Error(`<p> holds <${name}>.`);
    if (name === 'a' && open.includes('a')) throw new Error(`A link holds a link: ${tag}`);
    const attributes = [...rest.matchAll(/([\w:-]+)(?:="([^"]*)")?/g)].map(([, key, value = '']) => [
      key!,
      unescaped(value),
    ]);
    elements.push({ tag: name, attributes: Object.fromEntries(attributes) as Record<string, string> });
    if (!voids.has(name) && !tag.endsWith('/>')) open.push(name);
  }
  if (open.length > 0) throw new Error(`Not closed: ${open.join(', ')}.`);
  const left = html
    .replace(/<!doctype html>/, '')
    .replaceAll(/<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*\/?>/g, '');
  if (left.includes('<'))
    throw new Error(`A < that is no tag: ${left.slice(left.indexOf('<'), left.indexOf('<') + 80)}`);
  return elements;
}

/** What a reader sees of a page. */
export function textOf(html: string): string {
  return unescaped(html.replaceAll(/<wbr>/g, '').replaceAll(/<[^>]*>/g, ' ')).replaceAll(/\s+/g, ' ');
}

function unescaped(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}

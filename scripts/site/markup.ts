/** HTML that was made here. Everything else is text, and is escaped where it is put in. */
export class Markup {
  readonly html: string;

  constructor(html: string) {
    this.html = html;
  }
}

export type Part = Markup | string | number | undefined | readonly Part[];

/** A template of HTML: what is put in is text, unless it is markup itself. Attributes must be in double quotes. */
export function markup(strings: TemplateStringsArray, ...parts: Part[]): Markup {
  return new Markup(strings.reduce((html, string, index) => `${html}${htmlOf(parts[index - 1])}${string}`));
}

/** Parts with something between them. */
export function joined(parts: readonly Part[], separator: Part = ', '): Part[] {
  return parts.flatMap((part, index) => (index === 0 ? [part] : [separator, part]));
}

export function htmlOf(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Markup) return part.html;
  return typeof part === 'object' ? part.map(htmlOf).join('') : escapeHtml(String(part));
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

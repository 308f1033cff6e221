/** Parts that many pages have. */
import { joined, markup, type Markup, type Part } from './markup.ts';
import { eventPath, type Link, servicePath } from './page.ts';
import type { Site } from './site.ts';

export function code(text: string): Markup {
  // A short name does not break at its hyphens.
  if (text.includes('-') && text.length <= 24) return markup`<code class="whole">${text}</code>`;
  return markup`<code>${text}</code>`;
}

export function codes(texts: readonly string[]): Part[] {
  return texts.length === 0 ? ['none'] : joined(texts.map(code));
}

/** Plain text in which backticks mark code. */
export function prose(text: string): Part[] {
  return text.split('`').map((part, index) => (index % 2 === 1 ? code(part) : part));
}

export function section(id: string, title: Part, ...content: Part[]): Markup {
  return markup`<section aria-labelledby="${id}"><h2 id="${id}"><a class="anchor" href="#${id}">${title}</a></h2>
${content}</section>
`;
}

/** What may be wider than a phone scrolls by itself, also with the keyboard. */
export function scrolling(kind: string, label: string, content: Part): Markup {
  return markup`<div class="scroll ${kind}" tabindex="0" role="group" aria-label="${label}">${content}</div>
`;
}

export function table(head: readonly string[], rows: readonly (readonly Part[])[]): Markup {
  const cells = rows.map(
    (row) => markup`<tr>${row.map((cell) => markup`<td>${cell}</td>`)}</tr>
`,
  );
  const whole = markup`<table><thead><tr>${head.map((title) => markup`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>${cells}</tbody></table>`;
  return scrolling('table', `Table: ${head.join(', ')}`, whole);
}

export function facts(rows: readonly (readonly [string, Part])[]): Markup {
  return markup`<dl class="facts">${rows.map(
    ([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>
`,
  )}</dl>
`;
}

export function badge(text: string, kind = ''): Markup {
  return markup`<span class="badge ${kind}">${text}</span>`;
}

export function eventLink(site: Site, link: Link, detailType: string): Markup {
  if (!site.event(detailType)) return code(detailType);
  return markup`<a class="event" href="${link(eventPath(detailType))}">${detailType}</a>`;
}

/** A link to a service, or the name of somebody else. */
export function serviceLink(site: Site, link: Link, name: string): Markup {
  if (!site.service(name)) return markup`<span class="service">${name}</span>`;
  return markup`<a class="service" href="${link(servicePath(name))}">${name}</a>`;
}

export function jsonExample(label: string, value: unknown): Markup {
  return scrolling('pre', label, markup`<pre><code>${JSON.stringify(value, null, 2)}</code></pre>`);
}

/** A link to a page, with a sentence about it. */
export function card(href: string, title: Part, ...content: Part[]): Markup {
  return markup`<li class="card"><a href="${href}">${title}</a>${content.map((part) => markup`<div>${part}</div>`)}</li>
`;
}

export function seconds(count: number): string {
  if (count % 86_400 === 0) return count === 86_400 ? '1 day' : `${count / 86_400} days`;
  if (count % 60 === 0) return count === 60 ? '1 minute' : `${count / 60} minutes`;
  return `${count} s`;
}

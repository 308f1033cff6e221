import { expect, test } from '@jest/globals';
import { renderMarkdown } from '../../../site/markdown.ts';
import { linkFrom } from '../../../site/page.ts';
import { Site } from '../../../site/site.ts';
import type { SiteModel } from '../../../site/site-model.ts';
import { elementsOf } from '../../support/site-pages.ts';

const site = new Site({
  flow: { services: [{ name: 'seats' }], events: [{ detailType: 'SeatBooked', schema: 'SeatBooked.v1.json' }] },
  documents: new Map([
    ['README.md', '# Airline\n'],
    ['docs/runbook.md', '# Runbook\n'],
    ['packages/seats/README.md', '# seats\n'],
  ]),
} as unknown as SiteModel);

/** A text of docs/runbook.md, shown on the page guides/x.html. */
function rendered(text: string): string {
  const { body } = renderMarkdown(text, { site, link: linkFrom('guides/x.html'), file: 'docs/runbook.md' });
  elementsOf(body.html);
  return body.html.trim();
}

test.each([
  ['a page of the site', '[r](../README.md)', '<p><a href="../guides/airline.html">r</a></p>'],
  ['a heading of one', '[r](../README.md#run-it)', '<p><a href="../guides/airline.html#run-it">r</a></p>'],
  ['a heading of this text', '[r](#here)', '<p><a href="#here">r</a></p>'],
  ['the folder of a service', '[s](../packages/seats/)', '<p><a href="../services/seats.html">s</a></p>'],
  [
    'the schema of an event',
    '[s](../events-schemas/schemas/SeatBooked.v1.json)',
    '<p><a href="../events/SeatBooked.html">s</a></p>',
  ],
  ['the web', '[w](https://aws.example/?a=1&b=2)', '<p><a href="https://aws.example/?a=1&amp;b=2">w</a></p>'],
])('a link to %s', (_, text, html) => {
  expect(rendered(text)).toBe(html);
});

test.each([
  '../packages/seats/src/domain.ts',
  'javascript:alert(1)',
  'JaVaScript:alert(1)',
  'data:text/html,x',
  'mailto:a@b.example',
  '../../elsewhere.md',
])('%s is named and not linked', (href) => {
  expect(rendered(`[d](${href}) ![i](${href})`)).toMatch(/^<p><span class="file" title="[^"]+">d<\/span> i<\/p>$/);
});

test.each([
  ['a script', '<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
  ['an image', 'a <img src=x onerror=alert(1)>', 'a &lt;img src=x onerror=alert(1)&gt;'],
  ['in code', '`<b>`', '<code>&lt;b&gt;</code>'],
  ['in a block of code', '```html\n<b>\n```', '<pre><code>&lt;b&gt;'],
  ['in a heading', '## <b>', '&lt;b&gt;</a></h2>'],
  ['in the text of a link', '[<b>](#x)', '<a href="#x">&lt;b&gt;</a>'],
  ['in a title of a link', '[b](#x "\\"><b>")', '<a href="#x">b</a>'],
  ['in a table', '| <b> |\n| --- |\n| <i> |', '<td>&lt;i&gt;</td>'],
])('markup %s is text', (_, text, html) => {
  expect(rendered(text)).toContain(html);
});

test('comments are left out', () => {
  expect(rendered('<!-- generated -->\n\nText.')).toBe('<p>Text.</p>');
});

test('code that names an event leads to it, but not inside a link or a heading', () => {
  expect(rendered('`SeatBooked` `Other`')).toContain(
    '<a href="../events/SeatBooked.html"><code>SeatBooked</code></a> <code>Other</code>',
  );
  expect(rendered('[`SeatBooked`](#x)')).toBe('<p><a href="#x"><code>SeatBooked</code></a></p>');
  expect(rendered('## `SeatBooked`')).not.toContain('events/');
});

test('headings have the anchors of GitHub, and the first one is the title of the page', () => {
  const text = '# Title\n\n## What `pnpm x` says: all, at once\n\n### Same\n\n### Same\n';
  const { body, headings } = renderMarkdown(text, {
    site,
    link: linkFrom('x.html'),
    file: 'docs/runbook.md',
    deeper: 1,
  });
  expect(headings).toEqual([
    { id: 'what-pnpm-x-says-all-at-once', title: 'What pnpm x says: all, at once', depth: 2 },
    { id: 'same', title: 'Same', depth: 3 },
    { id: 'same-1', title: 'Same', depth: 3 },
  ]);
  expect(
    elementsOf(body.html)
      .filter(({ tag }) => /^h\d$/.test(tag))
      .map(({ tag }) => tag),
  ).toEqual(['h3', 'h4', 'h4']);
});

import { svgOf } from '../../flow/svg.ts';
import { lanes } from '../lanes.ts';
import { renderMarkdown } from '../markdown.ts';
import { joined, markup, Markup, type Part } from '../markup.ts';
import { eventPath, linkFrom, type Page, paths, servicePath } from '../page.ts';
import { card, eventLink, prose, scrolling, section, serviceLink, table } from '../parts.ts';
import type { Site } from '../site.ts';
import { storyCards } from './story-pages.ts';

const outside = 'outside';

/** The first page: what the airline is, and the whole flow. */
export function flowPage(site: Site): Page {
  const { flow, documents, stories, alarms } = site.model;
  const link = linkFrom(paths.flow);
  const readme = documents.get('README.md') ?? '';
  const rendered = (text: string): Markup => renderMarkdown(text, { site, link, file: 'README.md' }).body;
  const picture = svgOf(flow, {
    service: (name) => link(servicePath(name)),
    event: (detailType) => link(eventPath(detailType)),
  });
  return {
    path: paths.flow,
    title: 'The flow',
    description: `Who says what and who hears it: ${flow.services.length} services and ${flow.events.length} events.`,
    entries: [],
    body: markup`<div class="lead">${rendered(introductionOf(readme))}</div>
<ul class="figures">
<li><a href="${link(paths.services)}"><strong>${flow.services.length}</strong> services</a></li>
<li><a href="${link(paths.events)}"><strong>${flow.events.length}</strong> events</a></li>
<li><a href="${link(paths.stories)}"><strong>${stories.length}</strong> stories</a></li>
<li><a href="${link(paths.alarms)}"><strong>${alarms.length}</strong> alarms</a></li>
</ul>
${section(
  'picture',
  'How it flows',
  rendered(ruleOf(readme)),
  markup`<div class="wide-only">${scrolling('picture', 'The flow as a picture', new Markup(picture))}</div>
<div class="narrow-only">${flowLanes(site)}</div>`,
)}
${section('stories', 'Stories', markup`<p>Recorded from the real handlers. Each one ends with a settled booking.</p>`, storyCards(site, link))}
${section(
  'who-hears-what',
  'Who hears what',
  table(
    ['event', 'said by', 'heard by'],
    flow.events.map(({ detailType, saidBy, heardBy }) => [
      eventLink(site, link, detailType),
      saidBy.length === 0
        ? 'other producers'
        : joined(
            saidBy.map((name) => serviceLink(site, link, name)),
            ' ',
          ),
      joined(
        heardBy.map(({ service, when }) => [
          serviceLink(site, link, service),
          when === undefined ? '' : [' (', prose(when), ')'],
        ]),
        ' ',
      ),
    ]),
  ),
)}
${section(
  'for-tools',
  'For tools',
  markup`<ul class="cards">
${card(link('asyncapi.yaml'), 'asyncapi.yaml', 'The events, queues and rules in AsyncAPI 3.0.')}
${card(link('openapi.yaml'), 'openapi.yaml', 'The HTTP API in OpenAPI 3.1.')}
</ul>`,
)}`,
  };
}

/** The picture for a phone: a row for each event. */
function flowLanes(site: Site): Markup {
  const { services, events } = site.model.flow;
  const link = linkFrom(paths.flow);
  const hasOutside = events.some(({ saidBy }) => saidBy.length === 0);
  const names: { name: string; shown: Part }[] = [
    ...(hasOutside ? [{ name: outside, shown: outside }] : []),
    ...services.map(({ name }) => ({ name, shown: serviceLink(site, link, name) })),
  ];
  return lanes(
    names,
    events.map(({ detailType, saidBy, heardBy }) => ({
      kind: 'event',
      from: saidBy[0] ?? outside,
      to: heardBy.map(({ service }) => service),
      text: [
        eventLink(site, link, detailType),
        heardBy.flatMap(({ service, when }) =>
          when === undefined ? [] : [markup` <span class="aside">${service}: ${prose(when)}</span>`],
        ),
      ],
    })),
  );
}

/** What stands between the title and the first section. */
function introductionOf(readme: string): string {
  return readme.slice(0, Math.max(0, readme.search(/^## /m)));
}

/** The paragraph of the README that explains the protocol. */
function ruleOf(readme: string): string {
  const [, text = ''] = /^## How it flows\n\n(.*?)\n\n/ms.exec(readme) ?? [];
  return text;
}

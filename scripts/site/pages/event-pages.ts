import { readersOf } from '../../contracts/readers.ts';
import type { FlowEvent } from '../../flow/flow.ts';
import { fieldList } from '../field-list.ts';
import { type FieldRow, fieldsOf } from '../fields.ts';
import { joined, markup, type Markup, type Part } from '../markup.ts';
import { eventPath, fieldId, type Link, linkFrom, type Page, paths, storyPath } from '../page.ts';
import { badge, card, code, eventLink, facts, jsonExample, prose, section, serviceLink } from '../parts.ts';
import type { Site } from '../site.ts';
import { storiesWith } from './story-pages.ts';

export function eventPages(site: Site): Page[] {
  const { events } = site.model.flow;
  const link = linkFrom(paths.events);
  const overview: Page = {
    path: paths.events,
    title: 'Events',
    description: 'Every event of the contract, in the order in which they usually happen.',
    entries: [],
    body: markup`<p class="lead">All events of the contract, in the order in which they usually happen.</p>
<ul class="cards">
${events.map((event) => card(link(eventPath(event.detailType)), event.detailType, prose(event.description), whoSaysAndHears(site, link, event)))}</ul>`,
  };
  return [overview, ...events.map((event) => eventPage(site, event))];
}

function eventPage(site: Site, event: FlowEvent): Page {
  const { detailType, description, example } = event;
  const path = eventPath(detailType);
  const link = linkFrom(path);
  const fields = fieldsOfEvent(site, event);
  const stories = storiesWith(site, detailType);
  const idOf = (field: FieldRow): string => fieldId(field.path);
  return {
    path,
    title: detailType,
    description,
    contents: [
      { id: 'who', title: 'Who says and hears it' },
      { id: 'data-fields', title: 'Fields of data' },
      { id: 'metadata-fields', title: 'Fields of metadata' },
      { id: 'example', title: 'Example' },
      ...(stories.length > 0 ? [{ id: 'in-stories', title: 'In these stories' }] : []),
    ],
    entries: [
      { title: detailType, kind: 'event', path, context: `${event.source} ${description}` },
      ...fields.map((field) => ({
        title: field.path,
        kind: 'field',
        path: `${path}#${idOf(field)}`,
        context: [detailType, field.isPersonal ? 'personal data' : '', field.description].join(' '),
      })),
    ],
    body: markup`<p class="lead">${prose(description)}</p>
${whoSaysAndHears(site, link, event)}
${section('who', 'Who says and hears it', eventFacts(site, link, event), hearers(site, link, event))}
${['data', 'metadata'].map((part) =>
  section(
    `${part}-fields`,
    `Fields of ${part}`,
    fieldList(
      fields.filter((field) => field.path.split('.')[0] === part),
      { idOf, more: (field) => readersLine(site, link, event, field) },
    ),
  ),
)}
${section('example', 'Example', markup`<p>The <code>detail</code> of such an event, from the contract’s golden examples.</p>`, jsonExample(`An example of ${detailType}`, example))}
${
  stories.length > 0
    ? section(
        'in-stories',
        'In these stories',
        markup`<ul class="cards">
${stories.map(({ title, what }) => card(link(storyPath(title)), title, prose(what)))}</ul>`,
      )
    : undefined
}`,
  };
}

function fieldsOfEvent({ model }: Site, { schema }: FlowEvent): FieldRow[] {
  const event = model.contract.get(schema.replace(/\.json$/, ''));
  // The parts of the detail themselves say nothing.
  return event ? fieldsOf(event.schema).filter(({ path }) => path.includes('.')) : [];
}

function whoSaysAndHears(site: Site, link: Link, { detailType, saidBy, fromOutside, heardBy }: FlowEvent): Markup {
  const says = [
    ...saidBy.map((name) => serviceLink(site, link, name)),
    ...(fromOutside || saidBy.length === 0 ? [markup`<span class="service">other producers</span>`] : []),
  ];
  const hears = heardBy.map(({ service, when }) => [
    serviceLink(site, link, service),
    when === undefined ? '' : markup` <a class="aside" href="${link(`${eventPath(detailType)}#who`)}">only some</a>`,
  ]);
  return markup`<span class="hop"><span class="who-says">${joined(says, ' ')}</span> <span class="to" role="img" aria-label="is heard by">→</span> ${hears.length === 0 ? 'nobody' : joined(hears, ' ')}</span>`;
}

function eventFacts(site: Site, link: Link, event: FlowEvent): Markup {
  const { source, owner, schema, saidBy, fromOutside, personal } = event;
  const version = /\.v(\d+)\.json$/.exec(schema)?.[1] ?? '';
  const releases = site.model.releases.filter(({ schemas }) => Object.hasOwn(schemas, schema));
  return facts([
    ['source', code(source)],
    ['owner', serviceLink(site, link, owner)],
    [
      'said by',
      [
        joined(saidBy.map((name) => serviceLink(site, link, name))),
        fromOutside ? [saidBy.length > 0 ? ', ' : '', 'producers outside, whose metadata may be incomplete'] : '',
      ],
    ],
    ['version', version],
    [
      'releases',
      releases.length === 0
        ? 'not released'
        : joined(releases.map(({ number, releasedOn }) => `release ${number} of ${releasedOn}`)),
    ],
    [
      'personal data',
      personal.length === 0
        ? 'none'
        : joined(personal.map((path) => markup`<a href="#${fieldId(path)}"><code>${path}</code></a>`)),
    ],
  ]);
}

function hearers(site: Site, link: Link, { detailType, heardBy }: FlowEvent): Markup {
  return markup`<ul class="hearers">
${heardBy.map(({ service }) => {
  const rules = (site.service(service)?.rules ?? []).filter(({ detailTypes }) => detailTypes.includes(detailType));
  return rules.map(
    ({
      name,
      when,
      pattern,
      queue,
    }) => markup`<li>${serviceLink(site, link, service)} by the rule ${code(name)} into the queue ${code(queue)}${when === undefined ? undefined : [', ', prose(when)]}
<details><summary>Pattern<span class="unseen"> of ${name}</span></summary>${jsonExample(`Pattern of ${name}`, pattern)}</details></li>
`,
  );
})}</ul>
`;
}

/** Which of the services that hear the event read the field. */
function readersLine(site: Site, link: Link, { detailType }: FlowEvent, { path }: FieldRow): Part {
  const { reads } = readersOf(site.model.readers, detailType, path);
  if (reads.length === 0) return markup`<p class="read-by">nobody reads it</p>`;
  return markup`<p class="read-by">read by ${joined(
    reads.map((name) => serviceLink(site, link, name)),
    ' ',
  )}</p>`;
}

/** The fields of an event that a service reads, with links to them. */
export function readFields(site: Site, link: Link, detailType: string, declared: readonly string[]): Part {
  return markup`<li>${eventLink(site, link, detailType)}: ${joined(
    declared.map((path) => {
      const field = path.replace(/\?$/, '');
      const shown = [markup`<a href="${link(`${eventPath(detailType)}#${fieldId(field)}`)}"><code>${field}</code></a>`];
      return field === path ? shown : [shown, ' ', badge('if present', 'soft')];
    }),
    ' ',
  )}</li>
`;
}

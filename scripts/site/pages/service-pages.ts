import type { FlowQueue, FlowService, FlowTimer } from '../../flow/flow.ts';
import { renderMarkdown } from '../markdown.ts';
import { joined, markup, type Markup, type Part } from '../markup.ts';
import { alarmPath, eventPath, type Link, linkFrom, type Page, paths, routePath, servicePath } from '../page.ts';
import { card, code, codes, eventLink, facts, jsonExample, prose, seconds, section, table } from '../parts.ts';
import type { Site } from '../site.ts';
import { readFields } from './event-pages.ts';

export function servicePages(site: Site): Page[] {
  const { services } = site.model.flow;
  const link = linkFrom(paths.services);
  const overview: Page = {
    path: paths.services,
    title: 'Services',
    description: 'Every service: what it says and hears, its queues, timers, routes, tables and alarms.',
    entries: [],
    body: markup`<p class="lead">Each service is owned by its own team and deployed as its own stack. It knows no other service.</p>
<ul class="cards">
${services.map((service) => card(link(servicePath(service.name)), service.name, summary(site, link, service.name), saysAndHears(site, link, service)))}</ul>`,
  };
  return [overview, ...services.map((service) => servicePage(site, service))];
}

function servicePage(site: Site, service: FlowService): Page {
  const { name, stack, rules, queues, timers, routes, tables, functions, calls } = service;
  const path = servicePath(name);
  const link = linkFrom(path);
  const file = `packages/${name}/README.md`;
  const readme = renderMarkdown(site.readmeOf(name).replace(summaryOf(site, name), ''), {
    site,
    link,
    file,
    deeper: 1,
  });
  const deploy = readme.headings.find(({ title }) => /^deploy/i.test(title));
  const alarms = site.model.alarms.filter((alarm) => alarm.stack === stack);
  const reads = Object.entries(site.model.readers[name] ?? {});
  const entry = (title: string, kind: string, id: string, context = ''): Page['entries'][number] => ({
    title,
    kind,
    path: `${path}#${id}`,
    context: `${name} ${context}`,
  });
  return {
    path,
    title: name,
    description: `The service ${name}: what it says and hears, and how it is run.`,
    contents: [
      { id: 'its-events', title: 'Says and hears' },
      ...(reads.length > 0 ? [{ id: 'its-reads', title: 'Reads' }] : []),
      { id: 'its-queues', title: 'Queues' },
      { id: 'its-alarms', title: 'Alarms' },
      { id: 'readme', title: 'README of the team' },
      ...readme.headings.filter(({ depth }) => depth === 2),
    ],
    entries: [
      { title: name, kind: 'service', path, context: `${stack} service` },
      ...queues.map((queue) => entry(queue.name, 'queue', 'its-queues')),
      ...rules.map((rule) => entry(rule.name, 'rule', 'its-events', rule.detailTypes.join(' '))),
      ...tables.map((each) => entry(each.name, 'table', 'its-facts')),
      ...functions.map((each) => entry(each.name, 'function', 'its-facts', each.description)),
      ...readme.headings.map(({ id, title }) => entry(title, 'guide', id)),
    ],
    body: markup`<div class="lead">${summary(site, link, name)}</div>
<div id="its-facts">${facts([
      ['stack', code(stack)],
      ['owner', ['the team ', name, ', folder ', code(`packages/${name}`)]],
      [
        'routes',
        routes.length === 0
          ? 'none'
          : joined(routes.map(({ route }) => markup`<a href="${link(routePath(route))}"><code>${route}</code></a>`)),
      ],
      ['timers', timers.length === 0 ? 'none' : joined(timers.map(timerText), '; ')],
      [
        'tables',
        tables.length === 0
          ? 'none'
          : joined(
              tables.map((each) => [
                code(each.name),
                each.indexes.length > 0 ? [' with the indexes ', codes(each.indexes)] : '',
              ]),
            ),
      ],
      [
        'functions',
        joined(
          functions.map((each) => [
            code(each.name),
            ` (${each.description.replace(/\.$/, '')}; at most ${seconds(each.timeout)})`,
          ]),
          '; ',
        ),
      ],
      ['calls', calls.length === 0 ? 'nobody outside' : calls.join(', ')],
      ['deployment', deploy ? markup`<a href="#${deploy.id}">${deploy.title}</a>` : 'not described'],
    ])}</div>
${section('its-events', 'Says and hears', saysAndHears(site, link, service), rulesOf(link, service))}
${reads.length > 0 ? section('its-reads', 'Reads', markup`<p>The fields that its handlers read. Another one does not compile.</p>`, markup`<ul class="reads">${reads.map(([detailType, declared]) => readFields(site, link, detailType, declared))}</ul>`) : undefined}
${section('its-queues', 'Queues', queues.length === 0 ? markup`<p>It has none: it hears only requests over HTTP.</p>` : queueTable(queues))}
${section(
  'its-alarms',
  'Alarms',
  markup`<ul class="fields">
${alarms.map(
  (
    alarm,
  ) => markup`<li class="field"><p class="field-name"><a href="${link(alarmPath(alarm.name))}">${alarm.name}</a></p><p>${prose(alarm.meaning)}</p></li>
`,
)}</ul>`,
)}
${section('readme', 'README of the team', readme.body)}`,
  };
}

/** The first paragraph of a service's README. */
function summaryOf(site: Site, name: string): string {
  return /^# [^\n]*\n\n(.*?)(?:\n\n|$)/s.exec(site.readmeOf(name))?.[1] ?? '';
}

function summary(site: Site, link: Link, name: string): Markup {
  return renderMarkdown(summaryOf(site, name), { site, link, file: `packages/${name}/README.md` }).body;
}

function saysAndHears(site: Site, link: Link, { says, rules }: FlowService): Markup {
  const heard = [...new Set(rules.flatMap(({ detailTypes }) => detailTypes))];
  const list = (types: readonly string[]): Part =>
    types.length === 0
      ? 'nothing'
      : joined(
          types.map((type) => eventLink(site, link, type)),
          ' ',
        );
  return markup`<span class="says"><span class="verb">says</span> ${list(says)}</span> <span class="says"><span class="verb">hears</span> ${list(heard)}</span>`;
}

function rulesOf(link: Link, { rules }: FlowService): Part {
  if (rules.length === 0) return undefined;
  return markup`<ul class="hearers">
${rules.map(
  ({
    name,
    detailTypes,
    when,
    queue,
    undelivered,
    pattern,
  }) => markup`<li>The rule ${code(name)} brings ${joined(detailTypes.map((type) => markup`<a href="${link(eventPath(type))}"><code>${type}</code></a>`))}${when === undefined ? undefined : [', ', prose(when), ',']} into ${code(queue)}. What cannot be delivered goes to ${undelivered === undefined ? 'nowhere' : code(undelivered)}.
<details><summary>Pattern<span class="unseen"> of ${name}</span></summary>${jsonExample(`Pattern of ${name}`, pattern)}</details></li>
`,
)}</ul>
`;
}

function queueTable(queues: readonly FlowQueue[]): Markup {
  return table(
    ['queue', 'read by', 'hidden while handled', 'kept', 'dead letters go to'],
    queues.map(({ name, reader, visibilityTimeout, retention, deadLetters }) => [
      code(name),
      reader === undefined ? 'an operator' : code(reader),
      seconds(visibilityTimeout),
      seconds(retention),
      deadLetters ? [code(deadLetters.name), ` after ${deadLetters.maxReceiveCount} receives`] : '',
    ]),
  );
}

function timerText(timer: FlowTimer): Part {
  if (timer.kind === 'schedule') return [code(timer.function), ' runs at ', code(timer.expression)];
  return [code(timer.function), ' sends delayed messages to its own queue'];
}

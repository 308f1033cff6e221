import type { FlowAlarm } from '../../flow/alarms-of-templates.ts';
import { markup, type Part } from '../markup.ts';
import { alarmPath, linkFrom, type Page, paths, slugOf } from '../page.ts';
import { badge, code, prose, seconds, section, serviceLink } from '../parts.ts';
import type { Site } from '../site.ts';

/** Every alarm, grouped by the section of the runbook that says what to do. */
export function alarmsPage(site: Site): Page {
  const { alarms, flow } = site.model;
  const link = linkFrom(paths.alarms);
  const runbook = site.model.documents.get('docs/runbook.md') ?? '';
  const sections = [...new Set(alarms.map((alarm) => alarm.section))].sort(
    (a, b) => runbook.indexOf(`# ${a}\n`) - runbook.indexOf(`# ${b}\n`),
  );
  const serviceOf = ({ stack }: FlowAlarm): string => stack.replace(`${flow.airline}-`, '');
  const item = (
    alarm: FlowAlarm,
  ): Part => markup`<li id="${alarm.name}" class="field"><p class="field-name"><a class="anchor" href="#${alarm.name}">${alarm.name}</a> ${serviceLink(site, link, serviceOf(alarm))}</p>
<p>${prose(alarm.meaning)}</p>
<ul class="rules"><li>rings at ${code(`${alarm.metric} ≥ ${alarm.threshold}`)}</li><li>${timesOf(alarm)}</li><li>${alarm.statistic.toLowerCase()} of ${alarm.namespaces.join(' and ')}</li></ul></li>
`;
  return {
    path: paths.alarms,
    title: 'Alarms',
    description: 'Every alarm with its threshold, its meaning, and what to do.',
    contents: sections.map((title) => ({ id: slugOf(title), title })),
    entries: alarms.map((alarm) => ({
      title: alarm.name,
      kind: 'alarm',
      path: alarmPath(alarm.name),
      context: `${alarm.meaning.replaceAll('`', '')} ${alarm.section}`,
    })),
    body: markup`<p class="lead">An alarm rings for something that a person must do. Those of one kind have one section of the <a href="${link(paths.runbook)}">runbook</a>.</p>
${sections.map((title) => {
  const own = alarms.filter((alarm) => alarm.section === title);
  return section(
    slugOf(title),
    title,
    markup`<p><a class="do" href="${link(`${paths.runbook}#${slugOf(title)}`)}">What to do: ${title}</a> ${badge(own.length === 1 ? '1 alarm' : `${own.length} alarms`, 'soft')}</p>
<ul class="fields">
${own.map(item)}</ul>
`,
  );
})}`,
  };
}

function timesOf({ period, periods, dataPoints }: FlowAlarm): string {
  const unit = period === 60 ? 'minutes' : `periods of ${seconds(period)}`;
  if (periods === 1) return `within ${seconds(period)}`;
  return dataPoints === periods ? `in ${periods} ${unit} in a row` : `in ${dataPoints} of ${periods} ${unit}`;
}

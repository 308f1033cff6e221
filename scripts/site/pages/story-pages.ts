import type { Story, StoryStep } from '../../../packages/simulation/src/story.ts';
import { countedSteps, participantsOf } from '../../flow/stories-page.ts';
import { type LaneRow, lanes } from '../lanes.ts';
import { markup, type Markup, type Part } from '../markup.ts';
import { type Link, linkFrom, type Page, paths, storyPath } from '../page.ts';
import { card, eventLink, prose, section, serviceLink } from '../parts.ts';
import type { Site } from '../site.ts';

export function storyPages(site: Site): Page[] {
  const link = linkFrom(paths.stories);
  const overview: Page = {
    path: paths.stories,
    title: 'Stories',
    description: 'How bookings end, recorded from the real handlers.',
    entries: [],
    body: markup`<p class="lead">The real handlers took these steps in the simulation, and the rules of the templates delivered the events.
Services work side by side, so other orders of the same steps are as normal as these.</p>
${storyCards(site, link)}`,
  };
  return [overview, ...site.model.stories.map((story, index) => storyPage(site, story, index))];
}

export function storyCards(site: Site, link: Link): Markup {
  return markup`<ul class="cards">
${site.model.stories.map(({ title, what, outcomes }) => card(link(storyPath(title)), title, prose(what), ...outcomes.map((outcome) => markup`<span class="outcome">${prose(outcome)}</span>`)))}</ul>
`;
}

/** The stories in which a service receives an event. */
export function storiesWith({ model }: Site, detailType: string): Story[] {
  return model.stories.filter(({ steps }) =>
    steps.some((step) => step.kind === 'event' && wordsOf(step.text).includes(detailType)),
  );
}

function storyPage(site: Site, story: Story, index: number): Page {
  const { title, what, outcomes } = story;
  const path = storyPath(title);
  const link = linkFrom(path);
  const next = site.model.stories[index + 1];
  const names = participantsOf(story).map((name) => ({ name, shown: serviceLink(site, link, name) }));
  return {
    path,
    title,
    description: what,
    entries: [{ title, kind: 'story', path, context: [what, ...outcomes].join(' ') }],
    body: markup`<p class="lead">${prose(what)}</p>
<ul class="outcomes">${outcomes.map((outcome) => markup`<li>In the end: ${prose(outcome)}.</li>`)}</ul>
${section(
  'steps',
  'Step by step',
  lanes(
    names,
    countedSteps(story).map(({ step, count }) => laneRow(site, link, step, count)),
  ),
  markup`<p class="legend">An arrow is an event that a service received, or a request to somebody outside. A dashed arrow is an
event that the receiver had received before. A dot is the new state of a service’s record.</p>`,
)}
${next && markup`<p class="next">Next story: <a href="${link(storyPath(next.title))}">${next.title}</a></p>`}`,
  };
}

function laneRow(site: Site, link: Link, step: StoryStep, count: number): LaneRow {
  const times = count > 1 ? markup` <span class="aside">${count} times</span>` : undefined;
  const who = (name: string): Markup => markup`<span class="who">${name}</span>`;
  const text = (): Part => withEventLinks(site, link, 'text' in step ? step.text : '');
  switch (step.kind) {
    case 'event':
      return {
        kind: 'event',
        from: step.from,
        to: [step.to],
        isAgain: step.again,
        text: [
          markup`${who(step.from)} → ${who(step.to)} `,
          text(),
          step.again ? markup` <span class="aside">again</span>` : undefined,
          times,
        ],
      };
    case 'call':
      return {
        kind: 'call',
        from: step.from,
        to: [step.to],
        text: [
          markup`${who(step.from)}${step.from === step.to ? '' : [' → ', who(step.to)]} `,
          text(),
          step.answer === undefined ? '' : markup` <span class="aside">answer: ${step.answer}</span>`,
          times,
        ],
      };
    case 'timer':
      return { kind: 'timer', to: [step.service], text: [markup`${who(step.service)} timer: `, text(), times] };
    case 'state':
      return { kind: 'state', to: [step.service], text: [markup`${who(step.service)} is `, code(step.text), times] };
    case 'failure':
      return { kind: 'failure', to: [step.service], text: [markup`✗ ${who(step.service)} `, text(), times] };
    case 'remark':
      return { kind: 'remark', to: [], text: text() };
  }
}

function code(text: string): Markup {
  return markup`<code>${text}</code>`;
}

function withEventLinks(site: Site, link: Link, text: string): Part {
  return text.split(/(\w+)/).map((word) => (site.event(word) ? eventLink(site, link, word) : word));
}

function wordsOf(text: string): string[] {
  return text.split(/\W+/);
}

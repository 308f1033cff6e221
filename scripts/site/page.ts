import type { Markup } from './markup.ts';
import type { SearchEntry } from './search-ranking.ts';

/** A page of the site, without what all pages have around it. */
export interface Page {
  /** Its path in the site, e.g. `events/SeatBooked.html`. */
  path: string;
  title: string;
  /** One sentence, for search engines and previews. */
  description: string;
  body: Markup;
  /** Headings to jump to, if the page is long. */
  contents?: readonly Heading[];
  /** What the search finds on it. */
  entries: readonly SearchEntry[];
}

export interface Heading {
  id: string;
  title: string;
}

/** Makes the address of a path in the site, as a page needs it: relative, so that the site works in any folder. */
export type Link = (path: string) => string;

export function linkFrom(page: string): Link {
  const up = '../'.repeat(page.split('/').length - 1);
  return (path) => `${up}${path}`;
}

export const paths = {
  flow: 'index.html',
  stories: 'stories/index.html',
  events: 'events/index.html',
  services: 'services/index.html',
  api: 'api.html',
  alarms: 'alarms.html',
  runbook: 'runbook.html',
  decisions: 'decisions.html',
  guides: 'guides/index.html',
} as const;

export function storyPath(title: string): string {
  return `stories/${slugOf(title)}.html`;
}

export function eventPath(detailType: string): string {
  return `events/${detailType}.html`;
}

/** The anchor of a field, on the page of its event. */
export function fieldId(field: string): string {
  return field.replaceAll('[]', '');
}

export function servicePath(name: string): string {
  return `services/${name}.html`;
}

export function alarmPath(name: string): string {
  return `${paths.alarms}#${name}`;
}

export function routePath(route: string): string {
  return `${paths.api}#${slugOf(route)}`;
}

/** The anchor of a heading, as GitHub makes it. */
export function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
}

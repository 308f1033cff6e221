import type { FlowEvent, FlowService } from '../flow/flow.ts';
import { eventPath, paths, servicePath, slugOf } from './page.ts';
import type { SiteModel } from './site-model.ts';

/** The models, and where each part of them has its page. */
export class Site {
  readonly model: SiteModel;
  readonly #events: ReadonlyMap<string, FlowEvent>;
  readonly #services: ReadonlyMap<string, FlowService>;
  /** The page of a file in the repository, by its path there. */
  readonly #pages: ReadonlyMap<string, string>;

  constructor(model: SiteModel) {
    this.model = model;
    this.#events = new Map(model.flow.events.map((event) => [event.detailType, event]));
    this.#services = new Map(model.flow.services.map((service) => [service.name, service]));
    const documents = [...model.documents].map(([file, text]) => [file, this.#documentPath(file, text)] as const);
    this.#pages = new Map([
      ['docs', paths.flow],
      ['docs/flow.md', paths.flow],
      ['docs/flow.svg', `${paths.flow}#picture`],
      ['docs/stories.md', paths.stories],
      ['docs/openapi.yaml', paths.api],
      ['docs/asyncapi.yaml', 'asyncapi.yaml'],
      ...model.flow.events.map(
        ({ detailType, schema }) => [`events-schemas/schemas/${schema}`, eventPath(detailType)] as const,
      ),
      ...documents,
      // A link to a folder shows its README.
      ...documents.flatMap(([file, path]) =>
        file.endsWith('/README.md') ? [[file.replace('/README.md', ''), path] as const] : [],
      ),
    ]);
  }

  event(detailType: string): FlowEvent | undefined {
    return this.#events.get(detailType);
  }

  service(name: string): FlowService | undefined {
    return this.#services.get(name);
  }

  /** The page of a file in the repository, if the site has one. */
  pageOf(file: string): string | undefined {
    return this.#pages.get(file);
  }

  /** The README of a service. */
  readmeOf(service: string): string {
    return this.model.documents.get(`packages/${service}/README.md`) ?? '';
  }

  #documentPath(file: string, text: string): string {
    if (file === 'docs/runbook.md') return paths.runbook;
    if (file === 'DECISIONS.md') return paths.decisions;
    const service = /^packages\/([^/]+)\/README\.md$/.exec(file)?.[1];
    if (service !== undefined && this.#services.has(service)) return servicePath(service);
    return `guides/${slugOf(titleOf(text))}.html`;
  }
}

/** The first heading of a text in Markdown. */
export function titleOf(text: string): string {
  return /^# (.*)$/m.exec(text)?.[1] ?? 'Untitled';
}

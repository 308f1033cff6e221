/** The pages of the real models, and of changed ones. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCommand } from '../../../cli/run-command.ts';
import type { NamedTemplate } from '../../../flow/flow-of-templates.ts';
import { loadKnowledge } from '../../../flow/knowledge.ts';
import { fieldsOf } from '../../../site/fields.ts';
import { routesOf } from '../../../site/open-api.ts';
import { alarmPath, eventPath, fieldId, paths, routePath, servicePath, slugOf, storyPath } from '../../../site/page.ts';
import { rank, type SearchEntry } from '../../../site/search-ranking.ts';
import { siteFiles } from '../../../site/site-files.ts';
import { readSiteModel, type SiteModel } from '../../../site/site-model.ts';
import { writeSite } from '../../../site/write-site.ts';
import { plainEnvironment } from '../../end-to-end/support/airline-place.ts';
import { sharedTemplates } from '../../support/shared-templates.ts';
import { type Element, elementsOf, textOf } from '../../support/site-pages.ts';

let stacks: NamedTemplate[];
let model: SiteModel;
let files: Map<string, string>;
let pages: [path: string, html: string][];
let elements: Map<string, Element[]>;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'airline-site-'));
  stacks = await sharedTemplates();
  model = await readSiteModel(stacks, await loadKnowledge());
  files = await siteFiles(model);
  pages = pagesIn(files);
  elements = new Map(pages.map(([page, html]) => [page, elementsOf(html)]));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function pagesIn(all: ReadonlyMap<string, string>): [string, string][] {
  return [...all].filter(([file]) => file.endsWith('.html'));
}

const zipped = (text: string): number => gzipSync(text, { level: 9 }).length;
const page = (file: string): string => files.get(file)!;
const idsOf = (file: string): string[] => elements.get(file)!.flatMap(({ attributes: { id } }) => id ?? []);
const within = (address: string): boolean => idsOf(address.split('#')[0]!).includes(address.split('#')[1]!);

function entriesOf(all: ReadonlyMap<string, string>): SearchEntry[] {
  const rows = runInNewContext(`${all.get('search-index.js')!};searchIndex`) as [string, string, string, string][];
  return [...rows].map(([title, kind, address, context]) => ({ title, kind, path: address, context }));
}

describe('every page', () => {
  test('has balanced tags, one title, landmarks, and headings without gaps', () => {
    for (const [file] of pages) {
      const all = elements.get(file)!;
      const levels = all.flatMap(({ tag }) => (/^h[1-6]$/.test(tag) ? [Number(tag[1])] : []));
      expect([file, levels.filter((level) => level === 1).length]).toEqual([file, 1]);
      const gaps = levels.filter((level, index) => level > (levels[index - 1] ?? 0) + 1);
      expect([file, gaps]).toEqual([file, []]);
      for (const landmark of ['header', 'nav', 'main', 'footer', 'title'])
        expect([file, all.some(({ tag }) => tag === landmark)]).toEqual([file, true]);
    }
  });

  test('has each id once, and links that lead somewhere', () => {
    const broken: string[] = [];
    for (const [file] of pages) {
      const ids = idsOf(file);
      expect([file, ids.filter((id, index) => ids.indexOf(id) !== index)]).toEqual([file, []]);
      for (const { attributes } of elements.get(file)!) {
        const { href } = attributes;
        if (href === undefined || /^https?:\/\//.test(href)) continue;
        const [target = '', fragment] = href.split('#');
        const there = target === '' ? file : path.posix.join(path.posix.dirname(file), target);
        const isThere = files.has(there) && (fragment === undefined || idsOf(there).includes(fragment));
        if (!isThere) broken.push(`${file}: ${href}`);
        for (const key of ['aria-labelledby', 'aria-controls'])
          if (attributes[key] !== undefined && !ids.includes(attributes[key])) broken.push(`${file}: ${key}`);
      }
    }
    expect(broken).toEqual([]);
  });

  test('loads nothing from elsewhere, and has no script or style of its own', () => {
    for (const [file, html] of pages) {
      for (const { tag, attributes } of elements.get(file)!) {
        const loaded = tag === 'link' ? attributes.href : attributes.src;
        if (loaded !== undefined)
          expect([file, loaded]).toEqual([file, expect.stringMatching(/^(\.\.\/)*[\w-]+\.(js|css|svg)$/)]);
        const inline = Object.keys(attributes).filter((name) => name === 'style' || name.startsWith('on'));
        expect([file, tag, inline]).toEqual([file, tag, []]);
        expect(['style', 'iframe', 'object', 'embed', 'base', 'form']).not.toContain(tag);
      }
      expect(html).toContain(`content="default-src &#39;none&#39;;`);
      expect(html).toMatch(/<script src="[^"]+" defer><\/script>/);
      expect(html.match(/<script/g)).toHaveLength(1);
    }
    for (const name of ['style.css', 'tokens.css', 'search.js', 'icon.svg'])
      expect(files.get(name)!.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|@import|url\((?!icon)/);
  });

  test('says something about itself, in a title of its own', () => {
    const titles = pages.map(([, html]) => /<title>(.*?)<\/title>/.exec(html)![1]);
    expect(new Set(titles).size).toBe(titles.length);
    for (const [file] of pages) {
      const description = elements.get(file)!.find(({ attributes }) => attributes.name === 'description');
      expect([file, description?.attributes.content]).toEqual([file, expect.stringMatching(/\w{3}/)]);
    }
  });
});

describe('the models are there', () => {
  test('each event: its fields, example, rules and readers', () => {
    for (const event of model.flow.events) {
      const file = eventPath(event.detailType);
      const text = textOf(page(file));
      const { schema } = model.contract.get(event.schema.replace('.json', ''))!;
      for (const field of fieldsOf(schema).filter((each) => each.path.includes('.')))
        expect([field.path, within(`${file}#${fieldId(field.path)}`)]).toEqual([field.path, true]);
      expect(text).toContain(event.description);
      expect(text).toContain(event.source);
      expect(text).toContain(JSON.stringify(event.example, null, 2).replaceAll(/\s+/g, ' '));
      for (const { service } of event.heardBy) {
        const rules = model.flow.services.find(({ name }) => name === service)!.rules;
        for (const rule of rules.filter(({ detailTypes }) => detailTypes.includes(event.detailType)))
          expect(text).toContain(`by the rule ${rule.name} into the queue ${rule.queue}`);
      }
    }
  });

  test('a field says who reads it, and whether it is personal', () => {
    const field = (file: string, id: string): string =>
      textOf(new RegExp(`<li id="${id}" class="field">.*?(?=<li id=|</section>)`, 's').exec(page(file))![0]);
    expect(field(eventPath('BookingRequested'), 'data.passenger.email')).toMatch(/personal data .*read by receipts/);
    expect(field(eventPath('BookingRequested'), 'data.payment.method')).toMatch(/required .*read by payments *$/);
    expect(field(eventPath('BookingRequested'), 'data.payment.method')).not.toContain('personal data');
    expect(field(eventPath('SeatBooked'), 'metadata.schemaVersion')).toContain('nobody reads it');
  });

  test('each service: rules, queues, routes, tables, functions, alarms, and how to deploy it', () => {
    for (const { name, stack, rules, queues, routes, tables, functions } of model.flow.services) {
      const text = textOf(page(servicePath(name)));
      const own = model.alarms.filter((alarm) => alarm.stack === stack);
      const names = [...rules, ...queues, ...tables, ...functions, ...own].map((each) => each.name);
      for (const each of [stack, ...names, ...routes.map(({ route }) => route)]) expect(text).toContain(each);
      expect([name, /deployment (\w+)/.exec(text)![1]]).toEqual([name, expect.stringMatching(/^deploy/i)]);
    }
  });

  test('each route of the stacks and of the document, with its parameters and answers', () => {
    const documented = routesOf(model.api);
    const routes = model.flow.services.flatMap((service) => service.routes.map(({ route }) => route));
    expect(documented.map(({ route }) => route).sort()).toEqual(routes.sort());
    for (const { route, parameters, operation } of documented) {
      expect(within(routePath(route))).toBe(true);
      for (const part of [...parameters.map(({ name }) => name), ...Object.keys(operation.responses)])
        expect([route, part, within(`${paths.api}#${slugOf(route)}-${part}`)]).toEqual([route, part, true]);
    }
  });

  test('each alarm of the templates, with its threshold and the section of the runbook', () => {
    const templates = stacks.flatMap(({ template }) => Object.values(template.Resources));
    const alarms = templates.filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm');
    expect(alarms.length).toBeGreaterThan(40);
    for (const { Properties } of alarms) {
      const { AlarmName: name, Threshold: threshold } = Properties as { AlarmName: string; Threshold: number };
      expect([name, within(alarmPath(name))]).toEqual([name, true]);
      const section = new RegExp(`<li id="${name}".*?</ul>`, 's').exec(page(paths.alarms))![0];
      expect(textOf(section)).toContain(`≥ ${threshold} `);
    }
    for (const { section } of model.alarms)
      expect([section, within(`${paths.runbook}#${slugOf(section)}`)]).toEqual([section, true]);
  });

  test('each story, with a step for each event that links to it', () => {
    for (const { title, steps } of model.stories) {
      const file = storyPath(title);
      const links = elements.get(file)!.flatMap(({ attributes: { href } }) => href ?? []);
      for (const step of steps.filter(({ kind }) => kind === 'event')) {
        const detailType = 'text' in step ? /\b[A-Z]\w+/.exec(step.text)![0] : '';
        expect(links).toContain(`../${eventPath(detailType)}`);
      }
    }
  });

  test('the picture leads to each event and service', () => {
    const picture = /<svg viewBox.*?<\/svg>/s.exec(page(paths.flow))![0];
    for (const { detailType } of model.flow.events) expect(picture).toContain(`<a href="${eventPath(detailType)}">`);
    for (const { name } of model.flow.services) expect(picture).toContain(`<a href="${servicePath(name)}">`);
  });
});

describe('the search', () => {
  test('finds each event, service, story, alarm and section of the runbook by its name, first', () => {
    const entries = entriesOf(files);
    const headings = [...model.documents.get('docs/runbook.md')!.matchAll(/^##+ (.*)$/gm)].map(([, title]) => title!);
    expect(headings.length).toBeGreaterThan(15);
    for (const name of [
      ...model.flow.events.map(({ detailType }) => detailType),
      ...model.flow.services.map((service) => service.name),
      ...model.alarms.map((alarm) => alarm.name),
      ...headings.map((title) => title.replaceAll('`', '')),
    ])
      expect([name, rank(entries, name)[0]?.title]).toEqual([name, name]);
  });

  test('finds each field together with its event, first', () => {
    const entries = entriesOf(files);
    for (const event of model.flow.events) {
      const { schema } = model.contract.get(event.schema.replace('.json', ''))!;
      for (const { path: field } of fieldsOf(schema).filter((each) => each.path.includes('.'))) {
        const at = `${eventPath(event.detailType)}#${fieldId(field)}`;
        expect([at, rank(entries, `${field} ${event.detailType}`).map((entry) => entry.path)]).toEqual([
          at,
          expect.arrayContaining([at]),
        ]);
      }
    }
  });

  test('leads only to what is there', () => {
    const wrong = entriesOf(files).filter(({ path: address }) =>
      address.includes('#') ? !within(address) : !files.has(address),
    );
    expect(wrong).toEqual([]);
  });
});

describe('a change of a model changes the pages', () => {
  test('a rule that hears everything instead of some', async () => {
    const changed = stacks.map(({ name, template }) => {
      if (name !== 'airline-payments') return { name, template };
      const resources = Object.entries(template.Resources).map(([id, resource]) => {
        const pattern = resource.Properties?.EventPattern as Record<string, unknown> | undefined;
        if (pattern?.detail === undefined) return [id, resource];
        const { detail: _, ...rest } = pattern;
        return [id, { ...resource, Properties: { ...resource.Properties, EventPattern: rest } }];
      });
      return { name, template: { ...template, Resources: Object.fromEntries(resources) as typeof template.Resources } };
    });
    const after = await siteFiles(await readSiteModel(changed, await loadKnowledge()));
    const different = [...files.keys()].filter((file) => files.get(file) !== after.get(file));
    for (const file of [paths.flow, eventPath('SeatReleased'), servicePath('payments'), 'asyncapi.yaml'])
      expect(different).toContain(file);
    expect(different).not.toContain(eventPath('PaymentOk'));
    expect(textOf(page(eventPath('SeatReleased')))).toContain('unless it answers its own');
    expect(textOf(after.get(eventPath('SeatReleased'))!)).not.toContain('unless it answers its own');
  });

  test('the same models give the same bytes', async () => {
    const again = await siteFiles(await readSiteModel(stacks, await loadKnowledge()));
    expect([...again]).toEqual([...files]);
  });

  test('markup in any text of a model is text', async () => {
    const attack = `</script><img src=x onerror="alert(1)">'"&<b id="content">`;
    const poisoned = JSON.parse(
      JSON.stringify(
        {
          flow: model.flow,
          stories: model.stories,
          alarms: model.alarms,
          api: model.api,
          contract: [...model.contract],
          releases: model.releases,
        },
        (key, value: unknown) => {
          const isProse = [
            'description',
            'what',
            'when',
            'meaning',
            'summary',
            'detail',
            'example',
            'answer',
            'text',
            'releasedOn',
            'pattern',
          ].includes(key);
          return isProse && typeof value === 'string' ? `${value} ${attack}` : value;
        },
      ),
    ) as SiteModel & { contract: [string, never][] };
    const documents = [...model.documents].map(
      ([file, text]) =>
        [
          file,
          text.replace(
            '\n\n',
            `\n\n${attack} <script>alert(1)</script>\n\n[a](javascript:alert(1)) ![b](javascript:alert(1))\n\n`,
          ),
        ] as const,
    );
    const all = await siteFiles({
      ...model,
      ...poisoned,
      contract: new Map(poisoned.contract),
      documents: new Map(documents),
    });
    let shown = 0;
    for (const [file, html] of pagesIn(all)) {
      const found = elementsOf(html);
      expect([
        file,
        found.filter(
          ({ tag, attributes }) =>
            tag === 'img' || attributes.onerror !== undefined || /^javascript:/i.test(attributes.href ?? ''),
        ),
      ]).toEqual([file, []]);
      expect([file, found.filter(({ attributes }) => attributes.id === 'content').length]).toEqual([file, 1]);
      expect(html.match(/<script/g)).toHaveLength(1);
      if (textOf(html).includes('onerror="alert(1)"')) shown += 1;
    }
    expect(shown).toBeGreaterThan(pages.length - 4);
    expect(entriesOf(all).some(({ context }) => context.includes(attack))).toBe(true);
  });
});

test('it is small, compressed: what a page loads, and all of it', () => {
  const shared = ['style.css', 'tokens.css', 'search.js', 'icon.svg'].map((name) => zipped(files.get(name)!));
  expect(shared.reduce((sum, size) => sum + size)).toBeLessThan(9_000);
  expect(zipped(page(paths.flow))).toBeLessThan(7_000);
  expect(zipped(files.get('search-index.js')!)).toBeLessThan(30_000);
  expect([...files.values()].map(zipped).reduce((sum, size) => sum + size)).toBeLessThan(400_000);
});

describe('pnpm site', () => {
  test('writes the pages, and later those of that time instead; other files stay', async () => {
    const out = path.join(folder, 'command');
    const first = await runCommand(plainEnvironment(), 'site', '--out', out);
    expect(first).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining(`${pages.length} pages written.`),
    });
    for (const [file, content] of files)
      expect([file, readFileSync(path.join(out, file), 'utf8') === content]).toEqual([file, true]);
    writeFileSync(path.join(out, 'CNAME'), 'airline.example');
    writeSite(out, new Map([['index.html', 'new']]));
    expect(
      readdirSync(out, { recursive: true, withFileTypes: true })
        .flatMap((each) => (each.isFile() ? [each.name] : []))
        .sort(),
    ).toEqual(['CNAME', 'index.html', 'site-files.json']);
  });

  test('writes into no folder of somebody else', async () => {
    const out = mkdtempSync(path.join(folder, 'other-'));
    writeFileSync(path.join(out, 'thesis.txt'), 'mine');
    const { code, stderr } = await runCommand(plainEnvironment(), 'site', '--out', out);
    expect(code).toBe(1);
    expect(stderr).toContain(
      'has files, but no site of `pnpm site`. Name an empty folder, or one that does not exist.',
    );
    expect(readdirSync(out)).toEqual(['thesis.txt']);
  });

  test('deletes nothing outside its folder, whatever the list says', () => {
    const out = mkdtempSync(path.join(folder, 'list-'));
    const outside = path.join(folder, 'outside.txt');
    writeFileSync(outside, 'mine');
    writeFileSync(path.join(out, 'site-files.json'), '["../outside.txt"]');
    expect(() => writeSite(out, new Map())).toThrow('lists ../outside.txt, which is not in that folder.');
    expect(readFileSync(outside, 'utf8')).toBe('mine');
  });
});

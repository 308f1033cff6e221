import type { SchemaObject } from '@airline/events-schemas/compatibility/json-schema';
import { fieldList, ruleLine } from '../field-list.ts';
import { componentName, fieldsOf, merged, rowOf } from '../fields.ts';
import { renderMarkdown } from '../markdown.ts';
import { joined, markup, type Markup, type Part } from '../markup.ts';
import { type Content, found, type OpenApi, type Parameter, type Response, type Route, routesOf } from '../open-api.ts';
import { fieldId, type Link, linkFrom, type Page, paths, slugOf } from '../page.ts';
import { badge, code, jsonExample, section, serviceLink } from '../parts.ts';
import type { SearchEntry } from '../search-ranking.ts';
import type { Site } from '../site.ts';

const problem = 'application/problem+json';
const places: Readonly<Record<string, string>> = { header: 'a header', path: 'in the path', query: 'in the query' };

interface Context {
  site: Site;
  api: OpenApi;
  link: Link;
  /** The document's descriptions are Markdown. */
  words: (text: string | undefined) => Markup;
}

/** Every route of the HTTP API with its parameters, fields, answers and examples. */
export function apiPage(site: Site): Page {
  const { api } = site.model;
  const link = linkFrom(paths.api);
  const words: Context['words'] = (text) => renderMarkdown(text ?? '', { site, link, file: 'docs/openapi.yaml' }).body;
  const context = { site, api, link, words };
  const routes = routesOf(api);
  const { schemas } = api.components;
  const objects = Object.keys(schemas).filter((name) => merged(schemas[name]!, schemas).properties !== undefined);
  return {
    path: paths.api,
    title: 'HTTP API',
    description: api.info.summary,
    contents: [
      ...routes.map(({ route }) => ({ id: slugOf(route), title: route })),
      { id: 'schemas', title: 'Schemas' },
    ],
    entries: [
      ...routes.flatMap((route) => routeEntries(route, api)),
      ...objects.flatMap((name) => [
        { title: name, kind: 'schema', path: `${paths.api}#${schemaId(name)}`, context: 'API' },
        ...fieldsOf(schemas[name]!, schemas).map(({ path, description }) => ({
          title: path,
          kind: 'field',
          path: `${paths.api}#${schemaId(name)}.${fieldId(path)}`,
          context: `API ${name} ${description.trim()}`,
        })),
      ]),
    ],
    body: markup`<p class="lead">${api.info.summary}</p>
${words(api.info.description)}
<ul>${api.servers.map(({ url, description }) => markup`<li><code>${url}</code> ${words(description)}</li>`)}</ul>
${routes.map((route) => routeSection(route, context))}
${section(
  'schemas',
  'Schemas',
  objects.map(
    (name) => markup`<h3 id="${schemaId(name)}"><a class="anchor" href="#${schemaId(name)}">${name}</a></h3>
${words(schemas[name]!.description as string | undefined)}
${fields(schemas[name]!, schemaId(name), context)}`,
  ),
)}`,
  };
}

function routeEntries({ route, operation, parameters }: Route, api: OpenApi): SearchEntry[] {
  const at = (id: string): string => `${paths.api}#${id}`;
  return [
    { title: route, kind: 'route', path: at(slugOf(route)), context: `${operation.operationId} ${operation.summary}` },
    ...parameters.map(({ name, in: where, description = '' }) => ({
      title: name,
      kind: `${where} parameter`,
      path: at(parameterId(route, name)),
      context: `${route} ${description.trim()}`,
    })),
    ...Object.entries(operation.responses).flatMap(([status, response]) =>
      kindsOf(found(response, api.components.responses), api).map((kind) => ({
        title: kind,
        kind: 'error',
        path: at(answerId(route, status)),
        context: `${status} ${route}`,
      })),
    ),
  ];
}

function routeSection({ route, operation, parameters }: Route, context: Context): Markup {
  const { site, api, link, words } = context;
  const { summary, description, tags, security, requestBody, responses } = operation;
  const [method, path] = route.split(' ');
  const id = slugOf(route);
  const bodies = Object.values(requestBody?.content ?? {});
  return section(
    id,
    markup`<span class="method">${method}</span> <code>${path}</code>`,
    markup`<p class="lead">${summary}</p>
<p>Answered by ${joined(tags.map((tag) => serviceLink(site, link, tag)))} ${security?.length === 0 ? badge('public') : badge('login, if the airline asks for one', 'soft')}</p>
${words(description)}
`,
    parameters.length === 0
      ? undefined
      : markup`<h3 id="${id}-parameters">Parameters</h3>
<ul class="fields">${parameters.map((parameter) => parameterItem(route, parameter, context))}</ul>
`,
    requestBody &&
      markup`<h3 id="${id}-body">Body</h3>
${words(requestBody.description)}
${bodies.map(({ schema, example }) => [
  fields(schema, `${id}-body`, context),
  example === undefined ? undefined : jsonExample(`An example body of ${route}`, example),
])}`,
    markup`<h3 id="${id}-answers">Answers</h3>
${Object.entries(responses).map(([status, response]) => answer(route, status, found(response, api.components.responses), context))}`,
  );
}

function parameterItem(route: string, parameter: Parameter, { api, words }: Context): Markup {
  const { name, in: where, required, description, schema, example } = parameter;
  const row = rowOf(schema, api.components.schemas);
  const id = parameterId(route, name);
  return markup`<li id="${id}" class="field"><p class="field-name"><a class="anchor" href="#${id}">${name}</a> <span class="type">${row.type}, ${places[where] ?? where}</span> ${required === true ? badge('required') : badge('optional', 'soft')}</p>
${words(description ?? row.description)}
${ruleLine(row)}${example === undefined ? undefined : markup`<p class="read-by">e.g. ${code(typeof example === 'string' ? example : JSON.stringify(example))}</p>`}</li>
`;
}

function answer(route: string, status: string, response: Response, context: Context): Markup {
  const { description, headers = {}, content = {} } = response;
  const id = answerId(route, status);
  const kinds = kindsOf(response, context.api);
  const isError = status >= '400';
  const inside = [
    headerList(headers, context),
    ...Object.entries(content).map(([type, each]) => contentOf(route, status, type, each, context)),
  ];
  return markup`<div id="${id}" class="answer"><h4><a class="anchor" href="#${id}"><span class="status ${isError ? 'bad' : 'good'}">${status}</span></a>${kinds.length > 0 ? [' ', joined(kinds, ' · ')] : ''}</h4>
${context.words(description)}
${isError ? markup`<details><summary>Fields and examples<span class="unseen"> of ${status}</span></summary>${inside}</details>` : inside}</div>
`;
}

function headerList(headers: NonNullable<Response['headers']>, { api }: Context): Part {
  const rows = Object.entries(headers).map(([name, header]) => {
    const { description } = found(header, api.components.headers);
    return markup`<li>header ${code(name)}: ${description ?? ''}</li>`;
  });
  return rows.length === 0 ? undefined : markup`<ul class="headers">${rows}</ul>`;
}

/** The fields of a schema with a name are in the section of the schemas. */
function contentOf(route: string, status: string, type: string, content: Content, context: Context): Markup {
  const { schema, example, examples = {} } = content;
  const name = componentName(schema) ?? partComponent(schema);
  const all = [...(example === undefined ? [] : [example]), ...Object.values(examples).map(({ value }) => value)];
  return markup`<p class="media">${code(type)}${name === undefined ? undefined : markup`, fields of <a href="#${schemaId(name)}">${name}</a>`}</p>
${name === undefined ? fields(schema, answerId(route, status), context) : undefined}
${all.map((value, index) => jsonExample(`Example ${index + 1} of ${status}, ${type}, of ${route}`, value))}`;
}

/** The schema that a more special one is made of. */
function partComponent({ allOf = [] }: { allOf?: SchemaObject[] }): string | undefined {
  return allOf.map(componentName).find((name) => name !== undefined);
}

/** @param prefix of their anchors */
function fields(schema: SchemaObject, prefix: string, { api, words }: Context): Markup {
  return fieldList(fieldsOf(schema, api.components.schemas), {
    idOf: ({ path }) => `${prefix}.${fieldId(path)}`,
    componentAt: (name) => `#${schemaId(name)}`,
    describe: words,
  });
}

/** The titles of the problems of an answer. */
function kindsOf({ content = {} }: Response, { components }: OpenApi): string[] {
  const schema = content[problem]?.schema;
  if (!schema) return [];
  const { title } = (merged(schema, components.schemas).properties ?? {}) as { title?: SchemaObject };
  return title ? rowOf(title, components.schemas).values : [];
}

function schemaId(name: string): string {
  return `schema-${name}`;
}

function parameterId(route: string, name: string): string {
  return `${slugOf(route)}-${name}`;
}

function answerId(route: string, status: string): string {
  return `${slugOf(route)}-${status}`;
}

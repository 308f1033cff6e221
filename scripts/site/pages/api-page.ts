import type { SchemaObject } from '@airline/events-schemas/compatibility/json-schema';
import { fieldList, ruleLine } from '../field-list.ts';
import { componentName, type FieldRow, fieldsOf, merged, rowOf } from '../fields.ts';
import { renderMarkdown } from '../markdown.ts';
import { joined, markup, type Markup, type Part } from '../markup.ts';
import { type Content, found, type OpenApi, type Parameter, type Response, type Route, routesOf } from '../open-api.ts';
import { linkFrom, type Page, paths, slugOf } from '../page.ts';
import { badge, code, jsonExample, section, serviceLink } from '../parts.ts';
import type { Site } from '../site.ts';

const problem = 'application/problem+json';

/** Every route of the HTTP API with its parameters, fields, answers and examples. */
export function apiPage(site: Site): Page {
  const { api } = site.model;
  const routes = routesOf(api);
  const shown = objectSchemas(api);
  const prefixed = (text: string | undefined): Markup =>
    renderMarkdown(text ?? '', { site, link: linkFrom(paths.api), file: 'docs/openapi.yaml' }).body;
  return {
    path: paths.api,
    title: 'HTTP API',
    description: api.info.summary,
    contents: [
      ...routes.map(({ route }) => ({ id: slugOf(route), title: route })),
      { id: 'schemas', title: 'Schemas' },
    ],
    entries: [
      ...routes.flatMap(({ route, operation, parameters }) => {
        const path = `${paths.api}#${slugOf(route)}`;
        return [
          { title: route, kind: 'route', path, context: `${operation.operationId} ${operation.summary}` },
          ...parameters.map(({ name, in: where, description = '' }) => ({
            title: name,
            kind: `${where} parameter`,
            path: `${paths.api}#${parameterId(route, name)}`,
            context: `${route} ${description.trim()}`,
          })),
          ...Object.entries(operation.responses).flatMap(([status, response]) =>
            kindsOf(found(response, api.components.responses), api).map((kind) => ({
              title: kind,
              kind: 'error',
              path: `${paths.api}#${answerId(route, status)}`,
              context: `${status} ${route}`,
            })),
          ),
        ];
      }),
      ...shown.flatMap((name) => [
        { title: name, kind: 'schema', path: `${paths.api}#${schemaId(name)}`, context: 'API' },
        ...fieldsOf(api.components.schemas[name]!, api.components.schemas).map((field) => ({
          title: field.path,
          kind: 'field',
          path: `${paths.api}#${schemaId(name)}.${field.path.replaceAll('[]', '')}`,
          context: `API ${name} ${field.description}`,
        })),
      ]),
    ],
    body: markup`<p class="lead">${api.info.summary}</p>
${prefixed(api.info.description)}
<ul>${api.servers.map(({ url, description }) => markup`<li><code>${url}</code> ${prefixed(description)}</li>`)}</ul>
${routes.map((route) => routeSection(site, route, prefixed))}
${section(
  'schemas',
  'Schemas',
  shown.map((name) => {
    const schema = api.components.schemas[name]!;
    return markup`<h3 id="${schemaId(name)}"><a class="anchor" href="#${schemaId(name)}">${name}</a></h3>
${prefixed(schema.description as string | undefined)}
${fields(schema, api, (field) => `${schemaId(name)}.${field.path.replaceAll('[]', '')}`)}`;
  }),
)}`,
  };
}

function routeSection(
  site: Site,
  { route, operation, parameters }: Route,
  prefixed: (text?: string) => Markup,
): Markup {
  const { api } = site.model;
  const link = linkFrom(paths.api);
  const { summary, description, tags, security, requestBody, responses } = operation;
  const [method, path] = route.split(' ');
  const id = slugOf(route);
  return section(
    id,
    markup`<span class="method">${method}</span> <code>${path}</code>`,
    markup`<p class="lead">${summary}</p>
<p>Answered by ${joined(tags.map((tag) => serviceLink(site, link, tag)))} ${security?.length === 0 ? badge('public') : badge('login, if the airline asks for one', 'soft')}</p>
${prefixed(description)}
`,
    (parameters.length > 0 &&
      markup`<h3 id="${id}-parameters">Parameters</h3>
<ul class="fields">${parameters.map((parameter) => parameterItem(route, parameter, api, prefixed))}</ul>
`) ||
      undefined,
    requestBody &&
      markup`<h3 id="${id}-body">Body</h3>
${prefixed(requestBody.description)}
${Object.values(requestBody.content).map(({ schema, example }) => [fields(schema, api, (field) => `${id}-body.${field.path.replaceAll('[]', '')}`), example === undefined ? undefined : jsonExample(`An example body of ${route}`, example)])}
`,
    markup`<h3 id="${id}-answers">Answers</h3>
${Object.entries(responses).map(([status, response]) => answer(route, status, found(response, api.components.responses), api, prefixed))}`,
  );
}

function parameterItem(
  route: string,
  parameter: Parameter,
  { components }: OpenApi,
  prefixed: (text?: string) => Markup,
): Markup {
  const { name, in: where, required, description, schema, example } = parameter;
  const row = rowOf(schema, components.schemas);
  const id = parameterId(route, name);
  return markup`<li id="${id}" class="field"><p class="field-name"><a class="anchor" href="#${id}">${name}</a> <span class="type">${row.type}, ${where === 'header' ? 'a header' : where === 'path' ? 'in the path' : 'in the query'}</span> ${required === true ? badge('required') : badge('optional', 'soft')}</p>
${prefixed(description ?? row.description)}
${ruleLine(row)}${example === undefined ? undefined : markup`<p class="read-by">e.g. ${code(typeof example === 'string' ? example : JSON.stringify(example))}</p>`}</li>
`;
}

function answer(
  route: string,
  status: string,
  response: Response,
  api: OpenApi,
  prefixed: (text?: string) => Markup,
): Markup {
  const { description, headers = {}, content = {} } = response;
  const id = answerId(route, status);
  const kinds = kindsOf(response, api);
  const isError = status >= '400';
  const inside = [
    headerList(headers, api),
    ...Object.entries(content).map(([type, each]) => contentOf(id, route, type, each, api)),
  ];
  return markup`<div id="${id}" class="answer"><h4><a class="anchor" href="#${id}"><span class="status ${isError ? 'bad' : 'good'}">${status}</span></a>${kinds.length > 0 ? [' ', joined(kinds, ' · ')] : ''}</h4>
${prefixed(description)}
${isError ? markup`<details><summary>Fields and examples<span class="unseen"> of ${status}</span></summary>${inside}</details>` : inside}</div>
`;
}

function headerList(headers: NonNullable<Response['headers']>, { components }: OpenApi): Part {
  const rows = Object.entries(headers).map(([name, header]) => {
    const { description } = found(header, components.headers);
    return markup`<li>header ${code(name)}: ${description ?? ''}</li>`;
  });
  return rows.length === 0 ? undefined : markup`<ul class="headers">${rows}</ul>`;
}

function contentOf(
  id: string,
  route: string,
  type: string,
  { schema, example, examples = {} }: Content,
  api: OpenApi,
): Markup {
  const name = componentName(schema) ?? partComponent(schema);
  const all = [...(example === undefined ? [] : [example]), ...Object.values(examples).map(({ value }) => value)];
  const isPlain = type !== problem && name === undefined;
  return markup`<p class="media">${code(type)}${name === undefined ? undefined : [', fields of ', markup`<a href="#${schemaId(name)}">${name}</a>`]}</p>
${isPlain ? fields(schema, api, (field) => `${id}.${field.path.replaceAll('[]', '')}`) : undefined}
${all.map((value, index) => jsonExample(`Example ${index + 1} of ${type} for ${route}`, value))}`;
}

/** The schema that a more special one is made of. */
function partComponent({ allOf = [] }: { allOf?: SchemaObject[] }): string | undefined {
  return allOf.map(componentName).find((name) => name !== undefined);
}

function fields(schema: SchemaObject, { components }: OpenApi, idOf: (field: FieldRow) => string): Markup {
  return fieldList(fieldsOf(schema, components.schemas), { idOf, componentAt: (name) => `#${schemaId(name)}` });
}

/** The titles of the problems of an answer. */
function kindsOf({ content = {} }: Response, { components }: OpenApi): string[] {
  const schema = content[problem]?.schema;
  if (!schema) return [];
  const { title } = (merged(schema, components.schemas).properties ?? {}) as { title?: SchemaObject };
  return title ? rowOf(title, components.schemas).values : [];
}

function objectSchemas({ components }: OpenApi): string[] {
  return Object.keys(components.schemas).filter(
    (name) => merged(components.schemas[name]!, components.schemas).properties !== undefined,
  );
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

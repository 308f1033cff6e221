import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';

/** A request, in the parts that the API's document describes. */
export interface AskedRequest {
  method: string;
  /** With the query, e.g. `/flights?limit=10`. */
  path: string;
  /** Names in lower case. */
  headers: Record<string, string>;
  body?: string;
}

export interface GivenAnswer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: string;
}

type Schema = Record<string, unknown>;
type Contents = Record<string, { schema: Schema }>;

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  schema: Schema;
}

interface Response {
  headers?: Record<string, { required?: boolean; schema: Schema }>;
  content?: Contents;
}

interface Operation {
  parameters?: Parameter[];
  requestBody?: { content: Contents };
  responses: Record<string, Response>;
}

/** An OpenAPI 3.1 document, as parsed from its file. */
export interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** Headers of HTTP itself (RFC 9110 and 9112), and those that API Gateway adds to its answers. */
const transportHeader =
  /^(connection|content-length|content-type|date|keep-alive|transfer-encoding|apigw-requestid|x-amzn-.+)$/;

/**
 * Compares answers of the HTTP API with its OpenAPI document. Every object is taken as complete: a field, header,
 * status or content type that the document does not have is a mistake. A request that was accepted must be documented
 * too.
 */
export class DocumentedAnswers {
  readonly #paths: OpenApi['paths'];
  readonly #ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false });

  constructor(document: OpenApi) {
    const closed = closeObjects(document);
    this.#ajv.addSchema(closed, 'openapi');
    this.#paths = (withoutReferences(closed, closed) as OpenApi).paths;
  }

  /** @returns every mistake of the answer, with its route, its status and, where there is one, a JSON pointer */
  findMistakes(asked: AskedRequest, answer: GivenAnswer): string[] {
    const url = new URL(asked.path, 'http://localhost');
    const [route, methods] = Object.entries(this.#paths).find(([each]) => patternOf(each).test(url.pathname)) ?? [];
    const operation = methods?.[asked.method.toLowerCase()];
    if (!operation) {
      const isRefused = answer.status === 404 && ['', '{"message":"Not Found"}'].includes(answer.body);
      return isRefused ? [] : [`${asked.method} ${url.pathname} ${answer.status}: the route is not documented`];
    }
    const response = operation.responses[answer.status];
    const mistakes = response
      ? [
          ...this.#headerMistakes(response, answer),
          ...this.#contentMistakes(response.content, answer),
          ...(answer.status < 400 ? this.#requestMistakes(operation, asked, url) : []),
        ]
      : ['the status is not documented'];
    return mistakes.map((mistake) => `${asked.method} ${route} ${answer.status}: ${mistake}`);
  }

  #headerMistakes({ headers = {} }: Response, answer: GivenAnswer): string[] {
    const undocumented = Object.keys(answer.headers).filter(
      (name) => !(name in headers) && !transportHeader.test(name),
    );
    return [
      ...undocumented.map((name) => `the header ${name} is not documented`),
      ...Object.entries(headers).flatMap(([name, { required, schema }]) =>
        this.#valueMistakes(`the header ${name}`, answer.headers[name], required, schema),
      ),
    ];
  }

  #contentMistakes(contents: Contents | undefined, message: AskedRequest | GivenAnswer): string[] {
    const { headers, body = '' } = message;
    if (!contents) return body === '' ? [] : ['a body is not documented'];
    const type = headers['content-type']?.split(';')[0]!.toLowerCase() ?? 'none';
    if (!contents[type]) return [`the content type ${type} is not documented`];
    let value: unknown;
    try {
      value = JSON.parse(body);
    } catch {
      return ['the body is not JSON'];
    }
    const mistakes = this.#schemaMistakes('the body', value, contents[type].schema);
    // RFC 9457, section 3.1.2: a problem repeats the status of its response.
    const isProblem = type === 'application/problem+json' && mistakes.length === 0 && 'status' in message;
    if (isProblem && (value as { status: number }).status !== message.status)
      return [`the body is wrong at /status: it must be ${message.status}`];
    return mistakes;
  }

  #requestMistakes({ parameters = [], requestBody }: Operation, asked: AskedRequest, url: URL): string[] {
    const undocumented = [...url.searchParams.keys()].filter(
      (key) => !parameters.some(({ name, in: place }) => place === 'query' && name === key),
    );
    return [
      ...undocumented.map((name) => `it accepted the query parameter ${name}, which is not documented`),
      ...parameters.flatMap(({ name, in: place, required, schema }) => {
        // A path parameter is part of the path, which matched.
        if (place === 'path') return [];
        const value = place === 'query' ? (url.searchParams.get(name) ?? undefined) : asked.headers[name.toLowerCase()];
        return this.#valueMistakes(`it accepted the ${place} parameter ${name}, which`, value, required, schema);
      }),
      ...(requestBody ? this.#contentMistakes(requestBody.content, asked) : []).map(
        (mistake) => `it accepted a request of which ${mistake}`,
      ),
    ];
  }

  #valueMistakes(what: string, value: string | undefined, required = false, schema: Schema): string[] {
    if (value === undefined) return required ? [`${what} is missing`] : [];
    const typed = schema.type === 'integer' && /^\d+$/.test(value) ? Number(value) : value;
    return this.#schemaMistakes(what, typed, schema);
  }

  #schemaMistakes(what: string, value: unknown, schema: Schema): string[] {
    const validate = this.#ajv.compile(schema);
    if (validate(value)) return [];
    // A field may be unknown to several branches of an allOf.
    return [...new Set((validate.errors ?? []).map((error) => `${what} ${describe(error)}`))];
  }
}

function describe({ instancePath, keyword, params, message }: ErrorObject): string {
  const field = (params.unevaluatedProperty ?? params.additionalProperty) as string | undefined;
  if (field !== undefined) return `has ${instancePath}/${field}, which is not documented`;
  const rule = keyword === 'enum' ? `must be one of ${JSON.stringify(params.allowedValues)}` : message;
  return `is wrong${instancePath && ` at ${instancePath}`}: it ${rule}`;
}

/** `/flights/{flightId}/seats` → /^\/flights\/[^/]+\/seats$/ */
function patternOf(route: string): RegExp {
  return new RegExp(`^${route.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
}

/**
 * The document with every object schema closed, and with references that can be resolved from outside. The branches
 * of an `allOf` stay open, since each knows some of the fields only. So each component is there twice: closed, and
 * open for such branches.
 */
function closeObjects(document: OpenApi): OpenApi {
  const closed = closeObject(document) as OpenApi;
  const open = Object.entries(document.components.schemas).map(([name, schema]) => [
    `${name}.open`,
    closeObject(schema, true),
  ]);
  const schemas = { ...closed.components.schemas, ...(Object.fromEntries(open) as Record<string, Schema>) };
  return { ...closed, components: { ...closed.components, schemas } };
}

function closeObject(node: unknown, isBranch = false): unknown {
  if (Array.isArray(node)) return node.map((each) => closeObject(each, isBranch));
  if (typeof node !== 'object' || node === null) return node;
  const closed = Object.fromEntries(
    Object.entries(node).map(([name, value]) => {
      if (name === '$ref' && typeof value === 'string') return [name, `openapi${value}${isBranch ? '.open' : ''}`];
      return [name, closeObject(value, name === 'allOf')];
    }),
  );
  const isObject = 'allOf' in node || ('properties' in node && !('additionalProperties' in node));
  return isObject && !isBranch ? { ...closed, unevaluatedProperties: false } : closed;
}

/** The node with its references replaced by what they name. References to schemas stay: ajv resolves them. */
function withoutReferences(node: unknown, document: unknown): unknown {
  if (Array.isArray(node)) return node.map((each) => withoutReferences(each, document));
  if (typeof node !== 'object' || node === null) return node;
  const { $ref } = node as { $ref?: string };
  if ($ref === undefined || $ref.includes('/schemas/'))
    return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, withoutReferences(value, document)]));
  const [, ...names] = $ref.split('/');
  const target = names.reduce<unknown>((found, name) => (found as Schema | undefined)?.[name], document);
  if (target === undefined) throw new Error(`docs/openapi.yaml has no ${$ref}.`);
  return withoutReferences(target, document);
}

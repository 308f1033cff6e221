import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { FunctionPool } from './function-pool.ts';
import { splitUrl, toHttpEvent, toHttpResponse } from './http-payload.ts';
import type { HttpResponse } from './http-payload.ts';
import { matchRoute, validateRouteKey } from './http-route.ts';
import type { Route } from './http-route.ts';

export interface ApiDefinition {
  id: string;
  name: string;
  cors?: Cors;
}

export interface Cors {
  allowOrigins: string[];
  allowMethods: string[];
  allowHeaders: string[];
  exposeHeaders: string[];
  allowCredentials: boolean;
  maxAgeSeconds?: number;
}

export interface Integration {
  id: string;
  apiId: string;
  functionName: string;
  timeoutMilliseconds: number;
}

const MAXIMUM_BODY_BYTES = 10 * 1024 * 1024;

/** The front door: an HTTP API whose routes belong to many stacks. */
export class HttpApi {
  readonly #options: { functions: FunctionPool; endpoint: () => string };
  #api: ApiDefinition | undefined;
  #deployed = false;
  readonly #integrations = new Map<string, Integration>();
  readonly #routes = new Map<string, Route>();

  /** @param options.endpoint where it is served; known once the server listens */
  constructor(options: { functions: FunctionPool; endpoint: () => string }) {
    this.#options = options;
  }

  get endpoint(): string {
    return this.#options.endpoint();
  }

  /** @throws Error for a second API: one machine has one front door */
  defineApi(api: ApiDefinition): void {
    if (this.#api) throw new Error(`the front door serves one HTTP API, and ${this.#api.name} is there already`);
    this.#api = api;
  }

  deploy(apiId: string): void {
    this.#requireApi(apiId);
    this.#deployed = true;
  }

  addIntegration(integration: Integration): void {
    this.#requireApi(integration.apiId);
    this.#integrations.set(integration.id, integration);
  }

  /** @throws Error for a route key that is malformed or taken, and for an unknown integration */
  addRoute(route: Route): void {
    this.#requireApi(route.apiId);
    validateRouteKey(route.routeKey);
    if (this.#routes.has(route.routeKey)) throw new Error(`the API has a route ${route.routeKey} already`);
    if (!this.#integrations.has(route.integrationId)) throw new Error(`there is no integration ${route.integrationId}`);
    this.#routes.set(route.routeKey, route);
  }

  /** @returns whether a route took the request */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const { path } = splitUrl(request.url ?? '/');
    const origin = request.headers.origin;
    if (this.#deployed && this.#api?.cors && origin !== undefined && isPreflight(request)) {
      send(response, { statusCode: 204, headers: preflightHeaders(this.#api.cors, origin), body: Buffer.alloc(0) });
      return true;
    }
    const match = this.#deployed ? matchRoute(this.#routes.values(), request.method ?? 'GET', path) : undefined;
    if (!match) return false;

    const requestId = randomUUID();
    const body = await readBody(request);
    const answer =
      body === 'too large'
        ? message(413, 'Request Entity Too Large')
        : await this.#invoke(
            toHttpEvent(
              {
                method: request.method,
                url: request.url,
                rawHeaders: request.rawHeaders,
                httpVersion: request.httpVersion,
                remoteAddress: request.socket.remoteAddress ?? '127.0.0.1',
                requestId,
                now: new Date(),
              },
              body,
              { apiId: match.route.apiId, routeKey: match.route.routeKey, pathParameters: match.pathParameters },
            ),
            this.#integrations.get(match.route.integrationId)!,
          );
    answer.headers['apigw-requestid'] = requestId;
    if (this.#api?.cors && origin !== undefined) {
      // With CORS configured, the API answers for it alone: what the function says about it is dropped.
      for (const name of Object.keys(answer.headers)) if (name.startsWith('access-control-')) delete answer.headers[name];
      Object.assign(answer.headers, corsHeaders(this.#api.cors, origin));
    }
    send(response, answer);
    return true;
  }

  async #invoke(event: unknown, { functionName, timeoutMilliseconds }: Integration): Promise<HttpResponse> {
    const timeout = new AbortController();
    const timedOut = new Promise<'timed out'>((resolve) => timeout.signal.addEventListener('abort', () => resolve('timed out')));
    const timer = setTimeout(() => timeout.abort(), timeoutMilliseconds);
    const result = await Promise.race([this.#options.functions.invoke(functionName, event, timeout.signal), timedOut]);
    clearTimeout(timer);
    if (result === 'timed out' || result.kind === 'throttled') return message(503, 'Service Unavailable');
    const answer = result.kind === 'answered' ? toHttpResponse(result.payload) : undefined;
    return answer ?? message(500, 'Internal Server Error');
  }

  #requireApi(apiId: string): void {
    if (this.#api?.id !== apiId) throw new Error(`there is no HTTP API ${apiId}`);
  }
}

/** The server of http://localhost:8080: the health check, the routes of the API, and the place of the web page behind them. */
export function createFrontDoor(api: HttpApi, { isReady, log }: { isReady: () => boolean; log: (line: string) => void }): Server {
  const server = createServer((request, response) => {
    if (splitUrl(request.url ?? '/').path === '/_local/health') {
      send(response, message(isReady() ? 200 : 503, isReady() ? 'ready' : 'starting'));
      return;
    }
    api
      .handle(request, response)
      .then((handled) => {
        // The web page belongs here: a path that no route has taken.
        if (!handled) send(response, message(404, 'Not Found'));
      })
      .catch((error: unknown) => {
        // A client that went away in the middle of its request is not worth a word.
        if (!request.complete || response.destroyed) return;
        log(`front door: ${request.method ?? ''} ${request.url ?? ''}: ${String(error)}`);
        if (!response.headersSent) send(response, message(500, 'Internal Server Error'));
      });
  });
  // The default of 5 seconds is shorter than clients keep theirs: they would meet connections that have just been closed.
  server.keepAliveTimeout = 65_000;
  return server;
}

async function readBody(request: IncomingMessage): Promise<Buffer | 'too large'> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    // The rest is read all the same: a client that is still sending would not see the answer.
    if (length <= MAXIMUM_BODY_BYTES) chunks.push(chunk);
  }
  return length > MAXIMUM_BODY_BYTES ? 'too large' : Buffer.concat(chunks);
}

function send(response: ServerResponse, { statusCode, headers, body }: HttpResponse): void {
  const bodiless = statusCode === 204 || statusCode === 304;
  response.writeHead(statusCode, bodiless ? headers : { ...headers, 'content-length': body.length });
  response.end(bodiless ? undefined : body);
}

function message(statusCode: number, text: string): HttpResponse {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify({ message: text })) };
}

function isPreflight(request: IncomingMessage): boolean {
  return request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
}

function preflightHeaders(cors: Cors, origin: string): Record<string, string> {
  const allowed = corsHeaders(cors, origin);
  if (Object.keys(allowed).length === 0) return {};
  return {
    ...allowed,
    ...(cors.allowMethods.length > 0 && { 'access-control-allow-methods': cors.allowMethods.join(',') }),
    ...(cors.allowHeaders.length > 0 && { 'access-control-allow-headers': cors.allowHeaders.join(',') }),
    ...(cors.maxAgeSeconds !== undefined && { 'access-control-max-age': String(cors.maxAgeSeconds) }),
  };
}

function corsHeaders(cors: Cors, origin: string): Record<string, string> {
  const anyOrigin = cors.allowOrigins.includes('*');
  if (!anyOrigin && !cors.allowOrigins.includes(origin)) return {};
  return {
    'access-control-allow-origin': anyOrigin && !cors.allowCredentials ? '*' : origin,
    ...(cors.allowCredentials && { 'access-control-allow-credentials': 'true' }),
    ...(cors.exposeHeaders.length > 0 && { 'access-control-expose-headers': cors.exposeHeaders.join(',') }),
  };
}

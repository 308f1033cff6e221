import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { FunctionPool } from '../lambda/function-pool.ts';
import { splitUrl, toHttpEvent, toHttpResponse } from './http-payload.ts';
import type { HttpResponse } from './http-payload.ts';
import { matchRoute, validateRouteKey } from './http-route.ts';
import type { Route, RouteMatch } from './http-route.ts';
import { JwtAuthorizer } from './jwt-authorizer.ts';
import type { Authorized, JwtAuthorizerDefinition } from './jwt-authorizer.ts';
import { TokenBucket } from './token-bucket.ts';
import type { Throttling } from './token-bucket.ts';

export interface ApiDefinition {
  id: string;
  name: string;
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
  /** Of each route: on AWS, too, the settings of a stage are those of each route that has none of its own. */
  #throttling: Throttling | undefined;
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #authorizers = new Map<string, JwtAuthorizer>();
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

  /** @param throttling of each route; without it there is none */
  deploy(apiId: string, throttling?: Throttling): void {
    this.#requireApi(apiId);
    this.#deployed = true;
    this.#throttling = throttling;
  }

  addAuthorizer(id: string, apiId: string, definition: JwtAuthorizerDefinition): void {
    this.#requireApi(apiId);
    this.#authorizers.set(id, new JwtAuthorizer(definition));
  }

  addIntegration(integration: Integration): void {
    this.#requireApi(integration.apiId);
    this.#integrations.set(integration.id, integration);
  }

  /** @throws Error for a route key that is malformed or taken, and for an unknown integration or authorizer */
  addRoute(route: Route): void {
    this.#requireApi(route.apiId);
    validateRouteKey(route.routeKey);
    if (this.#routes.has(route.routeKey)) throw new Error(`the API has a route ${route.routeKey} already`);
    if (!this.#integrations.has(route.integrationId)) throw new Error(`there is no integration ${route.integrationId}`);
    if (route.authorizerId !== undefined && !this.#authorizers.has(route.authorizerId))
      throw new Error(`there is no authorizer ${route.authorizerId}`);
    this.#routes.set(route.routeKey, route);
  }

  /** @returns whether a route took the request */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const { path } = splitUrl(request.url ?? '/');
    const match = this.#deployed ? matchRoute(this.#routes.values(), request.method ?? 'GET', path) : undefined;
    if (!match) return false;

    const requestId = randomUUID();
    const answer = await this.#answer(request, match, requestId);
    answer.headers['apigw-requestid'] = requestId;
    send(response, answer);
    return true;
  }

  async #answer(request: IncomingMessage, match: RouteMatch, requestId: string): Promise<HttpResponse> {
    // Before anything is refused: a client that is still sending would not see the answer.
    const body = await readBody(request);
    if (!this.#hasRoom(match.route)) return message(429, 'Too Many Requests');
    const authorizer = this.#authorizers.get(match.route.authorizerId ?? '');
    let authorized: Authorized | undefined;
    if (authorizer) {
      const authorization = await authorizer.authorize(request.headers.authorization);
      if (authorization.kind === 'unauthorized') {
        const refusal = message(401, 'Unauthorized');
        return { ...refusal, headers: { ...refusal.headers, 'www-authenticate': authorization.challenge } };
      }
      authorized = authorization.authorizer;
    }
    if (body === 'too large') return message(413, 'Request Entity Too Large');

    const { method, url, rawHeaders, httpVersion, socket } = request;
    const remoteAddress = socket.remoteAddress ?? '127.0.0.1';
    const { route, pathParameters } = match;
    const event = toHttpEvent(
      { method, url, rawHeaders, httpVersion, remoteAddress, requestId, now: new Date() },
      body,
      {
        apiId: route.apiId,
        routeKey: route.routeKey,
        pathParameters,
        ...(authorized && { authorizer: authorized }),
      },
    );
    return this.#invoke(event, this.#integrations.get(route.integrationId)!);
  }

  #hasRoom({ routeKey }: Route): boolean {
    if (!this.#throttling) return true;
    const bucket = this.#buckets.get(routeKey) ?? new TokenBucket(this.#throttling);
    this.#buckets.set(routeKey, bucket);
    return bucket.take();
  }

  async #invoke(event: unknown, { functionName, timeoutMilliseconds }: Integration): Promise<HttpResponse> {
    const timeout = new AbortController();
    const timedOut = new Promise<'timed out'>((resolve) =>
      timeout.signal.addEventListener('abort', () => resolve('timed out')),
    );
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
export function createFrontDoor(
  api: HttpApi,
  { isReady, log }: { isReady: () => boolean; log: (line: string) => void },
): Server {
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
  return {
    statusCode,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ message: text })),
  };
}

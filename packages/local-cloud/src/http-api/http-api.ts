import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { FunctionPool } from '../lambda/function-pool.ts';
import { hasValidHost, splitUrl, toHttpEvent, toHttpResponse } from './http-payload.ts';
import type { HttpResponse } from './http-payload.ts';
import { matchRoute, validateRouteKey } from './http-route.ts';
import type { Route, RouteMatch } from './http-route.ts';
import { JwtAuthorizer } from './jwt-authorizer.ts';
import type { AuthorizerContext, JwtAuthorizerDefinition } from './jwt-authorizer.ts';
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

/** The front door: one HTTP API. Each service's stack adds its own routes to it. */
export class HttpApi {
  readonly #options: { functions: FunctionPool; endpoint: () => string };
  #api: ApiDefinition | undefined;
  #deployed = false;
  /** Limits for each route separately. On AWS too, the settings of a stage apply to each route without its own. */
  #throttling: Throttling | undefined;
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #authorizers = new Map<string, JwtAuthorizer>();
  readonly #integrations = new Map<string, Integration>();
  readonly #routes = new Map<string, Route>();

  /** @param options.endpoint the API's address, known when the server listens */
  constructor(options: { functions: FunctionPool; endpoint: () => string }) {
    this.#options = options;
  }

  get endpoint(): string {
    return this.#options.endpoint();
  }

  /** @throws Error for a second API: the local cloud serves one */
  defineApi(api: ApiDefinition): void {
    if (this.#api) throw new Error(`the local cloud serves one HTTP API, and it already has ${this.#api.name}`);
    this.#api = api;
  }

  /** @param throttling limits for each route separately. @default no limits */
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

  /** @throws Error for an invalid or duplicate route key, and for an unknown integration or authorizer */
  addRoute(route: Route): void {
    this.#requireApi(route.apiId);
    validateRouteKey(route.routeKey);
    if (this.#routes.has(route.routeKey)) throw new Error(`the API already has a route ${route.routeKey}`);
    if (!this.#integrations.has(route.integrationId)) throw new Error(`there is no integration ${route.integrationId}`);
    if (route.authorizerId !== undefined && !this.#authorizers.has(route.authorizerId))
      throw new Error(`there is no authorizer ${route.authorizerId}`);
    this.#routes.set(route.routeKey, route);
  }

  /** @returns false when no route matches. Then the caller must respond. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    if (!hasValidHost(request.rawHeaders)) {
      await readBody(request);
      send(response, message(400, 'Bad Request'));
      return true;
    }
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
    // The whole body is read before any error response: a client that is still sending would miss the response.
    const body = await readBody(request);
    if (!this.#takeToken(match.route)) return message(429, 'Too Many Requests');
    const authorizer = this.#authorizers.get(match.route.authorizerId ?? '');
    let authorizerContext: AuthorizerContext | undefined;
    if (authorizer) {
      const authorization = await authorizer.authorize(request.headers.authorization);
      if (authorization.kind === 'unauthorized') {
        const unauthorized = message(401, 'Unauthorized');
        return { ...unauthorized, headers: { ...unauthorized.headers, 'www-authenticate': authorization.challenge } };
      }
      authorizerContext = authorization.authorizer;
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
        ...(authorizerContext && { authorizer: authorizerContext }),
      },
    );
    return this.#invoke(event, this.#integrations.get(route.integrationId)!);
  }

  #takeToken({ routeKey }: Route): boolean {
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

/** The server of http://localhost:8080. It serves the health check and the routes of the API. */
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
        if (!handled) send(response, message(404, 'Not Found'));
      })
      .catch((error: unknown) => {
        // The client disconnected during its request: this is no failure of the server.
        if (!request.complete || response.destroyed) return;
        log(`front door: ${request.method ?? ''} ${request.url ?? ''}: ${String(error)}`);
        if (!response.headersSent) send(response, message(500, 'Internal Server Error'));
      });
  });
  // Clients keep their connections for longer than Node's default of 5 seconds. They would send on closed ones.
  server.keepAliveTimeout = 65_000;
  return server;
}

async function readBody(request: IncomingMessage): Promise<Buffer | 'too large'> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    // The rest of a body that is too large is read too: a client that is still sending would miss the response.
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

import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { ACCOUNT_ID } from '../account.ts';
import { isObject } from '../is-object.ts';
import type { AuthorizerContext } from './jwt-authorizer.ts';

/** The route of a request, and the values of its path parameters. */
export interface MatchedRoute {
  apiId: string;
  routeKey: string;
  pathParameters: Record<string, string>;
  /** The caller, on a route with an authorizer. */
  authorizer?: AuthorizerContext;
}

/** The response to the client. */
export interface HttpResponse {
  statusCode: number;
  headers: Record<string, string | string[]>;
  body: Buffer;
}

/**
 * The function receives a body of any other content type in base64, also a body without a content type. AWS documents
 * only that "binary" bodies are encoded; https://github.com/ministackorg/ministack/pull/766 and
 * https://github.com/floci-io/floci/issues/2172 measured which ones.
 */
const TEXT_TYPES = /^(text\/[^;]+|application\/(json|javascript|xml|graphql))\s*(;|$)/i;
const OTHER_CHARSET = /;\s*charset\s*=\s*(?!"?utf-?8"?\s*(;|$))/i;
/** A name or an address, and a port. */
const HOST = /^([\w.-]+|\[[\da-f:.]+\])(:\d*)?$/i;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * The event that an HTTP API sends to a function for a request, in payload format version 2.0.
 * @param request its Host header must be valid
 */
export function toHttpEvent(
  request: Pick<IncomingMessage, 'method' | 'url' | 'rawHeaders' | 'httpVersion'> & {
    remoteAddress: string;
    requestId: string;
    now: Date;
  },
  body: Buffer,
  route: MatchedRoute,
): Record<string, unknown> {
  const { path, query } = splitUrl(request.url ?? '/');
  const { headers, cookies } = combineHeaders(request.rawHeaders);
  const { hostname, port } = new URL(`http://${headers.host ?? 'localhost'}`);
  headers['x-forwarded-for'] ??= request.remoteAddress;
  headers['x-forwarded-port'] ??= port || '80';
  headers['x-forwarded-proto'] ??= 'http';
  const isText = isTextType(headers['content-type']) && isUtf8(body);
  const queryParameters = combine([...new URLSearchParams(query)]);

  return {
    version: '2.0',
    routeKey: route.routeKey,
    // Despite the name of the field, an HTTP API decodes the path.
    rawPath: decode(path),
    rawQueryString: query,
    ...(cookies.length > 0 && { cookies }),
    headers,
    ...(Object.keys(queryParameters).length > 0 && { queryStringParameters: queryParameters }),
    ...(Object.keys(route.pathParameters).length > 0 && { pathParameters: route.pathParameters }),
    requestContext: {
      accountId: ACCOUNT_ID,
      apiId: route.apiId,
      ...(route.authorizer && { authorizer: route.authorizer }),
      domainName: hostname,
      domainPrefix: hostname.split('.')[0],
      http: {
        method: request.method,
        path: decode(path),
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.remoteAddress,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: request.requestId,
      routeKey: route.routeKey,
      stage: '$default',
      time: commonLogTime(request.now),
      timeEpoch: request.now.getTime(),
    },
    ...(body.length > 0 && { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

/**
 * The HTTP response for a function's result. A result without a `statusCode` is itself the JSON body of a 200.
 * @returns undefined for a result that an HTTP API cannot convert to a response
 */
export function toHttpResponse(answer: unknown): HttpResponse | undefined {
  if (!isObject(answer) || answer.statusCode === undefined) {
    const body = typeof answer === 'string' ? answer : JSON.stringify(answer);
    return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(body) };
  }
  const { statusCode, headers = {}, cookies = [], body = '', isBase64Encoded = false } = answer;
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 100 || status > 599) return undefined;
  if (
    (body !== null && typeof body !== 'string') ||
    (headers !== null && !isObject(headers)) ||
    !Array.isArray(cookies)
  )
    return undefined;

  const sent: Record<string, string | string[]> = { 'content-type': 'text/plain;charset=UTF-8' };
  for (const [name, value] of Object.entries(headers ?? {})) sent[name.toLowerCase()] = String(value);
  if (cookies.length > 0) sent['set-cookie'] = cookies.map(String);
  return { statusCode: status, headers: sent, body: Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8') };
}

/**
 * @param target the path with the query, or the whole URL, as a request to a proxy has it (RFC 9112, section 3.2.2).
 * Unlike the constructor of URL, this throws for no text.
 */
export function splitUrl(target: string): { path: string; query: string } {
  const url = target.replace(/^https?:\/\/[^/?#]*/i, '');
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  return { path: path === '' ? '/' : path, query: mark < 0 ? '' : url.slice(mark + 1) };
}

/** Whether the request has no Host header or one valid one. */
export function hasValidHost(rawHeaders: string[]): boolean {
  const { host } = combineHeaders(rawHeaders).headers;
  return host === undefined || (HOST.test(host) && URL.canParse(`http://${host}`));
}

function isTextType(contentType: string | undefined): boolean {
  return contentType !== undefined && TEXT_TYPES.test(contentType) && !OTHER_CHARSET.test(contentType);
}

/** Decodes percent-encoding. Returns a text with invalid encoding unchanged. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Header names in lower case, repeated headers joined by commas. Cookies have their own field in the event. */
function combineHeaders(rawHeaders: string[]): { headers: Record<string, string>; cookies: string[] } {
  const pairs: [string, string][] = [];
  const cookies: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase();
    if (name === 'cookie') cookies.push(...rawHeaders[index + 1]!.split(/;\s*/));
    else pairs.push([name, rawHeaders[index + 1]!]);
  }
  return { headers: combine(pairs), cookies };
}

/** Repeated names are joined by commas. Names may be those of inherited properties, such as `__proto__`. */
function combine(pairs: [string, string][]): Record<string, string> {
  const combined = new Map<string, string>();
  for (const [name, value] of pairs) {
    const known = combined.get(name);
    combined.set(name, known === undefined ? value : `${known},${value}`);
  }
  return Object.fromEntries(combined);
}

function commonLogTime(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]!}/${date.getUTCFullYear()}`;
  return `${day}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
}

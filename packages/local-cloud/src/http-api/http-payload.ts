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

/** The function receives a body of any other content type in base64. */
const TEXT_TYPES = /^(text\/|application\/(json|javascript|xml)\b|application\/[^;]+\+(json|xml)\b)/i;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The event that an HTTP API sends to a function for a request, in payload format version 2.0. */
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
  const host = headers.host ?? 'localhost';
  headers['x-forwarded-for'] ??= request.remoteAddress;
  headers['x-forwarded-port'] ??= host.split(':')[1] ?? '80';
  headers['x-forwarded-proto'] ??= 'http';
  const isText = headers['content-type'] === undefined || TEXT_TYPES.test(headers['content-type']);
  const queryParameters = combine([...new URLSearchParams(query)]);
  const { hostname } = new URL(`http://${host}`);

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

export function splitUrl(url: string): { path: string; query: string } {
  const mark = url.indexOf('?');
  return mark < 0 ? { path: url, query: '' } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
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

function combine(pairs: [string, string][]): Record<string, string> {
  const combined: Record<string, string> = {};
  for (const [name, value] of pairs) combined[name] = name in combined ? `${combined[name]},${value}` : value;
  return combined;
}

function commonLogTime(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]!}/${date.getUTCFullYear()}`;
  return `${day}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
}

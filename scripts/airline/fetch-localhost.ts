import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';

/**
 * `fetch` that resolves every name ending in `.localhost` to this machine (RFC 6761, section 6.3). Emulators give an
 * HTTP API such a name: `https://<api id>.execute-api.localhost:4566`. curl and browsers resolve it; Node uses the
 * system's resolver, which on many systems does not.
 */
export async function fetchLocalhost(url: string, init?: RequestInit): Promise<Response> {
  const { hostname, protocol } = new URL(url);
  if (!hostname.endsWith('.localhost')) return fetch(url, init);

  const { method, headers, body, signal } = new Request(url, init);
  const content = body ? Buffer.from(await new Response(body).arrayBuffer()) : undefined;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    (protocol === 'https:' ? https : http)
      .request(url, { method, headers: Object.fromEntries(headers), lookup: toLoopback, signal }, resolve)
      .once('error', reject)
      .end(content);
  });
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  const status = answer.statusCode!;
  // Response throws when one of these statuses has a body, even an empty one.
  return new Response([204, 205, 304].includes(status) ? null : Buffer.concat(chunks), {
    status,
    headers: headersOf(answer),
  });
}

const toLoopback: LookupFunction = (_name, options, callback) =>
  options.all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4);

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let index = 0; index < rawHeaders.length; index += 2) headers.append(rawHeaders[index]!, rawHeaders[index + 1]!);
  return headers;
}

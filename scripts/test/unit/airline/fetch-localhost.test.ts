import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fetchLocalhost } from '../../../airline/fetch-localhost.ts';

let server: Server;
let port: number;

beforeAll(async () => {
  server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => void server.close());

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === '/nothing') return void response.writeHead(304, { etag: '"1"' }).end();
  const { host, 'content-type': type } = request.headers;
  response.writeHead(202, { 'set-cookie': ['a=1', 'b=2'] });
  response.end(JSON.stringify({ host, type, method: request.method, url: request.url, body: await text(request) }));
}

describe('a name that ends in .localhost', () => {
  test('is resolved to this machine, and the Host header keeps the name', async () => {
    const response = await fetchLocalhost(`http://api.execute-api.localhost:${port}/bookings?wait=1`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"name":"Ada"}',
    });
    expect([response.status, response.headers.getSetCookie()]).toEqual([202, ['a=1', 'b=2']]);
    expect(await response.json()).toEqual({
      host: `api.execute-api.localhost:${port}`,
      type: 'application/json',
      method: 'POST',
      url: '/bookings?wait=1',
      body: '{"name":"Ada"}',
    });
  });

  test('may answer without a body', async () => {
    const response = await fetchLocalhost(`http://api.localhost:${port}/nothing`);
    expect([response.status, response.headers.get('etag'), await response.text()]).toEqual([304, '"1"', '']);
  });

  test('is an error when no server listens on the port', async () => {
    await expect(fetchLocalhost('http://api.localhost:1/')).rejects.toThrow('ECONNREFUSED');
  });
});

test('any other name is fetched as usual', async () => {
  const response = await fetchLocalhost(`http://127.0.0.1:${port}/`);
  expect(await response.json()).toMatchObject({ host: `127.0.0.1:${port}`, method: 'GET' });
});

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FunctionPool } from '../../src/lambda/function-pool.ts';
import type { InvocationResult } from '../../src/lambda/function-thread.ts';
import { createFrontDoor, HttpApi } from '../../src/http-api/http-api.ts';
import type { Throttling } from '../../src/http-api/token-bucket.ts';
import { rawStatus } from '../support/raw-request.ts';
import { startTokenIssuer, type TokenIssuer } from '../support/token-issuer.ts';

type Invoke = (event: { body: string }, signal: AbortSignal) => Promise<InvocationResult> | InvocationResult;

let server: Server;
let endpoint: string;
let invoke: Invoke;
let ready: boolean;

async function serve({ throttling, issuer }: { throttling?: Throttling; issuer?: string } = {}): Promise<void> {
  const functions = {
    invoke: async (_: string, event: unknown, signal: AbortSignal) => invoke(event as { body: string }, signal),
  } as unknown as FunctionPool;
  const api = new HttpApi({ functions, endpoint: () => endpoint });
  api.defineApi({ id: 'api', name: 'airline' });
  api.deploy('api', throttling);
  if (issuer !== undefined) api.addAuthorizer('jwt', 'api', { issuer, audience: ['airline'] });
  api.addIntegration({ id: 'one', apiId: 'api', functionName: 'bookings', timeoutMilliseconds: 100 });
  api.addRoute({ apiId: 'api', routeKey: 'POST /bookings', integrationId: 'one' });
  api.addRoute({ apiId: 'api', routeKey: 'GET /mine', integrationId: 'one', ...(issuer && { authorizerId: 'jwt' }) });
  api.addRoute({ apiId: 'api', routeKey: 'GET /bookings/{bookingId}', integrationId: 'one' });
  server = createFrontDoor(api, { isReady: () => ready, log: () => undefined }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeEach(() => {
  ready = true;
  invoke = (event) => ({ kind: 'answered', payload: event });
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

describe('the front door', () => {
  beforeEach(() => serve());

  test('passes the request to the function, and its response to the client', async () => {
    const response = await fetch(`${endpoint}/bookings`, {
      method: 'POST',
      body: '{"seats":["12A"]}',
      headers: { 'Content-Type': 'application/json' },
    });
    expect(response.headers.get('apigw-requestid')).toMatch(/\S/);
    expect(await response.json()).toMatchObject({
      routeKey: 'POST /bookings',
      body: '{"seats":["12A"]}',
      headers: { 'content-type': 'application/json' },
    });
  });

  test('answers 404 for a path and for a method without a route', async () => {
    for (const response of [await fetch(`${endpoint}/elsewhere`), await fetch(`${endpoint}/bookings`)]) {
      expect([response.status, await response.json()]).toEqual([404, { message: 'Not Found' }]);
    }
  });

  test.each([
    ['GET /bookings/1 HTTP/1.1', 'Host: a b', 400],
    ['GET /bookings/1 HTTP/1.1', 'Host: a\r\nHost: b', 400],
    ['GET /bookings/1 HTTP/1.0', 'accept: */*', 200],
    ['POST // HTTP/1.1', 'Host: a', 404],
    ['GET //bookings/1 HTTP/1.1', 'Host: a', 404],
    ['GET http://a/bookings/1 HTTP/1.1', 'Host: a', 200],
    ['GET /bookings/%zz HTTP/1.1', 'Host: a', 200],
    ['OPTIONS * HTTP/1.1', 'Host: a', 404],
  ])('answers %s with %s: %i', async (line, headers, status) => {
    expect(await rawStatus(endpoint, line, headers)).toBe(status);
  });

  test('answers 500 when the function fails, and when its response is invalid', async () => {
    for (const result of [
      { kind: 'failed', error: { errorType: 'Error', errorMessage: 'secret' } },
      { kind: 'answered', payload: { statusCode: 200, headers: { location: 'two\nlines' } } },
      { kind: 'answered', payload: { statusCode: 'x' } },
    ]) {
      invoke = () => result as InvocationResult;
      const response = await fetch(`${endpoint}/bookings/1`);
      expect([response.status, await response.json()]).toEqual([500, { message: 'Internal Server Error' }]);
    }
  });

  test('answers 503 when the function takes too long, and when no worker is free', async () => {
    const never = (_: unknown, signal: AbortSignal) =>
      new Promise<InvocationResult>((resolve) =>
        signal.addEventListener('abort', () => resolve({ kind: 'throttled' })),
      );
    for (const slow of [never, () => ({ kind: 'throttled' }) as const]) {
      invoke = slow;
      const response = await fetch(`${endpoint}/bookings/1`);
      expect([response.status, await response.json()]).toEqual([503, { message: 'Service Unavailable' }]);
    }
  });

  test('accepts a body of 10 MB, and not one byte more', async () => {
    invoke = (event) => ({ kind: 'answered', payload: event.body.length });
    const post = (length: number) => fetch(`${endpoint}/bookings`, { method: 'POST', body: 'x'.repeat(length) });
    expect(await (await post(10 * 1024 * 1024)).json()).toBe(10 * 1024 * 1024);
    expect((await post(10 * 1024 * 1024 + 1)).status).toBe(413);
  });

  test('sends no body with 304', async () => {
    invoke = () => ({ kind: 'answered', payload: { statusCode: 304, headers: { etag: '"1"' } } });
    const response = await fetch(`${endpoint}/bookings/1`);
    expect([response.status, response.headers.get('etag'), await response.text()]).toEqual([304, '"1"', '']);
  });

  test('answers the health check: 200 when the local cloud is ready', async () => {
    expect((await fetch(`${endpoint}/_local/health`)).status).toBe(200);
    ready = false;
    expect((await fetch(`${endpoint}/_local/health`)).status).toBe(503);
  });
});

describe('throttling', () => {
  test('answers 429 when the burst of a route is used up; another route has its own', async () => {
    await serve({ throttling: { rate: 0.001, burst: 2 } });
    const statuses: number[] = [];
    for (let time = 0; time < 3; time++) statuses.push((await fetch(`${endpoint}/bookings/1`)).status);
    expect(statuses).toEqual([200, 200, 429]);
    expect(await (await fetch(`${endpoint}/bookings/2`)).json()).toEqual({ message: 'Too Many Requests' });
    expect((await fetch(`${endpoint}/bookings`, { method: 'POST', body: 'x' })).status).toBe(200);
  });
});

describe('a route with an authorizer', () => {
  let issuer: TokenIssuer;
  beforeEach(async () => {
    issuer = await startTokenIssuer();
    await serve({ issuer: issuer.issuer });
  });
  afterEach(() => issuer.stop());

  test('answers 401 without a valid token, and does not invoke the function', async () => {
    let invocations = 0;
    invoke = () => ({ kind: 'answered', payload: { invocations: ++invocations } });
    for (const headers of [{}, { authorization: `Bearer ${await issuer.token({ aud: 'bank' })}` }]) {
      const response = await fetch(`${endpoint}/mine`, { headers });
      expect([response.status, await response.json()]).toEqual([401, { message: 'Unauthorized' }]);
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
    expect(invocations).toBe(0);
  });

  test('passes the caller to the function; a route without an authorizer does not', async () => {
    const headers = { authorization: `Bearer ${await issuer.token({ sub: 'grace' })}` };
    const contextOf = async (path: string) =>
      ((await (await fetch(`${endpoint}${path}`, { headers })).json()) as { requestContext: { authorizer?: unknown } })
        .requestContext;
    expect(await contextOf('/mine')).toMatchObject({ authorizer: { jwt: { claims: { sub: 'grace' }, scopes: null } } });
    expect(await contextOf('/bookings/1')).not.toHaveProperty('authorizer');
  });
});

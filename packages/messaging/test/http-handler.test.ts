import { expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { type HttpHandler, httpHandler } from '../src/http-handler.ts';
import { json } from '../src/http-response.ts';

const bookingId = '7f8c2f0e-3b1a-4c7e-9d55-1f6a2b3c4d5e';
const context = { awsRequestId: 'request-1' } as Context;

function request(routeKey: string, pathParameters?: Record<string, string>): APIGatewayProxyEventV2 {
  return { routeKey, pathParameters } as unknown as APIGatewayProxyEventV2;
}

/** What was logged, and how many APIs and flushes there were. */
function serve(api: HttpHandler) {
  const seen = { logged: [] as unknown[], created: 0, flushed: 0 };
  const handler = httpHandler(
    () => {
      seen.created++;
      return api;
    },
    {
      logger: { error: (...line: unknown[]) => void seen.logged.push(line) },
      metrics: { flush: () => void seen.flushed++ },
    },
  );
  return { handler, seen };
}

test('the API gets each request with its context, and its answer is returned as it is', async () => {
  const { handler, seen } = serve(async ({ routeKey }, { awsRequestId }) => json(202, { routeKey, awsRequestId }));
  const asked = request('POST /bookings');
  expect(await handler(asked, context)).toEqual(json(202, { routeKey: 'POST /bookings', awsRequestId: 'request-1' }));
  expect(seen.logged).toEqual([]);
});

test('the API is built on the first request, and once', async () => {
  const { handler, seen } = serve(async () => json(200, {}));
  expect(seen.created).toBe(0);
  await handler(request('GET /flights'), context);
  await handler(request('GET /flights'), context);
  expect(seen.created).toBe(1);
});

test('an error is logged with its route and booking, and answered with 500 and no word of it', async () => {
  const error = new Error('Requested resource not found: table airline-status');
  const { handler, seen } = serve(async () => {
    throw error;
  });
  const answer = await handler(request('GET /bookings/{bookingId}', { bookingId }), context);
  expect(seen.logged).toEqual([
    ['Request failed', { routeKey: 'GET /bookings/{bookingId}', correlationId: bookingId, error }],
  ]);
  expect(answer).toEqual({
    statusCode: 500,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
    body: JSON.stringify({
      type: 'about:blank',
      title: 'Internal error',
      status: 500,
      detail: 'Something went wrong on our side. Try again in a moment.',
    }),
  });
});

test('an error of a route without a booking is logged with its route alone', async () => {
  const error = new Error('throttled');
  const { handler, seen } = serve(() => Promise.reject(error));
  await handler(request('GET /flights'), context);
  expect(seen.logged).toEqual([['Request failed', { routeKey: 'GET /flights', error }]]);
});

test('metrics are written after each request, whether it was answered or failed', async () => {
  let isBroken = false;
  const flushedBefore: number[] = [];
  const { handler, seen } = serve(async () => {
    flushedBefore.push(seen.flushed);
    if (isBroken) throw new Error('broken');
    return json(200, {});
  });
  await handler(request('POST /bookings'), context);
  isBroken = true;
  await handler(request('POST /bookings'), context);
  expect([...flushedBefore, seen.flushed]).toEqual([0, 1, 2]);
});

test('an API that cannot be built fails the function, and is tried again by the next request', async () => {
  let isSet = false;
  const handler = httpHandler(() => {
    if (!isSet) throw new Error('The environment variable STATUS_TABLE_NAME is not set.');
    return async () => json(200, {});
  });
  await expect(handler(request('GET /flights'), context)).rejects.toThrow('STATUS_TABLE_NAME');
  isSet = true;
  expect(await handler(request('GET /flights'), context)).toMatchObject({ statusCode: 200 });
});

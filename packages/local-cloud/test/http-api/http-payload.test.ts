import { describe, expect, test } from '@jest/globals';
import { toHttpEvent, toHttpResponse } from '../../src/http-api/http-payload.ts';

const request = {
  method: 'GET',
  url: '/bookings/b%201?wait=25&tag=a&tag=b%20c',
  httpVersion: '1.1',
  rawHeaders: ['Host', 'localhost:8080', 'Accept', 'a', 'accept', 'b', 'Cookie', 'x=1; y=2', 'User-Agent', 'test'],
  remoteAddress: '127.0.0.1',
  requestId: 'request-1',
  now: new Date('2030-03-12T19:03:58.123Z'),
};
const route = { apiId: 'api', routeKey: 'GET /bookings/{bookingId}', pathParameters: { bookingId: 'b 1' } };

describe('the event of a request', () => {
  test('has payload format 2.0', () => {
    expect(toHttpEvent(request, Buffer.alloc(0), route)).toEqual({
      version: '2.0',
      routeKey: 'GET /bookings/{bookingId}',
      rawPath: '/bookings/b 1',
      rawQueryString: 'wait=25&tag=a&tag=b%20c',
      cookies: ['x=1', 'y=2'],
      headers: {
        host: 'localhost:8080',
        accept: 'a,b',
        'user-agent': 'test',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-port': '8080',
        'x-forwarded-proto': 'http',
      },
      queryStringParameters: { wait: '25', tag: 'a,b c' },
      pathParameters: { bookingId: 'b 1' },
      requestContext: {
        accountId: '000000000000',
        apiId: 'api',
        domainName: 'localhost',
        domainPrefix: 'localhost',
        http: { method: 'GET', path: '/bookings/b 1', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test' },
        requestId: 'request-1',
        routeKey: 'GET /bookings/{bookingId}',
        stage: '$default',
        time: '12/Mar/2030:19:03:58 +0000',
        timeEpoch: 1_899_572_638_123,
      },
      isBase64Encoded: false,
    });
  });

  test('has no cookies, parameters or body when the request has none', () => {
    const plain = { ...request, url: '/flights', rawHeaders: ['Host', 'localhost'] };
    const event = toHttpEvent(plain, Buffer.alloc(0), { apiId: 'api', routeKey: 'GET /flights', pathParameters: {} });
    expect(
      Object.keys(event).filter((key) => ['cookies', 'queryStringParameters', 'pathParameters', 'body'].includes(key)),
    ).toEqual([]);
    expect(event.rawQueryString).toBe('');
  });

  test.each([
    ['application/json', 'é', false],
    ['application/problem+json; charset=utf-8', 'é', false],
    ['text/plain', 'é', false],
    ['application/x-www-form-urlencoded', 'w6k=', true],
    ['image/png', 'w6k=', true],
  ])('carries a body of %s as %s', (contentType, body, isBase64Encoded) => {
    const event = toHttpEvent({ ...request, rawHeaders: ['Content-Type', contentType] }, Buffer.from('é'), route);
    expect(event).toMatchObject({ body, isBase64Encoded });
  });
});

describe("the response for a function's result", () => {
  const text = (answer: unknown) => {
    const response = toHttpResponse(answer);
    return response && { ...response, body: response.body.toString() };
  };

  test('has the status, headers, cookies and body of a result with a status code', () => {
    expect(
      text({
        statusCode: 202,
        headers: { Location: '/bookings/1', 'Content-Type': 'text/html' },
        cookies: ['a=1', 'b=2'],
        body: 'x',
      }),
    ).toEqual({
      statusCode: 202,
      headers: { 'content-type': 'text/html', location: '/bookings/1', 'set-cookie': ['a=1', 'b=2'] },
      body: 'x',
    });
    expect(text({ statusCode: 200, body: 'w6k=', isBase64Encoded: true })?.body).toBe('é');
  });

  test('is the result in JSON, with status 200, when the result has no status code', () => {
    expect(text({ hello: 'world' })).toEqual({
      statusCode: 200,
      headers: { 'content-type': 'application/json' },
      body: '{"hello":"world"}',
    });
    expect(text('hello')?.body).toBe('hello');
    expect(text(null)?.body).toBe('null');
  });

  test.each([
    [{ statusCode: 'soon' }],
    [{ statusCode: 200, body: { not: 'a text' } }],
    [{ statusCode: 200, cookies: 'a=1' }],
  ])('is undefined for %j', (answer) => {
    expect(toHttpResponse(answer)).toBeUndefined();
  });
});

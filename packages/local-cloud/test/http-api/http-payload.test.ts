import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hasValidHost, splitUrl, toHttpEvent, toHttpResponse } from '../../src/http-api/http-payload.ts';

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

  // Measured by https://github.com/ministackorg/ministack/pull/766 and https://github.com/floci-io/floci/issues/2172.
  test.each([
    ['application/json', true],
    ['application/json; charset=utf-8', true],
    ['Application/JSON;charset="UTF-8"', true],
    ['application/xml', true],
    ['application/javascript', true],
    ['text/plain', true],
    ['text/plain; charset=utf-8', true],
    ['text/html', true],
    ['text/plain; charset=iso-8859-1', false],
    ['application/problem+json', false],
    ['application/jsonx', false],
    ['application/x-www-form-urlencoded', false],
    ['application/octet-stream', false],
    ['image/png', false],
    [undefined, false],
  ])('carries a body of %s as text: %s', (contentType, isText) => {
    const rawHeaders = contentType === undefined ? [] : ['Content-Type', contentType];
    const event = toHttpEvent({ ...request, rawHeaders }, Buffer.from('é'), route);
    expect(event).toMatchObject({ body: isText ? 'é' : 'w6k=', isBase64Encoded: !isText });
  });

  test('keeps every byte of a body, whatever its content type', () => {
    const run = (bytes: Uint8Array, contentType: string) => {
      const event = toHttpEvent({ ...request, rawHeaders: ['Content-Type', contentType] }, Buffer.from(bytes), route);
      const { body, isBase64Encoded } = event as { body: string; isBase64Encoded: boolean };
      expect(Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8')).toEqual(Buffer.from(bytes));
    };
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 1 }),
      fc.string({ unit: 'binary', minLength: 1 }).map((text) => new TextEncoder().encode(text)),
      fc.constant(new TextEncoder().encode('{"name":"J').fill(0xf6, 9)),
    );
    fc.assert(fc.property(bytes, fc.constantFrom('application/json', 'text/plain', 'image/png'), run));
  });

  test('has every query parameter and header, whatever its name', () => {
    const names = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty'));
    const run = (parameters: [string, string][]) => {
      const url = `/flights?${new URLSearchParams(parameters).toString()}`;
      const event = toHttpEvent({ ...request, url }, Buffer.alloc(0), route);
      // Functions receive the event in JSON.
      const { queryStringParameters = {} } = JSON.parse(JSON.stringify(event)) as {
        queryStringParameters?: Record<string, string>;
      };
      const expected = new Map<string, string>();
      for (const [name, value] of parameters)
        expected.set(name, expected.has(name) ? `${expected.get(name)},${value}` : value);
      expect(new Map(Object.entries(queryStringParameters))).toEqual(expected);
    };
    fc.assert(fc.property(fc.array(fc.tuple(names, fc.string())), run));
    const event = toHttpEvent({ ...request, rawHeaders: ['__proto__', 'x'] }, Buffer.alloc(0), route);
    expect(Object.keys(event.headers as object)).toContain('__proto__');
  });

  test.each([
    ['localhost:8080', 'localhost', '8080'],
    ['api.example.com', 'api.example.com', '80'],
    ['[::1]:8080', '[::1]', '8080'],
    ['[::1]', '[::1]', '80'],
  ])('has the domain and the port of the host %s', (host, domainName, port) => {
    const rawHeaders = ['Host', host];
    expect(hasValidHost(rawHeaders)).toBe(true);
    expect(toHttpEvent({ ...request, rawHeaders }, Buffer.alloc(0), route)).toMatchObject({
      headers: { 'x-forwarded-port': port },
      requestContext: { domainName },
    });
  });

  test.each(['a b', '', 'a/b', 'a@b', 'a?b', 'a#b', 'a:b', 'a:99999', '[::1', '1.2.3.4.5', '%00', 'ä'])(
    'cannot be made with the host %j',
    (host) => expect(hasValidHost(['Host', host])).toBe(false),
  );

  test('cannot be made with two hosts', () => {
    expect(hasValidHost(['Host', 'a', 'host', 'b'])).toBe(false);
    expect(hasValidHost([])).toBe(true);
  });
});

test.each([
  ['/flights?a=b?c', '/flights', 'a=b?c'],
  ['/flights', '/flights', ''],
  ['//', '//', ''],
  ['http://localhost:8080/flights?a', '/flights', 'a'],
  ['HTTP://a?b', '/', 'b'],
  ['http://a', '/', ''],
  ['*', '*', ''],
  ['/%zz?%', '/%zz', '%'],
])('the request target %s has the path %s and the query %s', (target, path, query) => {
  expect(splitUrl(target)).toEqual({ path, query });
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

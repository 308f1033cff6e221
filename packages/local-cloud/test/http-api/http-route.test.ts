import { describe, expect, test } from '@jest/globals';
import { matchRoute, validateRouteKey } from '../../src/http-api/http-route.ts';

const routes = [
  '$default',
  'ANY /{proxy+}',
  'GET /flights',
  'ANY /flights',
  'GET /flights/{flightId}/seats',
  'GET /flights/{flightId}',
  'GET /flights/today',
  'GET /pets/{rest+}',
  'POST /bookings',
].map((routeKey) => ({ apiId: 'api', routeKey, integrationId: 'integration' }));

const keyFor = (method: string, path: string, keys = routes) => matchRoute(keys, method, path)?.route.routeKey;

describe('the most specific route is chosen', () => {
  test.each([
    ['GET', '/flights', 'GET /flights'],
    ['DELETE', '/flights', 'ANY /flights'],
    ['GET', '/flights/BA117', 'GET /flights/{flightId}'],
    ['GET', '/flights/today', 'GET /flights/today'],
    ['GET', '/flights/BA117/seats', 'GET /flights/{flightId}/seats'],
    ['GET', '/flights/BA117/seats/12A', 'ANY /{proxy+}'],
    ['GET', '/pets/a/b', 'GET /pets/{rest+}'],
    ['PUT', '/pets/a/b', 'ANY /{proxy+}'],
    ['GET', '/flights/', 'ANY /{proxy+}'],
    ['GET', '/', '$default'],
  ])('%s %s → %s', (method, path, routeKey) => {
    expect(keyFor(method, path)).toBe(routeKey);
  });

  test('no route, when none matches', () => {
    expect(
      keyFor(
        'DELETE',
        '/bookings',
        routes.filter(({ routeKey }) => routeKey === 'POST /bookings'),
      ),
    ).toBeUndefined();
  });
});

test('path parameters are decoded', () => {
  expect(matchRoute(routes, 'GET', '/flights/BA%20117%2F1/seats')?.pathParameters).toEqual({ flightId: 'BA 117/1' });
  expect(matchRoute(routes, 'GET', '/pets/a%20b/c')?.pathParameters).toEqual({ rest: 'a b/c' });
});

test.each(['FETCH /flights', 'GET flights', '/flights', 'GET /{proxy+}/more'])(
  '%s is not a valid route key',
  (routeKey) => {
    expect(() => validateRouteKey(routeKey)).toThrow('is not a route key');
  },
);

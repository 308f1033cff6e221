import { decode } from './http-payload.ts';

export interface Route {
  apiId: string;
  /** `GET /flights/{flightId}`, `ANY /{proxy+}` or `$default`. */
  routeKey: string;
  integrationId: string;
  /** @default everyone may call the route */
  authorizerId?: string;
}

export interface RouteMatch {
  route: Route;
  pathParameters: Record<string, string>;
}

/**
 * The most specific route for a request. HTTP APIs prefer, in this order:
 * - a full match, then a match of a greedy variable (`{proxy+}`), then `$default`;
 * - of two full matches, the one with a literal segment at the first place where they differ;
 * - the route with the request's method, then `ANY`.
 * @param path percent-encoded, as the client sent it
 */
export function matchRoute(routes: Iterable<Route>, method: string, path: string): RouteMatch | undefined {
  let best: (RouteMatch & { rank: string }) | undefined;
  for (const route of routes) {
    const match = matchOne(route, method, path.split('/'));
    if (match && (!best || match.rank < best.rank)) best = { route, ...match };
  }
  return best && { route: best.route, pathParameters: best.pathParameters };
}

/** @throws Error for a route key that an HTTP API would reject */
export function validateRouteKey(routeKey: string): void {
  if (routeKey === '$default') return;
  const [, path] = /^(?:ANY|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) (\/\S*)$/.exec(routeKey) ?? [];
  if (path === undefined)
    throw new Error(`${routeKey} is not a route key: it must be a method and a path, or $default`);
  const greedy = path.indexOf('+}');
  if (greedy >= 0 && greedy !== path.length - 2)
    throw new Error(`${routeKey} is not a route key: a greedy variable must come last`);
}

/** Of two matches, the one with the smaller `rank` is more specific. */
function matchOne(
  { routeKey }: Route,
  method: string,
  segments: string[],
): { pathParameters: Record<string, string>; rank: string } | undefined {
  if (routeKey === '$default') return { pathParameters: {}, rank: '9' };
  const [routeMethod, pattern] = routeKey.split(' ') as [string, string];
  if (routeMethod !== 'ANY' && routeMethod !== method) return undefined;

  const pathParameters: Record<string, string> = {};
  const parts = pattern.split('/');
  let rank = '';
  for (const [index, part] of parts.entries()) {
    const variable = /^\{(.+?)(\+?)\}$/.exec(part);
    const segment = segments[index];
    if (variable?.[2] === '+') {
      const rest = segments.slice(index).join('/');
      if (rest === '') return undefined;
      pathParameters[variable[1]!] = decode(rest);
      return { pathParameters, rank: `5${rank}2${routeMethod === 'ANY' ? 1 : 0}` };
    }
    if (segment === undefined) return undefined;
    if (!variable && decode(segment) !== part) return undefined;
    if (variable) {
      if (segment === '') return undefined;
      pathParameters[variable[1]!] = decode(segment);
    }
    rank += variable ? '1' : '0';
  }
  if (segments.length !== parts.length) return undefined;
  return { pathParameters, rank: `1${rank}${routeMethod === 'ANY' ? 1 : 0}` };
}

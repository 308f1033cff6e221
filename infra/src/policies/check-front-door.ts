import type { Finding } from './finding.ts';
import { type SynthesizedStack, textOf } from './synthesized-stack.ts';

/**
 * Checks that each route asks who is there, at least where the platform has an authorizer, or is public for a stated reason; and
 * that nobody can ask without limit.
 */
export function checkFrontDoor(stack: SynthesizedStack): Finding[] {
  const open = stack
    .resources('AWS::ApiGatewayV2::Route')
    .filter(([, route]) => route.AuthorizerId === undefined || (route.AuthorizationType ?? 'NONE') === 'NONE')
    .map(([logicalId, { RouteKey }]) =>
      stack.finding(logicalId, {
        id: `public-route ${textOf(RouteKey)}`,
        problem: `everyone may ask ${textOf(RouteKey)}, with or without an authorizer`,
        remedy: 'leave out publicBecause of its ApiFunction, or say there why the route is public',
      }),
    );
  const unlimited = stack
    .resources('AWS::ApiGatewayV2::Stage')
    .filter(([, { DefaultRouteSettings }]) => {
      const { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst } = (DefaultRouteSettings ?? {}) as Record<
        string,
        unknown
      >;
      return rate === undefined || burst === undefined;
    })
    .map(([logicalId]) =>
      stack.finding(logicalId, {
        id: 'unthrottled',
        problem: 'its routes take as many requests as the account does, and leave nothing to its other APIs',
        remedy: 'create the stage with throttle: { rateLimit, burstLimit }',
      }),
    );
  return [...open, ...unlimited];
}

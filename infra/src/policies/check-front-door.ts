import type { Finding } from './finding.ts';
import { type SynthesizedStack, textOf } from './synthesized-stack.ts';

/**
 * Checks that each route requires a login if the platform has an authorizer, unless the route is public for a stated
 * reason. Checks also that each stage is throttled.
 */
export function checkFrontDoor(stack: SynthesizedStack): Finding[] {
  const open = stack
    .resources('AWS::ApiGatewayV2::Route')
    .filter(([, route]) => route.AuthorizerId === undefined || (route.AuthorizationType ?? 'NONE') === 'NONE')
    .map(([logicalId, { RouteKey }]) =>
      stack.finding(logicalId, {
        id: `public-route ${textOf(RouteKey)}`,
        problem: `${textOf(RouteKey)} is public, even if the platform has an authorizer`,
        remedy: 'leave out publicReason of its ApiFunction, or state there why the route is public',
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
        problem: "its routes may use up the account's whole request rate, which its other APIs share",
        remedy: 'create the stage with throttle: { rateLimit, burstLimit }',
      }),
    );
  return [...open, ...unlimited];
}

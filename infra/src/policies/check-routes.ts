import type { Finding } from './finding.ts';
import { type SynthesizedStack, textOf } from './synthesized-stack.ts';

/** Checks that each route asks who is there, at least where the platform has an authorizer, or is public for a stated reason. */
export function checkRoutes(stack: SynthesizedStack): Finding[] {
  return stack
    .resources('AWS::ApiGatewayV2::Route')
    .filter(([, { AuthorizerId }]) => AuthorizerId === undefined)
    .map(([logicalId, { RouteKey }]) =>
      stack.finding(logicalId, {
        id: `public-route ${textOf(RouteKey)}`,
        problem: `everyone may ask ${textOf(RouteKey)}, with or without an authorizer`,
        remedy: 'leave out publicBecause of its ApiFunction, or say there why the route is public',
      }),
    );
}

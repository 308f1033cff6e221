import type { Finding } from './finding.ts';
import { type SynthesizedStack, textOf } from './synthesized-stack.ts';

/**
 * Checks that each route requires a login if the platform has an authorizer, unless the route is public for a stated
 * reason. Checks also that each stage is throttled, and that a stack never makes two changes of the API at once.
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
  return [...open, ...unlimited, ...checkOrder(stack)];
}

/** Each change of the API must come before or after every other one of its stack. */
function checkOrder(stack: SynthesizedStack): Finding[] {
  const changes = stack
    .resources()
    .filter(([, , type]) => type.startsWith('AWS::ApiGatewayV2::'))
    .map(([logicalId]) => ({ logicalId, before: stack.createdBefore(logicalId) }));
  return changes.flatMap((change, index) => {
    const rival = changes
      .slice(0, index)
      .findLast((other) => !change.before.has(other.logicalId) && !other.before.has(change.logicalId));
    if (!rival) return [];
    return [
      stack.finding(change.logicalId, {
        id: `concurrent-api-change ${rival.logicalId}`,
        problem:
          `CloudFormation may change it at the same time as ${rival.logicalId}: ` +
          'API Gateway refuses concurrent changes of one API with a ConflictException, and the deployment would fail',
        remedy: `create routes by ApiFunction, or let it depend on ${rival.logicalId}`,
      }),
    ];
  });
}

import { Aws, CfnCondition, Fn, Stack } from 'aws-cdk-lib';
import { EventBus, type IEventBus } from 'aws-cdk-lib/aws-events';
import { type CfnRoute, HttpApi, type HttpRoute, type IHttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { Topic, type ITopic } from 'aws-cdk-lib/aws-sns';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { noAuthorizer, parameterName } from './names.ts';
import { justify } from './policies/justify.ts';

/** The platform's bus. CloudFormation reads its name from an SSM parameter at deployment. */
export function platformBus(scope: Construct): IEventBus {
  const name = StringParameter.valueForStringParameter(scope, parameterName(scope, 'bus', 'name'));
  return EventBus.fromEventBusName(scope, 'Bus', name);
}

/** The platform's HTTP API. CloudFormation reads its id from an SSM parameter at deployment. */
export function platformApi(scope: Construct): IHttpApi {
  const httpApiId = StringParameter.valueForStringParameter(scope, parameterName(scope, 'api', 'id'));
  return HttpApi.fromHttpApiAttributes(scope, 'FrontDoor', { httpApiId });
}

/**
 * Requires a logged-in customer on the route, if the platform has an authorizer. CloudFormation reads the
 * authorizer's id from an SSM parameter at deployment. With a context value instead, a team that forgot the value
 * would make its routes public.
 */
export function requireCustomerLogin(route: HttpRoute): void {
  const stack = Stack.of(route);
  const authorizerId = StringParameter.valueForStringParameter(stack, parameterName(stack, 'api', 'authorizer-id'));
  const condition =
    (stack.node.tryFindChild('CustomersLogIn') as CfnCondition | undefined) ??
    new CfnCondition(stack, 'CustomersLogIn', {
      expression: Fn.conditionNot(Fn.conditionEquals(authorizerId, noAuthorizer)),
    });
  const resource = route.node.defaultChild as CfnRoute;
  resource.authorizationType = Fn.conditionIf(condition.logicalId, 'JWT', 'NONE').toString();
  resource.authorizerId = Fn.conditionIf(condition.logicalId, authorizerId, Aws.NO_VALUE).toString();
  justify(
    route,
    'AwsSolutions-APIG4',
    'The platform decides whether customers log in; cdk-nag cannot evaluate a condition that is resolved at deployment.',
  );
}

/** The name of the platform's schema registry. CloudFormation reads it from an SSM parameter at deployment. */
export function platformSchemaRegistry(scope: Construct): string {
  return StringParameter.valueForStringParameter(scope, parameterName(scope, 'schemas', 'registry'));
}

/** The platform's alarms topic. CloudFormation reads its ARN from an SSM parameter at deployment. */
export function platformAlarmsTopic(scope: Construct): ITopic {
  return Topic.fromTopicArn(
    scope,
    'AlarmsTopic',
    StringParameter.valueForStringParameter(scope, parameterName(scope, 'alarms', 'topic-arn')),
  );
}
